"""Messages in languages that the bot does not answer in: told apart from English, and never answered wrongly."""

import json
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.content import Check, Checks
from bot.domain.faq import UNPROMPTED, Surface
from bot.domain.language import Language, LanguageIdentifier, Languages
from bot.domain.matching_text import MAX_CHARACTERS
from bot.domain.reply_kinds import ONLY_ENGLISH
from bot.knowledge import Library
from bot.knowledge.promises import find_broken_promises
from bot.knowledge.yaml_file import YamlFile
from bot.settings import KNOWLEDGE
from bot.slack import deciding, faq
from bot.slack.deciding import PlannedReply
from tests import shipped
from tests.workspace import Workspace, shown

GOLDEN = [json.loads(line) for line in (Path(__file__).parent / "golden" / "languages.jsonl").read_text().splitlines()]
UTTERANCES = sorted((KNOWLEDGE / "utterances").glob("*.jsonl"))
# One author wrote both parts before there was anything to try them on; the words were chosen on the first alone.
LEARNT_ON, UNSEEN = "develop", "report"
# Answered with an entry without this, by the English words in it.
ANSWERED_BEFORE = "Diferencia entre AI researcher, research engineer, and AI engineer?"


def identify(text: str) -> Language | None:
    """Say what language a text is in, as the knowledge that is shipped has it."""
    return shipped.library().language.identify(text)


def identified(part: str) -> list[tuple[str, Language | None, str]]:
    return [(case["language"], identify(case["text"]), case["text"]) for case in GOLDEN if case["part"] == part]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_word_is_recognised_in_whichever_form_an_editor_saved_its_accents(form: Literal["NFC", "NFD"]):
    word = unicodedata.normalize(form, "für")
    identifier = LanguageIdentifier(Languages.model_validate({"german": {"telling": [word]}}))

    assert identifier.identify("für wen") is Language.GERMAN


@pytest.mark.parametrize("word", ["Für", "für wen", "l'équipe", "4"])
def test_what_no_message_could_have_as_a_word_is_refused(word: str):
    with pytest.raises(ValueError, match="is not one word in small letters"):
        Languages.model_validate({"german": {"telling": [word]}})


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("Was ist MTS?", Language.GERMAN),
        ("Was bedeutet „Member of Technical Staff“ bei <https://openai.com|OpenAI>?", Language.GERMAN),
        ("c’est quoi un AI engineer ?", Language.FRENCH),
        ("c'est quoi un AI engineer ?", Language.FRENCH),
        ("¿Qué es un MTS?", Language.SPANISH),
        ("o que é um AI engineer?", Language.PORTUGUESE),
        ("MTS ka matlab kya hai", Language.HINDI),
        ("MTS का मतलब क्या है?", Language.HINDI),
        ("AI工程师是做什么的？", Language.CHINESE),
        ("AI engineer是什么", Language.CHINESE),
        ("リサーチエンジニアと研究者の違いは何ですか", Language.JAPANESE),
        ("AI 연구원은 무엇을 하나요?", Language.KOREAN),
        ("что такое MTS?", Language.OTHER),
        ("ما هو مهندس الذكاء الاصطناعي؟", Language.OTHER),
    ],
)
def test_the_language_of_a_short_question_is_recognised(said: str, language: Language):
    assert identify(said) is language


@pytest.mark.parametrize(
    "said",
    [
        "MTS?",
        "",
        "?!",
        "RE vs RS",
        "Hola team, what does a research engineer do?",
        "Does José from München need a PhD?",
        "What is an ingénieur de recherche?",
        "standup at 5pm IST?",  # an abbreviation, not the German word
        "5pm IST?",
        "`ist = und(oder)` throws an error",
        "> was ist das\nno idea what that means",
        'Somebody asked me "Was ist ein Research Engineer?", what do I say?',
        "what does 研究员 mean",
        "what is λ in this?",
        "λ?",
    ],
)
def test_english_with_foreign_words_in_it_and_what_is_unclear_is_no_other_language(said: str):
    assert identify(said) is None


def test_nothing_in_english_that_the_bot_has_learnt_from_is_taken_for_another_language():
    texts = [json.loads(line)["text"] for file in UTTERANCES for line in file.read_text().splitlines()]

    assert len(texts) > 10_000
    assert [text for text in texts if identify(text)] == []


def test_questions_are_recognised_and_english_with_loan_words_is_not():
    for part, mistaken, missed in ((LEARNT_ON, 0, 0), (UNSEEN, 1, 7)):
        cases = identified(part)

        assert sum(bool(language) for expected, language, _ in cases if expected == "english") <= mistaken
        assert [text for expected, language, text in cases if expected != "english" and not language][missed:] == []


@given(st.text(max_size=200))
def test_whatever_is_written_has_a_language_or_none(text: str):
    assert identify(text) in {None, *Language}


@given(st.text(st.sampled_from("abcé'’¿¡<>`\":& \n" + "का"), min_size=1, max_size=40))
def test_only_the_beginning_of_a_long_message_is_read(piece: str):
    long = (piece * 40_000)[:40_000]

    assert identify(long) is identify(long[:MAX_CHARACTERS])


def test_of_two_languages_the_one_with_more_words_is_taken():
    said = "por que o AI engineer ganha mais?"  # "por" and "que" are Spanish as well

    assert identify(said) is Language.PORTUGUESE


def test_a_knowledge_without_the_file_recognises_nothing(library: Library):
    identifier = LanguageIdentifier(Languages())

    in_latin = [case["text"] for case in GOLDEN if not any("\u0900" <= letter <= "\u097f" for letter in case["text"])]
    assert {identifier.identify(text) for text in in_latin} == {None}


@pytest.mark.parametrize("surface", Surface)
async def test_what_is_in_another_language_is_never_answered(library: Library, surface: Surface):
    before = await deciding.decide(ANSWERED_BEFORE, surface, replace(library, languages=Languages()), None)
    now = await deciding.decide(ANSWERED_BEFORE, surface, library, None)

    assert before is not None
    assert before.kind == "answer"
    assert now == (None if surface in UNPROMPTED else PlannedReply(ONLY_ENGLISH, ("spanish",)))


def test_a_promise_of_silence_is_kept_in_another_language(library: Library):
    promised = replace(library, checks=Checks(checks=(Check(say=ANSWERED_BEFORE, expect="silence"),)))
    file = YamlFile("checks.yaml")

    assert list(find_broken_promises(promised, file, None)) == []
    assert len(list(find_broken_promises(replace(promised, languages=Languages()), file, None))) == 1


async def test_a_text_that_gets_silence_is_not_looked_at(library: Library, monkeypatch: pytest.MonkeyPatch):
    looked_at: list[str] = []
    monkeypatch.setattr(LanguageIdentifier, "identify", lambda _, text: looked_at.append(text))

    await deciding.decide("wer kommt mit zum Mittagessen?", Surface.CHANNEL, library, None)
    assert looked_at == []

    await deciding.decide("What does MTS mean?", Surface.CHANNEL, library, None)
    assert looked_at == ["What does MTS mean?"]


@pytest.mark.parametrize(("said", "intent"), [("danke", "thanks"), ("hola", "greeting"), ("merci", "thanks")])
async def test_courtesies_stay_small_talk(library: Library, said: str, intent: str):
    assert await deciding.decide(said, Surface.DM, library, None) == PlannedReply("talk", (intent,))


@pytest.mark.parametrize("language", [language for language in Language if language is not Language.OTHER])
def test_it_is_said_in_the_language_itself(library: Library, language: Language):
    said = faq.rendered(ONLY_ENGLISH, (language.value,), library).text

    assert library.example in said
    assert said == library.words.languages.of(language).format(example=library.example)
    assert identify(library.words.languages.of(language)) is language


def test_who_writes_in_a_language_that_is_not_known_is_told_in_english(library: Library):
    said = faq.rendered(ONLY_ENGLISH, ("other",), library).text

    assert said.startswith("I only read English so far.")
    assert library.example in said


async def test_people_are_told_in_their_language_where_they_ask_and_left_alone_where_they_do_not(
    either_way: Workspace, library: Library
):
    overheard = await either_way.post("U_BEN", "C_ASK", ANSWERED_BEFORE)
    in_passing = await either_way.mention("U_BEN", "C_ASK", "ich glaube <@U_BOT> kann nur Englisch")
    asked = await either_way.mention("U_ANA", "C_ASK", "<@U_BOT> was bedeutet MTS bei Anthropic?")
    directly = await either_way.post("U_ANA", "U_ROLEFIT", "c’est quoi un AI engineer ?")

    [in_german] = await either_way.replies(asked)
    [in_french] = await either_way.replies(directly)
    await either_way.settled()

    assert shown(in_german) == library.words.languages.german.format(example=library.example)
    assert shown(in_french) == library.words.languages.french.format(example=library.example)
    for unasked in (overheard, in_passing):
        assert len(await either_way.thread("C_ASK", unasked, "U_ANA")) == 1


async def test_who_asks_by_the_command_is_told_in_their_language(workspace: Workspace, library: Library):
    await workspace.command("U_ANA", "C_ASK", "/rolefit", "o que faz um research engineer?")

    [private] = [message for message in await workspace.messages("C_ASK", count=2) if message.get("ephemeral")]
    assert shown(private) == library.words.languages.portuguese.format(example=library.example)
