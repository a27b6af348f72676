"""What the matcher is promised to do: each phrasing leads to its own entry, and checks.yaml is kept.

A phrasing is ranked twice, since its two ranks differ: among the other phrasings, without it and what was learnt from
it, it must not belong to another entry; and as the bot ranks it, its own entry must be the answer.
"""

from collections.abc import Collection, Iterator

import numpy as np

from bot.domain import faq
from bot.domain.content import Check, Entry
from bot.domain.embeddings import SemanticScorer
from bot.knowledge.library import Library
from bot.knowledge.phrases import wordings
from bot.knowledge.problems import Problem
from bot.knowledge.yaml_file import YamlFile

# Cosine similarity of a wording to another entry's nearest, from which the second stage may take it for that one. Below
# it gave no other entry more than .14, and each its own .86 or more, in 1,576 wordings of 96 entries.
CONFUSABLE = 0.8


def find_misplaced_wordings(library: Library, file: YamlFile, scorer: SemanticScorer | None) -> Iterator[Problem]:
    """Find questions and phrasings that lead to another entry, or not to their own; `file` is faq.yaml.

    Without the second stage (`scorer`), the first decides alone. With it, only wordings that it has not learnt or that
    are near to one of another entry are put to it: for the rest it would take long and change nothing.
    """
    confusable = _confusable(library) if scorer else frozenset()
    for position, entry in enumerate(library.entries.values()):
        for path, text in wordings(position, entry):
            wording_scorer = scorer if text in confusable else None
            if misplaced := _misleading(text, entry, library) or _lost(text, entry, library, wording_scorer):
                kind = "question" if path[-1] == "question" else "phrasing"
                message, remedy = misplaced
                yield file.problem(path, f"the {kind} {text!r} of {entry.id!r} {message}", remedy)


def _misleading(text: str, entry: Entry, library: Library) -> tuple[str, str] | None:
    """Give problem and remedy if a wording resembles those of another entry more than its own; None otherwise."""
    # The wording itself is left out of the index, where it would match itself and hide what comes second.
    ranked = library.index.rank(text, limit=1, without=text)
    if not ranked or ranked[0].entry == entry.id or ranked[0].confidence < (1 + library.thresholds.sure) / 2:
        return None
    return f"matches {ranked[0].entry!r} better", "Reword this one, or move it there"


def _lost(text: str, entry: Entry, library: Library, scorer: SemanticScorer | None) -> tuple[str, str] | None:
    """Give problem and remedy if a wording, put to the bot, is not answered with its own entry; None if it is."""
    reply = faq.reply_to(text, faq.Surface.MENTION, library.index, library.thresholds, scorer=scorer)
    entries = _entries(reply)
    if isinstance(reply, faq.Answer) and entry.id in entries:
        return None
    others = " and ".join(repr(other) for other in entries if other != entry.id)
    if isinstance(reply, faq.Answer):
        message = f"is answered by {others} when the bot is asked"
        return message, f"Reword this one, or move it there; or make the phrasings of {others} more specific"
    near = f"; it is as near to {others}" if others else ""
    message = f"is not answered by it when the bot is asked{near}"
    return message, "Put it in words that make it this question and no other"


def _confusable(library: Library) -> Collection[str]:
    """Give the wordings that are near to one of another entry, or have no embedding yet."""
    vectors = library.embedded.texts if library.embedded else {}
    owned = [(owner, text) for owner, entry in enumerate(library.entries.values()) for text in entry.wordings]
    new = {text for _, text in owned if text not in vectors}
    embedded = [(owner, text) for owner, text in owned if text not in new]
    if not embedded:
        return new
    points = np.array([vectors[text] for _, text in embedded])
    owners = np.array([owner for owner, _ in embedded])
    near = points @ points.T >= CONFUSABLE
    return new | {embedded[at][1] for at in np.flatnonzero((near & (owners[:, None] != owners)).any(axis=1)).tolist()}


def find_broken_promises(library: Library, file: YamlFile, scorer: SemanticScorer | None) -> Iterator[Problem]:
    """Find promises that are not kept; `file` is checks.yaml.

    Without the second stage (`scorer`), a promise that the first stage leaves to it is not tried.
    """
    for position, check in enumerate(library.checks.checks):
        reply = _reply(check, library, scorer)
        if reply is None:
            continue
        if check.expect not in (_entries(reply) or ["silence"]):
            message = f"{check.say!r} should get {check.expect}, and {_what_happens(reply, check, library)}"
            remedy = "Add a phrasing or a synonym, or correct the promise"
            remedy += "; if it was kept until now, reword what you have added"
            yield file.problem(("checks", position, "say"), message, remedy)


def _what_happens(reply: faq.Reply, check: Check, library: Library) -> str:
    """Put in words what somebody gets who writes the text of a promise: "gets silence"."""
    if language := library.language.identify(check.say):
        return f"is taken for {language.title()}, which the bot does not answer in"
    match reply:
        case faq.Answer():
            return f"gets {' and '.join(_entries(reply))}"
        case faq.Suggestions():
            return f"is asked whether it means {' or '.join(_entries(reply))}"
        case faq.NoAnswer():
            return "is told that the bot has no answer"
        case faq.Silence():
            return "gets silence"


def _reply(check: Check, library: Library, scorer: SemanticScorer | None) -> faq.Reply | None:
    """Give the reply to the text of a promise; None if the second stage would decide it, and is off.

    Unprompted, the first stage alone answers only what it is sure of. In another language there is no answer.
    """
    if library.language.identify(check.say):
        return faq.Silence()
    surface, index, thresholds = faq.Surface(check.surface), library.index, library.thresholds
    after = library.leaning(check.say, check.after)
    if scorer is not None:
        return faq.reply_to(check.say, surface, index, thresholds, after=after, scorer=scorer)
    reply, worth = faq.first_reply(faq.as_asked(check.say, surface), surface, index, thresholds, after=after)
    left_to_second_stage = reply == faq.Silence() and worth and surface in faq.UNPROMPTED
    return None if left_to_second_stage else reply


def _entries(reply: faq.Reply) -> list[str]:
    """Name the entries that a reply answers with or suggests."""
    return [candidate.entry for candidate in faq.offered_by(reply)]
