"""Learn from a knowledge folder: `rolefit check --calibrate` writes matching.yaml and three files called learnt.

`rolefit check --calibrate-talk` writes learnt_talk.npz alone, which takes a minute where the rest takes many.

What learning needs is imported when it begins: the bot itself does without.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from bot import embedded as embedded_file
from bot import learnt_talk
from bot.domain import copy_question
from bot.domain.content import Checks, Faq, NotAnswered, NotAnsweredFile, Synonyms
from bot.domain.embeddings import Embedded
from bot.domain.judging import Calibration
from bot.domain.learnt import Labelled, LearntFile
from bot.domain.meanings import Place
from bot.domain.meant_in_round import READINGS
from bot.domain.quiz_content import HasChoices, Quiz
from bot.domain.thresholds import SecondThresholds
from bot.knowledge.library import NOT_ANSWERED, english
from bot.knowledge.loader import LEARNT, read_embedded, validate
from bot.knowledge.problems import KnowledgeError, Problem, only_knowledge_errors
from bot.knowledge.words import Words
from bot.knowledge.yaml_file import parse

if TYPE_CHECKING:
    from bot import train

MATCHING, UTTERANCES = "matching.yaml", "utterances"
MATCHING_COMMENT = """\
# From which confidence on the bot says what. Confidences are probabilities from 0 to 1.
#
# You need not edit this file: `rolefit check --calibrate` computes it from the other files, and it is worth doing
# after many new entries. The rules are in bot/calibrate.py and bot/train.py.
#   sure   where nobody asked the bot, it answers from here on, if the second stage has no say; see bot/train.py
#   gap    and only if the next entry is at least this far behind
#   asked  where somebody asked the bot, it answers from here on: more likely right than wrong
#   maybe  where somebody asked the bot, it suggests from here on
#   in_scope  where nobody asked the bot, a message whose words score less than this, in log-odds, is not compared with
#           any wording, which most of the time is what takes longest
#   second  the same where the second stage was asked; unprompted it is for messages of which the first is as sure as
#           `worth`, or `worth_named` where a role, a company or a person is named, with what `look` adds (short
#           messages in known words count as surer), so that it is asked about one in 25 messages of technical chatter;
#           and `question`, the log-odds, by the weights `to_us`, of being put to the bot rather than to colleagues
#           from which it answers unprompted. See bot/train_weights.py
#   calibration  how much each sign counts; see Calibration in bot/domain/judging.py
"""

NO_TALK = "nothing that people may want there is called {name!r}. Its names are in utterances/README.md."

Progress = Callable[[str], object]


def calibrate(folder: Path, progress: Progress = str) -> None:
    """Compute matching.yaml from the other files, and what is learnt where there are utterances; write all of it.

    progress: gets one line for each thing that is done, which may take minutes. Raises KnowledgeError if the files
    cannot be read.
    """
    from bot import calibrate as calibration  # noqa: PLC0415 - no other use of the knowledge needs it

    names = ["faq.yaml", "synonyms.yaml", "checks.yaml"]
    with only_knowledge_errors(folder):
        if (folder / NOT_ANSWERED).exists():
            names.append(NOT_ANSWERED)
        faq_file, synonyms_file, checks_file, *decoys_file = files = [parse(folder, name) for name in names]
        entries, synonyms = validate(faq_file, Faq), validate(synonyms_file, Synonyms)
        checks = validate(checks_file, Checks)
        decoys = validate(decoys_file[0], NotAnsweredFile) if decoys_file else NotAnsweredFile()
    if entries is None or synonyms is None or checks is None or decoys is None:
        raise KnowledgeError([problem for file in files for problem in file.problems])
    progress("weighing the phrasings")
    with calibration.one_thread():
        limits = calibration.calibrate(entries.entries, synonyms, english(), checks.checks)
    if teacher := trainer(folder, entries, decoys.not_answered, checks, synonyms, limits.calibration):
        with calibration.one_thread():  # of the libraries, too, that were loaded for this
            parts = teacher.left_out(progress)
            learnt, thresholds = teacher.learn(progress, parts)
            second = _learn_second_stage(folder, teacher, parts, progress)
        bars = {"sure": thresholds.sure, "maybe": thresholds.maybe, "in_scope": thresholds.in_scope}
        limits = limits.model_copy(update={**bars, "gap": 0.0, "second": second})
        (folder / LEARNT).write_text(as_readable_json(learnt), encoding="utf-8")
    text = yaml.safe_dump(limits.model_dump(), sort_keys=False)
    (folder / MATCHING).write_text(MATCHING_COMMENT + text, encoding="utf-8")
    calibrate_talk(folder, progress)


def calibrate_talk(folder: Path, progress: Progress = str) -> None:
    """Compute learnt_talk.npz from words.yaml, the messages in four folders of utterances, and what
    the second stage learnt.

    Nothing is learnt, and a file that is there goes, where there are no messages or no second stage. progress: as for
    `calibrate`. Raises KnowledgeError if the files cannot be read.
    """
    from bot import calibrate as calibration  # noqa: PLC0415 - see above

    with only_knowledge_errors(folder):
        files = words_file, quiz_file = parse(folder, "words.yaml"), parse(folder, "quiz.yaml")
        words, quiz = validate(words_file, Words), validate(quiz_file, Quiz)
        embedded = read_embedded(folder)
    if words is None or quiz is None:
        raise KnowledgeError([problem for file in files for problem in file.problems])
    if isinstance(embedded, Problem):
        raise KnowledgeError([embedded])
    path = folder / learnt_talk.FILE
    messages = {place: list(labelled_talk(folder, place, talk)) for place, talk in words.places_of_talk.items()}
    if embedded is None or not any(messages.values()):
        path.unlink(missing_ok=True)
        return
    with calibration.one_thread():
        learnt = _learn_talk(words, quiz, messages, embedded, progress)
    learnt_talk.write(path, learnt)


def _learn_talk(
    words: Words, quiz: Quiz, messages: Mapping[Place, Sequence[Labelled]], embedded: Embedded, progress: Progress
) -> learnt_talk.LearntTalk:
    """Learn for each place of which there are messages. Raises KnowledgeError if what learning needs is missing."""
    from bot import encoder  # noqa: PLC0415 - see above

    try:
        from bot import train_talk  # noqa: PLC0415 - needs what the bot itself does not
    except ImportError as error:
        raise _not_installed(error) from error
    try:
        encode = cache(encoder.load().encode)
    except encoder.EncoderError as error:
        remedy = "Without it nothing can be learnt here, and what was learnt before stays"
        raise KnowledgeError([Problem(learnt_talk.FILE, 0, str(error), remedy)]) from error
    learnt = {}
    for place, phrases in words.places_of_talk.items():
        own = messages[place]
        if place is Place.RECEIVED:  # there they are read without names
            own = [replace(message, text=_without_names(message.text, words)) for message in own]
        if own:
            progress(f"what people say ({place}): leaving out authors")
            # In a round people say the same, and answer its questions.
            also = [*messages[Place.TALK], *_answers(quiz)] if place in READINGS else []
            trainer = train_talk.TalkTrainer(phrases, own, embedded, encode, also)
            learnt[place] = trainer.learn(trainer.left_out())
    return learnt


def _without_names(text: str, words: Words) -> str:
    return copy_question.without_names(text, words.received, is_term=lambda _: False)


def _answers(quiz: Quiz) -> Iterator[Labelled]:
    """Give the wordings of all answers of the quiz, which are no talk."""
    questions: tuple[HasChoices, ...] = (quiz.purpose, *quiz.questions, *quiz.tie_breaks)
    for question in questions:
        for choice in question.choices:
            for wording in (choice.label, *choice.says):
                yield Labelled(wording, frozenset(), "quiz.yaml")


def labelled_talk(folder: Path, place: Place, names: Collection[str]) -> Iterator[Labelled]:
    """Give the labelled messages of a place, with what they mean. Raises KnowledgeError for a line that is wrong."""
    yield from _labelled(folder, f"{UTTERANCES}/{place}", frozenset(names), unknown=NO_TALK)


def _learn_second_stage(
    folder: Path, teacher: "train.Trainer", parts: "list[train.LeftOut]", progress: Progress
) -> SecondThresholds | None:
    """Learn for the second stage and write its file; None where there is no encoder."""
    from bot import encoder, train_second_stage  # noqa: PLC0415 - see above

    try:
        encode = encoder.load().encode
    except encoder.EncoderError as error:
        progress(f"the second stage is left out: {error}")
        (folder / embedded_file.FILE).unlink(missing_ok=True)
        return None
    embedded, thresholds = train_second_stage.SecondStageTrainer(teacher, encode, progress).learn(parts)
    embedded_file.write(folder / embedded_file.FILE, embedded)
    return thresholds


def trainer(
    folder: Path,
    entries: Faq,
    decoys: Sequence[NotAnswered],
    checks: Checks,
    synonyms: Synonyms,
    weights: Calibration,
) -> "train.Trainer | None":
    """Give a trainer for the utterances of a knowledge folder and its promises; None if there are no utterances.

    Raises KnowledgeError for a line that is wrong, too few entries, or if what learning needs is not installed.
    """
    if not (utterances := list(labelled(folder, entries))):
        return None
    try:
        from bot import train  # noqa: PLC0415 - needs what the bot itself does not
    except ImportError as error:
        raise _not_installed(error) from error
    if len(entries.entries) < train.LEAST_ENTRIES:
        message = f"learning from utterances/ needs {train.LEAST_ENTRIES} entries or more"
        remedy = "Add entries, or remove the utterances: then the phrasings decide"
        raise KnowledgeError([Problem("faq.yaml", 0, message, remedy)])
    utterances += train.promised(checks.checks)
    return train.Trainer(entries.entries, decoys, utterances, synonyms, english(), weights)


def labelled(folder: Path, entries: Faq) -> Iterator[Labelled]:
    """Give the utterances of a knowledge folder, former ids replaced. Raises KnowledgeError for a line that is wrong.

    Follow-ups in a thread are left out: without their thread they say nothing.
    """
    entry_ids = frozenset(entry.id for entry in entries.entries)
    former = {former_id: entry.id for entry in entries.entries for former_id in entry.formerly}
    for utterance in _labelled(folder, UTTERANCES, entry_ids, former=former):
        if utterance.style != "followup":
            yield utterance


def _labelled(folder: Path, name: str, ids: frozenset[str], **how: Any) -> Iterator[Labelled]:
    """Give what the files of a folder within it have, by ids. Raises KnowledgeError for a line that is wrong.

    how: former ids and words for unknown ones, as `evaluate.read` takes them.
    """
    from bot import evaluate  # noqa: PLC0415 - see above

    for path in sorted((folder / name).glob("*.jsonl")):
        try:
            for case in evaluate.read(path, ids, ids, **how):
                yield Labelled(case.text, case.gold, case.author or path.stem, case.style or "")
        except evaluate.CasesError as error:
            raise KnowledgeError([Problem(f"{name}/{path.name}", 0, str(error), "Correct it")]) from error


def _not_installed(error: ImportError) -> KnowledgeError:
    message = f"learning needs {error.name}, the bot not"
    return KnowledgeError([Problem(UTTERANCES, 0, message, "Install it with `make .venv/test`")])


def as_readable_json(learnt: LearntFile) -> str:
    """Give JSON with one word, class or row to a line, so that a change can be read."""
    parts = []
    for key, value in learnt.model_dump().items():
        if isinstance(value, dict) and value and key not in {"known", "new"}:
            lines = (f"  {json.dumps(name, ensure_ascii=False)}: {_compact(item)}" for name, item in value.items())
            parts.append(f"{json.dumps(key)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(key)}: {_compact(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
