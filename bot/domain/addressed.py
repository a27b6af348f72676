"""“Ana, how do you decide that?”: whom a message speaks to by name, where people talk with each other."""

import re
from collections.abc import Callable, Iterable, Iterator
from unicodedata import normalize

MOST_READ = 500  # characters of a message in which somebody is called to whom only the bot listens
# What may stand before a name, and what stands where a name would and is none.
_OPENING = (
    r"(?:(?:hi|hiya|hey|hello|dear|ok|okay|so|and|but|thanks|thank you|thx|sorry|morning|good morning|yes|no|sure"
    r"|agreed|right|well|oh|nice|great|interesting)\b[\s,!.:]*)*"
)
_OPENING_WORDS = """
a after afternoon again agreed ah aha alas all alright also although always amazing an and any anybody anyhow anyone
anyway anyways are as at awesome background based basically because besides bonus boss bot bro but by
channel cheers colleagues companies compared congrats congratulations context cool correct crew curious damn dear
depends did do does dude dumb each edit eh either else engineers ever evening every everybody everyone everything
example excellent explain false fantastic fine first folks for forget friends from fun further furthermore fyi gang gee
geez genuine gents given god gosh great greetings guess guys haha hallo he heads hello help hence here hey hi hint hiya
hm hmm hola honest how however i idea if imho imo in indeed instead interesting is issue it jeez just last lately later
likewise lol long man managers mate maybe meanwhile moreover morning never nevertheless next nice no nobody nonetheless
nope not note now obvious of off often oh ok okay omg on once one oops opinions or otherwise ouch out over overall
people perfect perhaps please poll problem psa question questions quick random rather re recruiters reminder request
researchers right rolefit same say scientists second seriously she short since slack so some somebody someone
sometimes soon sorry still sup suppose sure survey team tell thanks that the then there therefore they third this
though thoughts thread thus tldr to today together tomorrow topic true uh um under until up update us very wait we
welcome well what whatever when where whereas which while who whoa whom why with wow wrong yay yeah yep yes yesterday
yet yo you your yup buddy pal friend sir loads heaps millions
monday tuesday wednesday thursday friday saturday sunday
academia bsc degree industry intern interns manager master masters msc phd phds postdoc postdocs python research science
street university
"""
_COMPANIES = """
adobe airbnb alibaba alphabet amazon anthropic apple atlassian baidu bloomberg booking bosch bytedance canva cerebras
chatgpt cisco citadel cohere copilot databricks deepmind deepseek facebook gemini github google groq huawei ibm
instagram intel klarna linkedin llama meta microsoft midjourney mistral netflix nvidia openai oracle palantir
perplexity pfizer pinterest qualcomm reddit roche runway salesforce samsung sap shopify siemens snap snowflake sony
spotify stripe tencent tesla tiktok twitter uber waymo xai youtube zalando zoom
"""
_NO_NAMES = frozenset((*_OPENING_WORDS.split(), *_COMPANIES.split()))
_NAMES_IN_LY = frozenset(["billy", "carly", "emily", "holly", "kelly", "lily", "molly", "polly", "sally", "wally"])
_ONE = r"[^\W\d_]{2,}(?:[-’'][^\W\d_]{2,})*"
_NAME = rf"({_ONE}(?:\s+(?![a-z]){_ONE})?)"
_COMMA = re.compile(rf"\W*(?i:{_OPENING}){_NAME}\s*[,:–—-]+\s")
# "Ana how do you decide?"
_BARE = re.compile(
    rf"\W*(?i:{_OPENING}){_NAME}\s+(?:how|what|why|which|who|where|when|do|did|are|were|can|could|would|will|have)"
    r"\s+(?:\w+\s+){0,2}(?:you|your)\b"
)
# "thanks Mei, see you then", "Hi Mei", and not "thanks, Mei", which may be signed
_COURTEOUS = re.compile(
    r"\W*(?:(?i:ok|okay|great|perfect|cool|sure|yes|oh)\b[\s,!.]*)*"
    r"(?i:hi|hiya|hey|hello|dear|thanks(?: so much| a lot| again)?|thank you(?: so much| very much| again)?|thx|cheers"
    r"|(?:good )?morning|good (?:afternoon|evening)|(?:bye[\s-])?bye|goodbye|see you|see ya|congrats|sorry)\s+"
    rf"{_NAME}\s*(?:[,;:.!?–—-]|$)"
)
# "Slides, do you count those?": of what stands before the comma it is asked whether it counts.
_OF_WHAT_STANDS_FIRST = re.compile(
    r"\b(?:you)\s+(?:(?:also|even|really|still|actually)\s+)*(?:count|include|consider|call|mean|regard|treat|accept|take)\s+"
    r"(?:it|that|this|those|these|them)\b",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\w*[^\Ws]s", re.IGNORECASE)
_OF_MANY = re.compile(r"\b(?:those|these|them)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.?!\n]+[.?!]*")
_LAST = re.compile(rf",\s*{_NAME}\s*\?*\s*$")
_THANKS = r"(?:thanks|thank you|thx|ta|cheers|best|regards|yours|love)"
_SIGNED = re.compile(rf"(?:^|[,;–—-])\s*(?:many\s+|best\s+|kind\s+)?{_THANKS}[^,]*,[^,]*$", re.IGNORECASE)
_MENTION = r"(?:<@\w+(?:\|[^<>]*)?>|@(?!(?:rolefit|here|channel|everyone)\b)\w[\w.-]*\w)"
_MENTIONED = re.compile(rf"\W*(?i:{_OPENING}){_MENTION}", re.IGNORECASE)
_MENTIONED_LAST = re.compile(rf"(?:^|[\s,]){_MENTION}\s*[?!.]*\s*$", re.IGNORECASE)
# A word like "Wondering" or "Hiring", but not "Ming"
_ING = re.compile(r"\w*[aeiou]\w*ing")
_YOU = re.compile(r"\b(?:you|your|yours|yourself|you['’]\w+|u|ur)\b", re.IGNORECASE)


def calls_person(text: str, is_term: Callable[[str], bool]) -> bool:
    """Return whether a text speaks to somebody by their name or by a mention.

    Either stands at its beginning, or ends a sentence that has "you" in it; below thanks a name is the writer's own.
    is_term: whether a word is a role, a company or a person that the entries are about; "Meta, how are they organised?"
    calls nobody.
    """
    text = normalize("NFC", text)
    if _MENTIONED.match(text):
        return True
    to_you = [sentence for sentence in _SENTENCE.findall(text) if says_you(sentence)]
    if any(_MENTIONED_LAST.search(sentence) for sentence in to_you):
        return True
    return any(_is_name(name, is_term) for name in _in_place_of_name(text, to_you))


def called_in_person(text: str, is_term: Callable[[str], bool]) -> str | None:
    """Give the name of whom a text speaks to that stands where nobody but the bot is spoken to; "" for a mention.

    None if it speaks to nobody else. Where an answer is waited for a name alone does not tell that, as "Papers, mostly"
    has one: it stands behind a greeting, thanks or a goodbye, or "you" is said with it. is_term: as for `calls_person`.
    """
    text = normalize("NFC", text[:MOST_READ])
    to_you = [sentence for sentence in _SENTENCE.findall(text) if says_you(sentence)]
    if _MENTIONED.match(text) or any(_MENTIONED_LAST.search(sentence) for sentence in to_you):
        return ""
    courteous = _COURTEOUS.match(text)
    names = [courteous[1]] if courteous else []
    if to_you:
        names += [name for name in _in_place_of_name(text, to_you) if not _is_topic(name, text)]
    return next((name for name in names if _is_name(name, is_term)), None)


def says_you(text: str) -> bool:
    """Return whether a text has "you" in it, be that whom it speaks to or anybody."""
    return _YOU.search(text) is not None


def _in_place_of_name(text: str, to_you: Iterable[str]) -> Iterator[str]:
    """Give what stands where the name of whom a text speaks to would; to_you: its sentences with "you"."""
    for pattern in (_COMMA, _BARE):
        if match := pattern.match(text):
            yield match[1]
    for sentence in to_you:
        if (match := _LAST.search(sentence)) and not _SIGNED.search(sentence):
            yield match[1]


def _is_topic(name: str, text: str) -> bool:
    """Return whether what stands in the place of a name is what a text asks about: "Slides, do you count those?"."""
    if not text.lstrip(" *_~").startswith(name):
        return False
    is_plural = _PLURAL.fullmatch(name) is not None and _OF_MANY.search(text) is not None
    return is_plural or _OF_WHAT_STANDS_FIRST.search(text) is not None


def _is_name(name: str, is_term: Callable[[str], bool]) -> bool:
    """Return whether a word, or two, can be a person's name: written like one, and nothing else that begins so."""
    parts = re.split(r"[\s-]+", name)
    return all(map(written_like_name, parts)) and not any(map(is_term, {name, *parts}))


def written_like_name(word: str) -> bool:
    """Return whether a word is written like a name: with a capital, and none of the words that often begin a text."""
    lower = word.casefold()
    if not word[0].isupper() or word[1].isupper() or lower in _NO_NAMES:
        return False
    return lower in _NAMES_IN_LY or not (lower.endswith("ly") or _ING.fullmatch(lower))
