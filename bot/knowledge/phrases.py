"""One phrase, one meaning: no two entries, typed words or kinds of small talk may share one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from bot.domain import smalltalk
from bot.domain.content import Entry, NotAnswered
from bot.domain.language import Languages
from bot.domain.one_choice import choice_at, picked_mark, read_wording
from bot.domain.quiz_content import AnyQuestion, Option, Quiz, TypedWords
from bot.domain.reply import spellings
from bot.knowledge.library import LANGUAGES, NOT_ANSWERED, Contents, Library
from bot.knowledge.problems import Problem, YamlPath
from bot.knowledge.yaml_file import YamlFile


def wordings(position: int, entry: Entry) -> Iterator[tuple[YamlPath, str]]:
    """Give the question and the phrasings of an entry with their paths in faq.yaml."""
    yield ("entries", position, "question"), entry.question
    for number, phrasing in enumerate(entry.phrasings):
        yield ("entries", position, "phrasings", number), phrasing


def questions_with_paths(quiz: Quiz) -> Iterator[tuple[YamlPath, AnyQuestion]]:
    """Give all questions of the quiz with their paths in quiz.yaml, in the order in which they are asked."""
    yield ("purpose",), quiz.purpose
    for at, question in enumerate(quiz.questions):
        yield ("questions", at), question
    for at, tie_break in enumerate(quiz.tie_breaks):
        yield ("tie_breaks", at), tie_break


def find_shared_phrasings(contents: Contents, files: Mapping[str, YamlFile]) -> Iterator[Problem]:
    """Find phrasings that stand in two entries, twice in one, or in an entry and in what is not answered."""
    first: dict[str, tuple[str, str]] = {}  # by the phrasing's plain form: who has it, and where
    owners: list[tuple[str, str, Sequence[Entry | NotAnswered], str]] = [
        ("faq.yaml", "entries", contents.faq.entries, "Keep it in one entry only"),
        (NOT_ANSWERED, "not_answered", contents.not_answered.not_answered, "Keep it in one place only"),
    ]
    for name, key, items, remedy in owners:
        for position, item in enumerate(items):
            for number, phrasing in enumerate(item.phrasings):
                path, plain = (key, position, "phrasings", number), _plain(phrasing)
                if plain in first:
                    owner, where = first[plain]
                    message = f"the phrasing {phrasing!r} is already in {where}, in {owner!r}"
                    yield files[name].problem(path, message, remedy)
                else:
                    first[plain] = (item.id, f"line {files[name].line(path)} of {name}")


def find_shared_typed_words(typed: TypedWords, file: YamlFile) -> Iterator[Problem]:
    """Find words to type in the quiz that mean two things; `file` is words.yaml."""
    meanings: dict[str, str] = {}
    for meaning, phrases in typed.model_dump().items():
        for number, phrase in enumerate(phrases):
            others = [meanings.setdefault(spelling, meaning) for spelling in spellings(phrase)]
            if other := next((other for other in others if other != meaning), None):
                message = f"{phrase!r} already means {other!r}"
                yield file.problem(("typed", meaning, number), message, "Keep it in one place only")


def find_shared_choice_words(quiz: Quiz, file: YamlFile) -> Iterator[Problem]:
    """Find wordings of a choice that pick another choice of its question; `file` is quiz.yaml."""
    for path, question in questions_with_paths(quiz):
        for number, choice in enumerate(question.choices):
            for wording_path, wording in _wordings_of_choice((*path, "choices", number), choice):
                mark = picked_mark(wording)
                picked = (read_wording(wording, question), choice_at(mark, question) if mark else None)
                if other := next((other for other in picked if other and other.id != choice.id), None):
                    message = f"{wording!r} picks the choice {other.id!r} of this question"
                    yield file.problem(wording_path, message, "Keep it in one choice only")


def _wordings_of_choice(path: YamlPath, choice: Option) -> Iterator[tuple[YamlPath, str]]:
    yield (*path, "label"), choice.label
    for at, wording in enumerate(choice.says):
        yield (*path, "says", at), wording


def find_words_of_two_lists(languages: Languages, file: YamlFile) -> Iterator[Problem]:
    """Find words that speak for English and for another language, or stand twice for one; `file` is languages.yaml."""
    english = dict.fromkeys(languages.english, "english")
    for language, vocabulary in languages.vocabularies.items():
        lists = english.copy()
        for name, words in (("telling", vocabulary.telling), ("common", vocabulary.common)):
            for number, word in enumerate(words):
                if word in lists:
                    message = f"{word!r} stands under {lists[word]!r} already"
                    yield file.problem((language.value, name, number), message, "Keep it in one place only")
                lists[word] = name


def find_small_talk_conflicts(library: Library, *, words_file: YamlFile, faq_file: YamlFile) -> Iterator[Problem]:
    """Find phrases of small talk with two meanings, examples without theirs, and phrasings taken for small talk."""
    talk = library.words.talk
    first: dict[str, tuple[str, int]] = {}
    groups: dict[str, int] = {}
    for position, group in enumerate(talk.alike):
        for number, words in enumerate(group):
            if groups.setdefault(smalltalk.plain(words), position) != position:
                message = f"{words!r} stands in two groups of words that are alike"
                yield words_file.problem(("talk", "alike", position, number), message, "Keep it in one of them")
    alike = smalltalk.Alike(talk)
    for intent, phrases in talk.phrases.items():
        for number, phrase in enumerate(phrases):
            path = ("talk", intent, "phrases", number)
            owner, line = first.setdefault(alike.spelling(phrase), (intent, words_file.line(path)))
            if owner != intent:
                message = f"the phrase {phrase!r} is already in line {line}, in {owner!r}"
                yield words_file.problem(path, message, "Keep it in one place only")
    read = _reader_of(talk)
    for intent in talk.names:
        example = talk.of(intent).example
        if example and (taken_for := read(example)) != intent:
            message = (
                f"the example {example!r} is taken for {taken_for!r}" if taken_for else f"{example!r} is no phrase"
            )
            yield words_file.problem(("talk", intent, "example"), message, "Quote one of the phrases of this")
    for position, entry in enumerate(library.entries.values()):
        for wording_path, text in wordings(position, entry):
            if taken_for := read(text):
                message = f"{text!r} is taken for small talk, {taken_for!r} in words.yaml"
                yield faq_file.problem(wording_path, message, "Reword it, or take the phrase out of words.yaml")


@lru_cache(maxsize=4)
def _reader_of(talk: smalltalk.Talk) -> Callable[[str], str | None]:
    """Give what reads small talk; it remembers what it read, because most edits leave most wordings alone."""
    return lru_cache(maxsize=10_000)(partial(smalltalk.read, talk=talk))


def find_other_languages(library: Library, file: YamlFile) -> Iterator[Problem]:
    """Find wordings of entries that are taken for another language than English and would get no answer."""
    for position, entry in enumerate(library.entries.values()):
        for path, text in wordings(position, entry):
            if language := library.language.identify(text):
                message = f"{text!r} is taken for {language.title()}, which the bot does not answer in"
                yield file.problem(path, message, f"Reword it, or take words out of {LANGUAGES}")


def find_overtaken_refusals(library: Library, file: YamlFile) -> Iterator[Problem]:
    """Warn of questions that are refused though an entry answers them by now; `file` is not_answered.yaml."""
    positions = {decoy.id: position for position, decoy in enumerate(library.not_answered)}
    for decoy, entry, phrasings in library.decoys.overtaken():
        position = positions[decoy]
        number = library.not_answered[position].phrasings.index(phrasings[0])
        message = f"{' and '.join(map(repr, phrasings))} are refused, and are nearer to the entry {entry!r} of faq.yaml"
        remedy = f"If that answers them, take them and those like them out of {decoy!r}"
        yield file.problem(("not_answered", position, "phrasings", number), message, remedy, level="warning")


def _plain(phrasing: str) -> str:
    """Normalise a phrasing: those that differ only in capitals, blanks and the signs at their ends give the same."""
    return " ".join(phrasing.casefold().split()).rstrip("?!. ")
