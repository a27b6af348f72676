"""“And at Anthropic?”: what a few words with a name or a role ask about, in the light of what was answered before."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.domain.lexicon import NAME, Lexicon, Term
from bot.domain.matching_text import PARTICULAR, Form, Sentence, Utterance, words
from bot.domain.quiz_content import with_article

LOOKED_BACK = 3  # answers before the last one, among which one may say who "they" are
FOLLOW_UP = 8  # words that a follow-up has at most
OF_ITS_OWN = 0.6  # substance of a word from which it asks something new
COMPLETE = 0.3  # the same in a whole question without a word that points back: "do engineers work from home?"
# "do they need one?", "does Meta handle it so?": what is asked was said before.
PRONOUNS = frozenset(
    {"it", "that", "this", "these", "those", "one", "ones", "so", "same", "they", "them", "their"}
    | {"he", "him", "his", "she", "her", "hers"}
)
ALSO = frozenset({"also", "too", "either", "else", "and", "or", "about"})  # "and how do engineers look?"
POINTS_BACK = frozenset({"question", "case", "situation", "thing"})  # "same question for Meta", "in the case of xAI"
BESIDE_A_NAME = 0.3  # substance of a word below which "and over at Anthropic?" asks about Anthropic and no more
# "and for a researcher?", "what about the ML engineers": nothing else may stand beside a role, which colleagues have.
BESIDE_A_ROLE = frozenset({"and", "or", "what", "how", "about", "for", "of", "with", "a", "an", "the", "then"})
# "this week", "in that room": when and where it is, which no answer has said before.
TIMES_AND_PLACES = frozenset(
    {
        "minute",
        "morning",
        "afternoon",
        "evening",
        "day",
        "week",
        "weekend",
        "month",
        "quarter",
        "year",
        "time",
        "sprint",
    }
    | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
    | {"channel", "workspace", "slack", "office", "building", "floor", "room", "company", "team"}
)
DEMONSTRATIVES = frozenset({"this", "that", "these", "those"})
SAYING = frozenset(
    {"decided", "decides", "says", "said", "say", "think", "thinks", "thought", "claims", "claimed", "believe"}
)
OPENING_WORDS = frozenset({"", "and", "but", "or", "why", "how", "if"})  # "so what about Meta?", "why so?"
# What follows "so" and "that" where these point at what was said: "did he think so at xAI?"
BEHIND_POINTING = frozenset({"", "at", "in", "for", "with", "then", "too", "is", "was", "way", "one", "much", "many"})
OPENINGS = (("and",), ("or",), ("what", "about"), ("how", "about"))  # elsewhere these words join two things
LEANING = PRONOUNS | ALSO.difference(*OPENINGS)
# "why?", "says who?": asks for more of what was said, and names nothing.
BARE = frozenset(
    {
        "never",
        "always",
        "why",
        "how",
        "so",
        "come",
        "though",
        "then",
        "since",
        "when",
        "who",
        "says",
        "really",
        "is",
        "that",
        "but",
    }
)
REASON = frozenset({"why", "how"})


# Those of whom a message speaks before it says "they", so that these are not who was spoken of above.
ANYBODY = frozenset(
    {"people", "engineer", "scientist", "company", "lab", "startup", "team", "manager", "recruiter", "role", "employer"}
)
ARTICLES = (["a"], ["an"], ["the"])
IT = frozenset({"it", "that", "this"})
RESEARCH = "research"  # in the name of a role
OBJECTS = IT | {"them", "these", "those"}
# "they say", "it is true that", "does it matter": of nobody that was named.
_SOMEBODY_SAYS = r"(?!\s+(?:say|says|said|tell|told|claim)\b)"
_NOTHING = (
    r"(?!\s+(?:is\s+|be\s+)?(?:really\s+|still\s+)?(?:true|right|possible|worth|likely|normal|matters?|seems?|depends?|"
    r"sounds?|looks?|helps?|makes sense|takes?)\b)"
)
_COMPARED = r"(?=\s+(?:all\s+|any\s+|really\s+)?(?:diff\w+|compare\w*|similar|(?:the\s+)?same|like|unlike|distinct)\b)"
_THEM = rf"they{_SOMEBODY_SAYS}|them|theirs?"
_COMPANY = re.compile(rf"\b(?:{_THEM}|there(?=\W*$)|its|it{_NOTHING})\b", re.IGNORECASE)
_ONE = "|".join(rf"(?<={verb}\s)one" for verb in ("become", "becoming", "be", "being", "hire", "grade", "does", "is"))
_ONE_OF_SEVERAL = re.compile(rf"\b(?:{_ONE})\b(?!\s+(?:at|in|that|who|of\s+my)\b)", re.IGNORECASE)
# "the difference between them", "how do the two differ?", in words whose spelling is mended
_THE_TWO = r"(?:them|they|these|those|both|each other|(?:the|these|those) (?:two|three|ones|roles|titles|jobs))"
_DIFFERENCE_OF_THEM = re.compile(
    r"(?:(?:and|so|but|ok|then|now) )*(?:"
    r"(?:(?:what|where|which|is) )?(?:(?:is|are|there|the|a|any|main|real|exact|big) )*"
    r"(?:differences?|distinction|different)"
    rf"(?: is there)?(?: (?:between|of|among|with|from) {_THE_TWO}(?: (?:two|three|of them))?)?"
    rf"|(?:how|in what way) (?:do|are|is|does) {_THE_TWO} (?:differ|different|compare)(?: from each other)?"
    rf"|are {_THE_TWO} (?:(?:really|even|so|any|that|very) )*(?:different|the same|alike|similar)"
    rf"|(?:compare|distinguish) {_THE_TWO}"
    rf"|how (?:do|can|should) (?:i|you|we|one) (?:distinguish|tell) {_THE_TWO}(?: apart)?"
    r")(?: (?:then|exactly|actually|again|really|please))*"
)
_PERSON = re.compile(r"\b(?:he|him|she|her(?!\s+\w+\s+(?:says?|said)\b)|(?P<owns>his|hers))\b", re.IGNORECASE)
# "and the science folks?": those whom a role names, as colleagues call them
_SCIENCE_PEOPLE = re.compile(
    r"\b(?:science|research)\s+(?:folks?|people|guys|crowd|types|side|lot|bunch|ones|persons?)\b", re.IGNORECASE
)
# "is he wrong?", "what did she say about it?": of somebody who is not named
_OF_PERSON = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay|then)\W+)*(?:(?:what|why|when|where|how|who|whom|which)"
    r"(?:\s+(?:else|exactly|on earth))?(?:['’]?s)?\s+)?"
    r"(?:is|was|did|does|do|has|had|will|would|can|could|should|about|told|asked)(?:n['’]?t)?\s+"
    r"(?:he|him|she|her|his|hers)\b.*",
    re.IGNORECASE,
)
# "I code, could I just slide into that?", whatever stands before it
_MOVES_INTO = re.compile(
    r"(?P<moves>\b(?:slid|mov|get|go|switch|transition|break|jump|step|shift|grow)\w*\s+(?:over\s+)?(?:in)?to\s+)"
    r"(?:it|that|this|them|one)\b(?=\W*$|\s+(?:from|as|with|without|by|if|too|then|later|now|at)\b)",
    re.IGNORECASE,
)
_ROLE = re.compile(rf"\b(?:{_THEM}|(?:it|that|this){_COMPARED}|{_ONE})\b", re.IGNORECASE)


class Subject(NamedTuple):
    """Whom a question is about: their name, and what points at them in a message below its answer.

    one: one of them, of a role; the name itself of a company.
    """

    name: str
    one: str
    pointed_at: re.Pattern[str]
    is_name: bool

    def put_into(self, utterance: str) -> str:
        """Give a message with the name in place of what points at it."""
        return self.pointed_at.sub(
            lambda pointing: self.one if pointing[0].casefold() == "one" else self.name, utterance
        )


def _subject(terms: Sequence[Term]) -> Subject | None:
    """Give the one company, person or role that a question is about; None if it is about several, or anybody."""
    names = {term.key: term.taken_for for term in terms if term.kind == NAME}
    if names:
        [name, *others] = names.values()
        return None if others else Subject(name, name, _COMPANY, is_name=True)
    roles = {term.key: term.taken_for for term in reversed(terms) if term.kind is not None}
    if len(roles) != 1 or any(term.key in ANYBODY for term in terms):
        return None
    [role] = roles.values()
    one = role.removesuffix("s")
    return Subject(f"{one}s", with_article(one), _ROLE, is_name=False)


def points_back(parsed: Utterance) -> bool:
    """Say whether the end of a message is a question of a few words about what was said before it: "who uses it?"."""
    if not parsed.sentences or parsed.called or parsed.about_you:
        return False
    sentence = parsed.sentences[-1]
    leans = is_bare(parsed) or _leans(sentence.words)
    return leans and len(sentence.words) <= FOLLOW_UP and sentence.form is not Form.STATEMENT


def moves_into(utterance: str) -> bool:
    """Say whether somebody wants to get into what was said before it: "I code, could I just slide into that?"."""
    return _MOVES_INTO.search(utterance) is not None


def says_whom(utterance: str) -> bool:
    """Say whether a message that can be put in full has to be: "could I move into that?", "is he still at Meta?"."""
    return moves_into(utterance) or _PERSON.search(utterance) is not None


def with_names_of_roles(utterance: str) -> str:
    """Give a follow-up of a few words with the name of the role for what people call those who have it."""
    return _SCIENCE_PEOPLE.sub("research scientists", utterance)


def asks_of_person(utterance: str) -> bool:
    """Say whether a few words ask about "him" or "her", and name nobody before that: "is he wrong?"."""
    return len(utterance.split()) <= FOLLOW_UP and _OF_PERSON.fullmatch(utterance) is not None


def _moved_into(utterance: str, subject: Subject) -> str:
    """Put a question on how to get into a role in full; with what somebody does today, if the role is one of research.

    Whatever else is said of that, entries tell of the way into research alone.
    """
    if RESEARCH in subject.one:
        return _MOVES_INTO.sub(lambda moving: moving["moves"] + subject.name, utterance)
    return f"How do I become {subject.one}?"


def _leans(words: Sequence[str]) -> bool:
    """Say whether a sentence needs what was said before it: it begins with "and", or has "it" or "also" in it."""
    if any(tuple(words[: len(opening)]) == opening for opening in OPENINGS):
        return True
    return any(
        word in LEANING
        and not (word in DEMONSTRATIVES and following in TIMES_AND_PLACES)
        and not _only_joins(before, word, following)
        for before, word, following in zip(["", *words[:-1]], words, [*words[1:], ""], strict=True)
    )


def _only_joins(before: str, word: str, following: str) -> bool:
    """Say whether "so" or "that" points at nothing that was said: "why is it so slow", "who decided that GPUs are"."""
    if word == "so":
        return before not in OPENING_WORDS and following not in BEHIND_POINTING
    return word == "that" and before in SAYING and following not in BEHIND_POINTING


def is_bare(parsed: Utterance) -> bool:
    """Say whether a message asks no more than why, or who says so: whatever it is about was said before it."""
    return bool(parsed.sentences) and all(BARE.issuperset(sentence.words) for sentence in parsed.sentences)


def asks_for_difference(parsed: Utterance) -> bool:
    """Say whether a message asks for the difference between two that it does not name: "and how do they differ?"."""
    if len(parsed.sentences) != 1:
        return False
    return _DIFFERENCE_OF_THEM.fullmatch(" ".join(parsed.sentences[0].words)) is not None


def asks_why(parsed: Utterance) -> bool:
    """Say whether a message asks why and no more: "why?", "how come?"; "really?" does not."""
    return is_bare(parsed) and any(not REASON.isdisjoint(sentence.words) for sentence in parsed.sentences)


class FollowUps:
    """Reads follow-ups; questions: of all entries by their ids. persons: whom “he” below an answer means, by entry."""

    def __init__(
        self, lexicon: Lexicon, questions: Mapping[str, Sentence], persons: Mapping[str, str] | None = None
    ) -> None:
        self._lexicon = lexicon
        self._persons = persons or {}
        terms_of_persons = [term for person in self._persons.values() for term in self._terms_of_text(person)]
        self._names_of_persons = {term.key for term in terms_of_persons if term.kind == NAME}
        self._questions = questions
        terms_by_entry = {entry: lexicon.terms(question.words, question.typed) for entry, question in questions.items()}
        self._about: dict[str, str] = {}  # by name, the entry about it: the first whose question names nobody else
        for entry, terms in terms_by_entry.items():
            names = {term.key for term in terms if term.kind == NAME}
            if len(names) == 1:
                self._about.setdefault(names.pop(), entry)
        self.of_names = frozenset(self._about.values())
        self._of_role: dict[str, str] = {}  # by role, the entry about it: the first whose question has no other
        self._defining: dict[str, str] = {}  # by role, the entry that asks what it is, and no more
        self._named: dict[str, set[str]] = {}  # by entry, the names and roles in its question
        for entry, terms in terms_by_entry.items():
            named = [term.key for term in terms if term.kind is not None]
            self._named[entry] = set(named)
            if len(set(named)) == 1:
                self._of_role.setdefault(named[0], entry)
                if all(term.kind != NAME if term.kind else term.substance < OF_ITS_OWN for term in terms):
                    self._defining.setdefault(named[0], entry)
        self._subjects: dict[str, Subject] = {}  # by entry, whom its question is about, if that is one role or company
        for entry, terms in terms_by_entry.items():
            if subject := _subject(terms):
                self._subjects[entry] = subject
        self._of_several = {entry for entry, named in self._named.items() if len(named) > 2}
        # Those beside which there may be one that compares two roles.
        self.of_roles = frozenset(self._of_several.union(self._of_role.values()))

    def in_full(self, utterance: str, after: str) -> str | None:
        """Give a question about "them", "it" or "him" with the name of whom the entry `after` is about in its place.

        None if it says neither, as in "is it true that ...", or if these may be somebody whom the message names before.
        """
        subject = self._subjects.get(after)
        if after in self._persons and _PERSON.search(utterance):
            return self._of_person(utterance, self._persons[after])
        if subject is not None and not subject.is_name and moves_into(utterance):
            return _moved_into(utterance, subject)
        if subject is None or (pointing := subject.pointed_at.search(utterance)) is None:
            return None
        before, behind = utterance[: pointing.start()], utterance[pointing.end() :]
        if any(term.kind or term.key in ANYBODY for term in self._terms_of_text(before)):
            return None
        kinds = {term.kind for term in self._terms_of_text(behind)} - {None}
        if NAME in kinds and (subject.is_name or pointing[0].casefold() in IT):
            return None  # "is it the same at Meta?"
        return subject.put_into(utterance)

    def difference_in_full(self, parsed: Utterance, after: str) -> str | None:
        """Give "the difference between them?" with the names of those whom the entry `after` is about.

        None if the message asks something else, or that entry is about less than two.
        """
        if not asks_for_difference(parsed):
            return None
        question = self._questions[after]
        roles = {term.key: term.taken_for for term in self._terms(question) if term.kind not in (None, NAME)}
        names = [role.removesuffix("s") for role in roles.values()]
        return f"What is the difference between {' and '.join(names)}?" if len(names) > 1 else None

    def _of_person(self, utterance: str, person: str) -> str | None:
        """Give a question about "him" with the name of a person in place of that; None if it names somebody itself."""
        if any(term.key in self._names_of_persons for term in self._terms_of_text(utterance)):
            return None
        return _PERSON.sub(lambda pronoun: f"{person}’s" if pronoun["owns"] else person, utterance)

    def asks_of_one(self, utterance: str, after: str) -> bool:
        """Say whether a message asks about one role without its name, and the entry `after` is about several."""
        names_role = any(term.kind for term in self._terms_of_text(utterance))
        return len(self._named.get(after, ())) > 1 and not names_role and bool(_ONE_OF_SEVERAL.search(utterance))

    def about_bare_name(self, parsed: Utterance) -> str | None:
        """Give the entry about the one name that a message says nothing besides; None if it says more."""
        return self._about.get(_bare_name(parsed, self._terms(parsed.sentences[-1])) or "")

    def asks_of_whom(self, utterance: str, after: str) -> bool:
        """Say whether a message asks about "them", and the entry `after` is about nobody, nor about several.

        Below the answer on who needs a PhD, "are they paid more?" asks about those who were spoken of before.
        """
        is_open = after not in self._subjects and len(self._named.get(after, ())) <= 1
        return is_open and _ROLE.search(utterance) is not None

    def leant_on(self, utterance: str, answered: Sequence[str]) -> str | None:
        """Give the entry that a message leans on, of those that were answered before it, the latest first.

        It is the latest, or for a question about "them" the one that says who they are; None if nothing was answered.
        """
        spoken_of = next((entry for entry in answered if not self.asks_of_whom(utterance, entry)), None)
        if spoken_of is not None and self.in_full(utterance, spoken_of) is not None:
            return spoken_of
        return answered[0] if answered else None

    def same_of_names(self, parsed: Utterance, entry: str) -> list[str]:
        """Give the entries that ask what this one asks, each of a name in a message, in the message's order.

        "How do DeepMind and Meta organise it?": the entry about DeepMind and that about Meta; "not Amazon, Microsoft:
        how do they do it?": that about Microsoft. None where the message does not name what this one is about.
        """
        asked = self._without_names(entry)
        named = [term.key for term in self._asked_of(parsed) if term.kind == NAME]
        about = [self._about[name] for name in dict.fromkeys(named) if name in self._about]
        set_aside = {about for name, about in self._about.items() if name not in named and self._names(parsed, name)}
        return [same for same in about if self._without_names(same) == asked] if entry in {*about, *set_aside} else []

    def _names(self, parsed: Utterance, name: str) -> bool:
        return any(term.key == name for sentence in parsed.sentences for term in self._terms(sentence))

    def comparing(self, parsed: Utterance, entry: str) -> frozenset[str]:
        """Give the entries whose questions name just what a message names, where this one is about one of it, or more.

        "What does an applied scientist do that a research scientist does not?": of the entry about applied scientists
        it is the one that compares the two; and so it is of one that compares three roles.
        """
        named = {term.key for sentence in _asking(parsed) for term in self._terms(sentence) if term.kind is not None}
        of_one = any(self._of_role.get(name) == entry for name in named)
        if len(named) < 2 or not (of_one or entry in self._of_several):
            return frozenset()
        return frozenset(other for other, names in self._named.items() if names == named)

    def apart(self, parsed: Utterance, entry: str) -> list[str]:
        """Give the entries about two roles that a message names, in its order, where none compares just these.

        "How does an applied scientist differ from a data scientist?". None unless this entry is about one of the two
        alone, or compares one of them with a role that the message does not name.
        """
        named = list(dict.fromkeys(term.key for term in self._asked_of(parsed)))
        about = [self._defining[name] for name in named if name in self._defining]
        if len(named) != 2 or len(about) != 2 or set(named) in self._named.values():
            return []
        others = self._named[entry] - set(named)
        compares = len(self._named[entry]) == 2 and len(others) == 1
        return about if entry in about or compares else []

    def with_left_out(self, parsed: Utterance, entry: str) -> list[str]:
        """Give an entry that compares roles, and the one about the only role that it leaves out of three or more.

        "Compare a research scientist, a research engineer and an applied scientist": none compares just these, and one
        that has another in place of the third would be taken for it. None where it leaves out none, or several.
        """
        named = {term.key for term in self._asked_of(parsed) if term.kind not in (None, NAME)}
        compared = named & self._named[entry]
        left_out = named - compared
        if len(compared) < 2 or len(left_out) != 1:
            return []
        about = self._defining.get(left_out.pop())
        return [entry, about] if about else []

    def _asked_of(self, parsed: Utterance) -> list[Term]:
        """Give the names and roles that a message asks about, in its order, without those it sets aside: "not Meta"."""
        asked_of = list[Term]()
        for sentence in _asking(parsed):
            terms = self._terms(sentence)
            for at, term in enumerate(terms):
                before = [earlier.key for earlier in terms[max(0, at - 2) : at]]
                is_set_aside = before[-1:] == ["not"] or (before[:1] == ["not"] and before[1:] in ARTICLES)
                if term.kind is not None and not is_set_aside:
                    asked_of.append(term)
        return asked_of

    def _without_names(self, entry: str) -> list[str]:
        return [term.key for term in self._terms(self._questions[entry]) if term.kind != NAME]

    def kinds(self, sentence: Sentence) -> frozenset[str]:
        """Give the kinds of names and roles in a sentence that is short enough to be a follow-up."""
        if len(sentence.words) > FOLLOW_UP:
            return frozenset()
        return frozenset(term.kind for term in self._terms(sentence) if term.kind is not None)

    def about_role(self, parsed: Utterance) -> str | None:
        """Give the entry about the role that the end of a message names; None if it names none, or anything else."""
        named = {term.key for term in self._terms(parsed.sentences[-1]) if term.kind is not None}
        return self._of_role.get(named.pop()) if len(named) == 1 else None

    def readings(self, parsed: Utterance, after: str) -> list[tuple[str | None, Sequence[Term]]]:
        """Read the end of a message as the question before, with its own name or role in the place of the old one.

        after: the entry that was answered before. Gives what is asked for ("who", "amount", ...) and the terms; nothing
        for what is no follow-up, or is a question of its own: it says something that the question before does not say,
        or asks who, when or how many, as that does not. Where it says no more than a name or a role, it is also read as
        the question of the entry about whom that names; and as that alone, where the question before names nobody:
        after "which companies are flat?" the same would be said again.
        """
        sentence = parsed.sentences[-1]
        kinds = self.kinds(sentence)
        if after not in self._questions or not kinds:
            return []
        terms, previous_terms = self._terms(sentence), self._terms(self._questions[after])
        if any(term.kind == NAME and of.key in OBJECTS for term, of in pairwise(terms)):  # "just google it"
            return []
        if _stands_alone(sentence, terms, self._questions[after], previous_terms):
            return []
        unchanged = {after: [term for term in previous_terms if term.kind not in kinds]}
        about = self._about.get(_bare_name(parsed, terms) or "")
        of_role = self._of_role.get(_bare_role(parsed, terms) or "") if about is None else None
        named = about or of_role
        if named is not None and named != after and len(unchanged[after]) == len(previous_terms):
            del unchanged[after]
        if about is not None and about != after:
            unchanged[about] = [term for term in self._terms(self._questions[about]) if term.kind != NAME]
        readings: list[tuple[str | None, Sequence[Term]]] = [
            (self._questions[entry].asks, [*rest, *terms]) for entry, rest in unchanged.items()
        ]
        if of_role is not None and of_role != after:
            question = self._questions[of_role]
            readings.append((question.asks, self._terms(question)))
        return readings

    def _terms_of_text(self, text: str) -> Sequence[Term]:
        """Read the words of a text, or of a part of one, as terms, whatever its sentences are."""
        spelt = words(text)
        return self._lexicon.terms(spelt, spelt)

    def _terms(self, sentence: Sentence) -> Sequence[Term]:
        return self._lexicon.terms_of_message(sentence.words, sentence.typed)


def _asking(parsed: Utterance) -> Sequence[Sentence]:
    """Give the sentences of a message that ask something, or all if none does: "I left DeepMind" asks nothing."""
    return [sentence for sentence in parsed.sentences if sentence.form is Form.QUESTION] or parsed.sentences


def _stands_alone(sentence: Sentence, terms: Sequence[Term], before: Sentence, previous_terms: Sequence[Term]) -> bool:
    """Say whether a few words with a name or a role ask something else than the question before them did."""
    if sentence.asks in PARTICULAR and sentence.asks != before.asks:
        return True
    previous_keys = {term.key for term in previous_terms} | POINTS_BACK
    whole = sentence.form is Form.QUESTION and (PRONOUNS | ALSO).isdisjoint(sentence.words)
    enough = COMPLETE if whole else OF_ITS_OWN
    return any(term.kind is None and term.substance >= enough and term.key not in previous_keys for term in terms)


def _bare_name(parsed: Utterance, terms: Sequence[Term]) -> str | None:
    """Give the key of the one name that a follow-up asks about, if it says nothing besides and speaks to nobody."""
    sentence = parsed.sentences[-1]
    if sentence.form is Form.STATEMENT or sentence.asks in PARTICULAR or parsed.about_you or parsed.called:
        return None
    kinds = {term.kind for term in terms} - {None}
    names = {term.key for term in terms if term.kind == NAME}
    rest = max((term.substance for term in terms if term.kind is None), default=0.0)
    return names.pop() if kinds == {NAME} and len(names) == 1 and rest < BESIDE_A_NAME else None


def _bare_role(parsed: Utterance, terms: Sequence[Term]) -> str | None:
    """Give the key of the one role that a follow-up asks about, if it says nothing besides and speaks to nobody."""
    sentence = parsed.sentences[-1]
    if sentence.form is Form.STATEMENT or parsed.called:
        return None
    named = {term.key for term in terms if term.kind is not None}
    others = {term.key for term in terms if term.kind is None}
    return named.pop() if len(named) == 1 and others <= BESIDE_A_ROLE else None
