"""The second stage: it is asked for few messages, never in the way, and nothing depends on it."""

import asyncio
import shutil
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog

from bot import embedded, encoder, knowledge
from bot.domain import faq
from bot.domain.embeddings import Nearness
from bot.domain.faq import Answer, Silence, Surface
from bot.domain.matching import Candidate
from bot.domain.matching_text import Form
from bot.encoder import Encoder
from bot.knowledge import Library
from bot.second_stage import WAITING, SecondStage, scorer_for
from bot.settings import KNOWLEDGE
from tests.conftest import bot_in
from tests.workspace import PATIENCE, Workspace, shown

QUESTION = "why does literally everyone at the ChatGPT company have the same generic three-letter thing on linkedin"
CHATTER = "The CI on main is red again, who merged 4f2a?"


@pytest.fixture(scope="session")
def second(library: Library) -> SecondStage:
    stage = SecondStage()
    stage.prepare(library)
    return stage


def test_a_message_in_other_words_is_answered_only_with_the_second_stage(library: Library, second: SecondStage):
    ask = partial(faq.reply_to, QUESTION, Surface.CHANNEL, library.index, library.thresholds)
    assert ask() == Silence()
    reply = ask(scorer=partial(second.score, library=library))
    assert isinstance(reply, Answer)
    [best] = reply.entries
    assert best.entry == "member-of-technical-staff"
    assert best.nearness is not None
    assert best.nearness.known > 0.5
    assert best.why().matched is not None


async def test_an_explanation_ranks_as_the_decision_did(library: Library, second: SecondStage):
    scorer = partial(second.score, library=library)
    for text, surface in ((QUESTION, Surface.CHANNEL), (CHATTER, Surface.CHANNEL), (CHATTER, Surface.DM)):
        decided_by = faq.rank(text, surface, library.index, library.thresholds, scorer=scorer)

        assert await second.rank(text, surface, library) == decided_by


def test_chatter_is_not_worth_asking_about(library: Library):
    def scorer(text: str) -> None:
        raise AssertionError(f"asked about {text!r}")

    assert faq.reply_to(CHATTER, Surface.CHANNEL, library.index, library.thresholds, scorer=scorer) == Silence()


def test_less_is_enough_to_ask_about_a_short_question_in_known_words(library: Library):
    best, *_ = library.index.rank(QUESTION)
    assert library.thresholds.second is not None
    unsure = replace(best, confidence=0.1, names=False, form=Form.QUESTION)

    def worth(known: float, length: float, form: Form = Form.QUESTION) -> bool:
        candidate = replace(unsure, extent=(known, 0.2, length), form=form)
        return faq.worth_asking((candidate,), Surface.CHANNEL, library.thresholds)

    assert worth(known=0.77, length=0.5)
    assert not worth(known=0.77, length=0.9)
    assert not worth(known=0.5, length=0.5)
    assert not worth(known=0.77, length=0.5, form=Form.STATEMENT)


def test_what_is_told_is_answered_where_the_embedding_speaks_for_a_question(library: Library, second: SecondStage):
    scores = second.score(QUESTION, library)
    best = library.index.rank(QUESTION, semantic=scores)[0]

    def told(known: float, answerable: float) -> Candidate:
        nearness = Nearness(known=known, declined=0.3, answerable=answerable)
        return replace(best, confidence=0.9, form=Form.STATEMENT, nearness=nearness)

    assert faq.answerable(told(0.7, 3.0), library.thresholds.second)
    assert not faq.answerable(told(0.7, -8.0), library.thresholds.second)
    assert not faq.answerable(told(0.2, 3.0), library.thresholds.second)


def test_what_is_told_is_answered_though_nobody_asked_and_what_is_told_about_it_is_not(
    library: Library, second: SecondStage
):
    def reply(text: str) -> faq.Reply:
        scorer = partial(second.score, library=library)
        return faq.reply_to(text, Surface.CHANNEL, library.index, library.thresholds, scorer=scorer)

    wants = reply("I still couldn't tell you what a research engineer does that a research scientist doesn't")
    assert isinstance(wants, Answer)
    assert reply("our new research engineer does what the research scientists would not touch") == Silence()


def test_where_the_bot_was_asked_the_second_stage_always_is(library: Library):
    asked: list[str] = []
    faq.reply_to(CHATTER, Surface.DM, library.index, library.thresholds, scorer=asked.append)
    assert asked == [CHATTER]


async def test_there_the_first_stage_is_asked_only_where_the_second_has_nothing_to_say(
    library: Library, second: SecondStage, monkeypatch: pytest.MonkeyPatch
):
    asked: list[str] = []

    def first_reply(text: str, *about: Any, **more: Any) -> tuple[faq.Reply, bool]:
        asked.append(text)
        return original(text, *about, **more)

    original = faq.first_reply
    monkeypatch.setattr(faq, "first_reply", first_reply)

    reply = await second.reply_to(QUESTION, Surface.DM, library)
    assert isinstance(reply, Answer)
    assert asked == []
    unprepared = replace(library)  # another snapshot, for which the second stage is not ready
    assert await second.reply_to("what is MTS?", Surface.DM, unprepared) == faq.reply_to(
        "what is MTS?", Surface.DM, library.index, library.thresholds
    )
    assert asked[0] == "what is MTS?"


def test_a_wording_that_is_like_none_that_is_known_stays_unanswered_unprompted(library: Library, second: SecondStage):
    scores = second.score(QUESTION, library)
    assert scores is not None
    far = replace(scores, used=np.zeros_like(scores.used))
    reply = faq.second_reply(QUESTION, Surface.CHANNEL, library.index, library.thresholds, far)
    assert reply == Silence()


def test_a_wording_that_nothing_answers_speaks_against_what_sounds_like_it(library: Library, second: SecondStage):
    assert library.embedded is not None
    index, text = library.index, QUESTION
    scores = second.score(text, library)
    assert scores is not None
    unanswered = np.vstack([library.embedded.unanswered, encoder.load().encode(text)])
    declined = replace(library, embedded=replace(library.embedded, unanswered=unanswered))
    other = SecondStage()
    other.prepare(declined)
    worse = other.score(text, declined)
    assert worse is not None
    assert worse.none_mass > scores.none_mass
    [before, after] = (index.rank(text, limit=1, semantic=by)[0].confidence for by in (scores, worse))
    assert after < before


def test_an_entry_that_was_added_since_is_found_without_learning_anew(library: Library):
    new = library.entries["bell-labs"].model_copy(
        update={
            "id": "office-dogs",
            "question": "Can I bring my dog to the office?",
            "phrasings": (
                "are pets allowed at work?",
                "is the office dog friendly?",
                "may animals come along to work?",
            ),
            "keywords": ("dogs at the office",),
            "answer": "Yes.",
        }
    )
    edited = replace(library, entries={**library.entries, new.id: new})
    second = SecondStage()
    second.prepare(edited)
    scores = second.score("would anybody mind if my puppy joins me at the office?", edited)
    assert scores is not None
    place = list(edited.entries).index(new.id)
    assert int(np.argmax(scores.phrased)) == place
    ranked = edited.index.rank("would anybody mind if my puppy joins me at the office?", semantic=scores)
    assert ranked[0].entry == new.id


def test_another_snapshot_of_the_knowledge_waits_for_its_own_preparation(library: Library, second: SecondStage):
    assert second.score(QUESTION, replace(library)) is None


@pytest.mark.parametrize("broken", [None, b"not a zip file", b"PK\x03\x04"])
def test_without_its_file_the_first_stage_decides_alone_and_the_log_says_so_once(
    tmp_path: Path, library: Library, broken: bytes | None
):
    path = tmp_path / "minilm.npz"
    if broken is not None:
        path.write_bytes(broken)
    second = SecondStage(path)
    with structlog.testing.capture_logs() as logs:
        second.prepare(library)
        second.prepare(library)
    assert [entry["event"] for entry in logs] == ["the second stage is left out, and the first decides alone"]
    assert "minilm.npz" in logs[0]["reason"]
    assert second.score(QUESTION, library) is None


def test_what_a_promise_says_is_embedded_for_the_first_of_several_checks(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    encoded: list[str] = []

    def encode(self: Encoder, text: str, real: Any = Encoder.encode) -> Any:
        encoded.append(text)
        return real(self, text)

    monkeypatch.setattr(Encoder, "encode", encode)
    edited, text = replace(library), "Who waters the cactus of the lab?"
    before, after = scorer_for(library)(text), scorer_for(edited)(text)

    assert encoded.count(text) == 1
    assert before
    assert after
    assert before.entries == after.entries


async def test_while_a_message_is_encoded_the_loop_goes_on(
    library: Library, second: SecondStage, monkeypatch: pytest.MonkeyPatch
):
    loop, encode, waited = asyncio.get_running_loop(), Encoder.encode, list[bool]()

    def encode_once_the_loop_went_on(self: Encoder, text: str) -> Any:
        went_on = threading.Event()
        loop.call_soon_threadsafe(went_on.set)
        waited.append(went_on.wait(PATIENCE))
        return encode(self, text)

    monkeypatch.setattr(Encoder, "encode", encode_once_the_loop_went_on)
    await asyncio.gather(*(second.reply_to(f"{number} word " * 45, Surface.DM, library) for number in range(3)))
    assert waited
    assert all(waited)


async def test_more_messages_than_may_wait_are_decided_by_the_first_stage(library: Library, second: SecondStage):
    second._waiting = WAITING
    try:
        assert await second.reply_to(QUESTION, Surface.CHANNEL, library) == Silence()
    finally:
        second._waiting = 0
    assert isinstance(await second.reply_to(QUESTION, Surface.CHANNEL, library), Answer)


def with_new_wording(library: Library, text: str) -> Library:
    """A knowledge to which an entry was added that has one wording, unknown to the encoder."""
    of = {"id": "cactus", "question": text, "phrasings": (), "keywords": ("cactus of the lab",), "answer": "Ana."}
    new = library.entries["bell-labs"].model_copy(update=of)
    return replace(library, entries={**library.entries, new.id: new})


async def test_a_long_preparation_for_an_edit_holds_up_no_message(library: Library, monkeypatch: pytest.MonkeyPatch):
    answered, encode = threading.Event(), Encoder.encode
    new = "Who dusts the cactus of the lab?"

    def wait_and_encode(self: Encoder, text: str) -> Any:
        assert text != new or answered.wait(PATIENCE)
        return encode(self, text)

    monkeypatch.setattr(Encoder, "encode", wait_and_encode)
    stage, edited = SecondStage(), with_new_wording(library, new)
    stage.take_up(library)
    await stage.ready()
    stage.take_up(edited)
    try:
        async with asyncio.timeout(PATIENCE):
            assert await stage.reply_to(QUESTION, Surface.CHANNEL, edited) == Silence()
    finally:
        answered.set()
    await stage.ready()
    assert isinstance(await stage.reply_to(QUESTION, Surface.CHANNEL, edited), Answer)
    stage.close()


def test_a_new_wording_is_embedded_for_the_first_of_several_edits(library: Library, monkeypatch: pytest.MonkeyPatch):
    encoded: list[str] = []

    def encode(self: Encoder, text: str, real: Any = Encoder.encode) -> Any:
        encoded.append(text)
        return real(self, text)

    monkeypatch.setattr(Encoder, "encode", encode)
    new, stage = "Who fills the candy jar of the lab?", SecondStage()
    scorer_for(with_new_wording(library, new))  # as the check before it is taken up does
    stage.prepare(with_new_wording(library, new))
    stage.prepare(with_new_wording(library, new))

    assert encoded.count(new) == 1


async def test_the_bot_answers_with_it_and_the_setting_leaves_it_out(tmp_path: Path, library: Library):
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path, rolefit_encoder="on"):
        [answer] = await workspace.replies(await workspace.post("U_ANA", "C_ASK", QUESTION))
        assert "Technical Staff" in shown(answer)
    async with Workspace.start() as workspace, bot_in(workspace, library, tmp_path / "off"):
        before = await workspace.post("U_ANA", "C_ASK", QUESTION)
        asked = await workspace.post("U_ANA", "C_ASK", "What does Member of Technical Staff mean?")
        await workspace.replies(asked)
        await workspace.settled()
        assert len(await workspace.thread("C_ASK", before, "U_ANA")) == 1


def test_what_was_learnt_survives_being_written(tmp_path: Path, library: Library):
    learnt = library.embedded
    assert learnt is not None
    embedded.write(tmp_path / embedded.FILE, learnt)
    again = embedded.read(tmp_path / embedded.FILE)
    assert (again.owners, again.heads.entries) == (learnt.owners, learnt.heads.entries)
    assert list(again.texts) == list(learnt.texts)
    assert np.allclose(again.utterances, learnt.utterances, atol=2e-3)
    assert np.allclose(again.unanswered, learnt.unanswered, atol=2e-3)
    assert np.array_equal(again.known.weights, learnt.known.weights)


def test_a_broken_file_of_what_was_learnt_names_the_remedy(tmp_path: Path):
    folder = tmp_path / "knowledge"
    shutil.copytree(KNOWLEDGE, folder, ignore=shutil.ignore_patterns("utterances"))
    (folder / embedded.FILE).write_bytes(b"PK")
    with pytest.raises(knowledge.KnowledgeError) as raised:
        knowledge.load(folder)
    [problem] = raised.value.problems
    assert problem.file == "learnt_encoder.npz"
    assert "rolefit check --calibrate" in problem.remedy
    (folder / embedded.FILE).unlink()
    assert knowledge.load(folder).embedded is None


def test_what_was_learnt_for_other_features_is_left_out(library: Library):
    learnt = library.embedded
    assert learnt is not None
    other = replace(learnt.known, weights=learnt.known.weights[:-1])
    second = SecondStage()
    with structlog.testing.capture_logs() as logs:
        second.prepare(replace(library, embedded=replace(learnt, known=other)))
    assert ["learnt for another version" in entry["event"] for entry in logs] == [True]


async def test_a_preparation_that_fails_is_logged_and_the_first_stage_decides(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    def fails(self: SecondStage, library: Library) -> None:
        raise ZeroDivisionError("what somebody wrote")

    monkeypatch.setattr(SecondStage, "prepare", fails)
    stage = SecondStage()
    with structlog.testing.capture_logs() as logged:
        stage.take_up(library)
        await stage.ready()

    assert [(event["event"], event["error"]) for event in logged] == [
        ("the second stage could not be prepared, and the first decides alone", "ZeroDivisionError")
    ]
    assert "wrote" not in str(logged)
    assert await stage.reply_to(CHATTER, Surface.CHANNEL, library) == Silence()
