"""An answer in somebody's own words: which choices of a question it may mean, and whether it asks something instead."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process, utils

from bot.domain.quiz_content import HasChoices, Option, Quiz

MAYBE = 58  # token_set_ratio in [0, 100] from which on a choice is worth a "did you mean"
MOST_GUESSES = 2
SAME_WORD = 75  # fuzz.ratio of a word with a typo or another ending
SHORT = 4  # letters; in less, a letter wrong makes another word
SHORTEST = 3  # letters of a wording that is looked for within a sentence
TYPOS = 70  # fuzz.ratio of a wording full of typos, no word of which need be the same
SURELY_SAME = 82  # the same, where nothing but words in common tells what a text means
TOLD = 1 / 4  # of the words of such a text, how many have to be the choice's
DISTINCT = 1 / 2  # what words in common with a choice must weigh, each of them by one over how many choices have it

# Words that say nothing about the subject of a sentence.
_FUNCTION_WORDS = """
a about all also always am an and any are as at be been but by can do does for from get go going good guess have i if in
into is it its just kind like lot lots m make mainly me more most mostly much my no of often on one or other our out
quite rather re really s say so some sort such t than that the their them then there they thing things think this those
time something to up us usually ve very we what when where which while will with work would you your
"""
SMALL_WORDS = frozenset(_FUNCTION_WORDS.split())
_ASKING = re.compile(
    r"\?\s*$|^\s*(?:what|why|how|who|which|when|where|is|are|do|does|can|could|should)\b", re.IGNORECASE
)
# "rolefit, titles at OpenAI", "tell me about levels"
_TO_THE_BOT = re.compile(
    r"^\s*(?:(?:hey|hi|hello|ok)\s+)?(?:@?rolefit\b|<@\w+>)"
    r"|^\s*(?:please\s+)?(?:tell me|explain|describe|compare|define|difference|i (?:want|would like) to know)\b",
    re.IGNORECASE,
)
# "how many experiments we can run": what such a clause says is no question, whose verb comes before the subject.
_CLAUSE = re.compile(
    r"^\s*(?:how|what|which|where|when|why)\b[^?]*\b(?:i|we|you|they|it|people|others|users|researchers|customers)\s+"
    r"(?:can|could|will|would|do|did|have|are|is)\b"
    # "how fast the team ships", "how well a model holds up"
    r"|^\s*how\s+(?:fast|quick(?:ly)?|soon|often|well|many|much|reliabl[ey]|cheap(?:ly)?|long|good)\s+"
    r"(?:the|a|an|our|my|their|its|each|every|one)\b(?!.*\?)",
    re.IGNORECASE,
)
# "will I be paid less": a verb before its subject, which an answer such as "will hold up" has not
_VERB_FIRST = re.compile(
    r"^\s*(?:(?:whats|hows|whos|wheres|whens|whys)\b"
    r"|(?:will|would|am|did|shall|might|may|must|was|were|has|have|had|isn['’]?t|aren['’]?t|don['’]?t|doesn['’]?t|won['’]?t)\s+"
    r"(?:i|we|you|they|it|this|that|there|he|she|anybody|anyone|somebody|someone)\b"
    r"|(?:why|what|how|when|where|which)\s+(?:should|can|could|do|did|would|shall|must)\s+(?:i|we|you|they)\b)",
    re.IGNORECASE,
)
_OF_ONESELF = re.compile(r"\b(?:i|i['’]\w+|me|my|mine|we|we['’]\w+|us|our|ours)\b", re.IGNORECASE)
_AT_A_COMPANY = re.compile(
    r"\s*(?:[\w/-]+\s+){1,3}at\s+(?!(?:the|an?|our|scale|night|once|least|most|all|work|home|last|any)\b)\w+(?:\s\w+)?[\s.!]*",
    re.IGNORECASE,
)
_NAMES_ROLES = frozenset({"title", "titles", "role", "roles"})


def is_put_as_question(text: str) -> bool:
    """Return whether a text ends with a question mark, or begins as a question does."""
    return _ASKING.search(text) is not None


def asks(text: str) -> bool:
    """Return whether a text is put as a question, or to the bot."""
    if _TO_THE_BOT.search(text) or _VERB_FIRST.match(text):
        return True
    return is_put_as_question(text) and ("?" in text or not _CLAUSE.match(text))


def asks_about_roles(text: str, quiz: Quiz) -> bool:
    """Return whether a text that is not put as a question is one all the same: "salary of a research scientist".

    It names a role or a title then, and who says so does not speak of their own work.
    """
    typed = f" {utils.default_process(text)} "
    names = {*_NAMES_ROLES, *(utils.default_process(role.name) for role in quiz.roles)}
    names |= {title.replace("-", " ") for role in quiz.roles for title in role.titles}
    return not _OF_ONESELF.search(text) and any(f" {name} " in typed or f" {name}s " in typed for name in names)


def is_at_a_company(text: str) -> bool:
    """Return whether a text names something and where: "levels at Meta", which may be a question."""
    return not _OF_ONESELF.search(text) and _AT_A_COMPANY.fullmatch(text) is not None


# "I am an ML engineer": who says so speaks of their own work; who says what they want or lead may not
_SAYS_WHAT_THEY_ARE = re.compile(
    r"\s*(?:(?:hi|hello|hey|well|so|ok|okay|currently)\b[\s,]*)*"
    r"(?:i\s+am|i['’]?m|i\s+work\s+as|i['’]ve\s+been|my\s+(?:title|job|role)\s+is)\s+(?:currently\s+|just\s+)?an?\s+"
    r"(?:[\w/-]+\s+){0,4}[\w/-]+(?:\s+at\s+(?:an?\s+)?\w+(?:\s\w+)?)?[\s.!]*",
    re.IGNORECASE,
)
_OF_OTHERS_TOO = re.compile(
    r"\b(?:manag\w+|lead\w*|head|director|vp|cto|ceo|founder|hir\w+|recruit\w*|team|hr|fill\w*|role|vacanc\w+|opening"
    r"|not|boss|supervis\w+|people|bit|few|beginner|fan|mess|bot|human|person|little)\b",
    re.IGNORECASE,
)


def says_what_they_are(text: str) -> bool:
    """Return whether a text says what somebody does themselves: "I am an ML engineer", and not "I am a team lead"."""
    return _SAYS_WHAT_THEY_ARE.fullmatch(text) is not None and not _OF_OTHERS_TOO.search(text)


# "what did Ana answer?", "can I see her answers?": of who answers about the same work
_WHOSE = r"(?:she|he|they|my colleague|<@\w+>|(?!i\b|we\b|you\b)\w[\w.'’-]*(?:\s\w[\w.'’-]*)?)"
_THEIRS = r"(?:her|his|their|my colleague['’]?s|<@\w+>['’]?s|\w+['’]s)"
_WHERE = r"(?:\s+(?:to|for|in|at|on|about|here|there|so far|yet|this|that|it|the|first|last|one|question|number|\d))*"
_ANSWERS_OF_OTHER = re.compile(
    rf"(?:(?:and|so|but)\s+)?(?:(?:what|how|which(?:\s+one)?)\s+(?:did|has|have|does|do)\s+{_WHOSE}\s+"
    r"(?:answer(?:ed)?|say|said|pick(?:ed)?|choose|chose|chosen|put|type|typed|select(?:ed)?|reply|replied)"
    rf"|(?:what\s+(?:is|are|was|were)|(?:can|may|could)\s+i\s+see|show\s+me)\s+{_THEIRS}\s+(?:answers?|choices?)"
    rf"){_WHERE}\s*[?.!]*",
    re.IGNORECASE,
)
_BY_PRONOUN = re.compile(r"\b(?:she|he|they|her|his|their|my colleague)\b", re.IGNORECASE)


def asks_for_other_answers(text: str, *, answerable: bool) -> bool:
    """Return whether a text asks what the other of two has answered about the same work.

    answerable: whether the FAQ has an answer to it, as to "what did Musk say?"; then it counts only with a pronoun.
    """
    return bool(_ANSWERS_OF_OTHER.fullmatch(text) and (not answerable or _BY_PRONOUN.search(text)))


# "dashboards for the sales team", "reports for our customers": for whom something is says nothing of what it is. That
# something stays up "for customers", whoever they are, does.
_DETERMINERS = r"(?:the|our|my|their|a|all|other|some|various|different)"
_FOR_WHOM = re.compile(
    rf"\s+(?:for|to|with|by)\s+(?:(?:{_DETERMINERS}\s+){{0,2}}(?:[\w-]+\s+){{0,2}}"
    r"(?:teams?|people|folks|departments?|org|company|colleagues|management|managers?|leadership|stakeholders)"
    rf"|(?:{_DETERMINERS}\s+){{1,2}}(?:[\w-]+\s+){{0,2}}(?:business|users|customers|clients))[\s.!]*$",
    re.IGNORECASE,
)


def guesses(text: str, question: HasChoices) -> tuple[str, ...]:
    """Name the choices that somebody's own words may mean, likeliest first."""
    typed = utils.default_process(text)
    if len(typed) < SHORT:
        return ()
    what = utils.default_process(_FOR_WHOM.sub("", text))
    typed = what if telling_words(what) else typed
    shared = _in_common(typed, question, SAME_WORD)
    alike = [
        choice.id
        for score, choice in scored(typed, question)[:MOST_GUESSES]
        if score >= MAYBE and (shared[choice.id] or not telling_words(typed) or score >= TYPOS)
    ]
    if alike:
        return _with_words_of_their_own(typed, alike, question)
    shared = _in_common(typed, question, SURELY_SAME)
    most = max(shared.values())
    enough = max(DISTINCT, len(telling_words(typed)) * TOLD)
    best = [name for name, weight in shared.items() if weight == most >= enough]
    return tuple(best) if len(best) <= MOST_GUESSES else ()


def _with_words_of_their_own(typed: str, alike: Sequence[str], question: HasChoices) -> tuple[str, ...]:
    """Leave out the choice whose every word in a text is another's, too, which has more: what speaks for it is less.

    Of "a sprint or two, sometimes a quarter" the years have "two", the weeks all but "sometimes".
    """
    vocabularies = {choice.id: _words((choice.label, *choice.says)) for choice in question.choices}
    telling = frozenset(telling_words(typed))
    has = {name: {word for word in telling if _has(vocabularies[name], word, SURELY_SAME)} for name in alike}
    return tuple(name for name in alike if not any(has[name] < has[other] for other in alike))


def hinted(text: str, question: HasChoices) -> Option | None:
    """Find the one choice whose words a text has, such as "ml"; None where another has as many of them."""
    shared = _in_common(utils.default_process(text), question, SURELY_SAME)
    most = max(shared.values())
    best = [choice for choice in question.choices if shared[choice.id] == most >= DISTINCT]
    return best[0] if len(best) == 1 else None


def _in_common(typed: str, question: HasChoices, cutoff: float) -> dict[str, float]:
    """Weigh the words that a text has in common with each choice: those that tell it from others the most.

    cutoff: the least fuzz.ratio of two words that count as the same; one of less than SHORT letters has to be the same.
    """
    of_choices = {choice.id: _words((choice.label, *choice.says)) for choice in question.choices}
    weights = dict.fromkeys(of_choices, 0.0)
    for word, times in Counter(telling_words(typed)).items():
        having = [name for name, vocabulary in of_choices.items() if _has(vocabulary, word, cutoff)]
        for name in having:
            weights[name] += times / len(having)
    return weights


def _has(vocabulary: frozenset[str], word: str, cutoff: float) -> bool:
    if len(word) < SHORT:
        return word in vocabulary
    return process.extractOne(word, vocabulary, scorer=fuzz.ratio, score_cutoff=cutoff) is not None


def says_something(text: str) -> bool:
    """Return whether a text has words of some subject: "all of it" and "a lot" have none."""
    return bool(telling_words(utils.default_process(text)))


def telling_words(typed: str) -> list[str]:
    """Give the words of a text, in lower case and without signs, that are no small ones."""
    return [word for word in typed.split() if word not in SMALL_WORDS]


@lru_cache(maxsize=256)
def _words(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for text in texts for word in telling_words(utils.default_process(text)))


def is_about(typed: str, choice: Option) -> bool:
    """Say whether at least half of what a text says is in the wordings of a choice.

    That all words of a wording are in the text is not enough: "incident in production, brb" is not about production.
    """
    vocabulary = {word for text in (choice.label, *choice.says) for word in utils.default_process(text).split()}
    telling = telling_words(typed)
    shared = sum(
        process.extractOne(word, vocabulary, scorer=fuzz.ratio, score_cutoff=SAME_WORD) is not None for word in telling
    )
    return shared >= len(telling) / 2


def is_only(typed: str, choice: Option) -> bool:
    """Say whether a text has no word but small ones and those of a choice: "a PhD", and not "nice, I have a PhD"."""
    return frozenset(telling_words(typed)) <= _words((choice.label, *choice.says))


def is_in_wordings(word: str, quiz: Quiz) -> bool:
    """Return whether a word, or one of some, is one that the choices of a quiz are worded with."""
    asked = (quiz.purpose, *quiz.all_questions)
    texts = (text for question in asked for choice in question.choices for text in (choice.label, *choice.says))
    wordings = {part for text in texts for part in utils.default_process(text).split()}
    return not wordings.isdisjoint(utils.default_process(word).split())


def scored(typed: str, question: HasChoices) -> list[tuple[float, Option]]:
    """Give how near the wordings of each choice come to a text, in [0, 100], the nearest first."""
    return sorted(
        ((max(_alike(typed, text) for text in (choice.label, *choice.says)), choice) for choice in question.choices),
        key=lambda pair: -pair[0],
    )


def _alike(typed: str, text: str) -> float:
    """Compare two texts in [0, 100]: by their common words, or as whole strings if that gives more, as with many typos.

    A wording of two letters, such as "me", says nothing as one of many words.
    """
    text = utils.default_process(text)
    whole = fuzz.ratio(typed, text)
    return whole if len(text) < SHORTEST else max(fuzz.token_set_ratio(typed, text), whole)
