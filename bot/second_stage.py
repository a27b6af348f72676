"""The second stage at work: what was learnt for it, the encoder, and a thread of its own for both.

It runs on this machine, by numpy, and is asked for few messages. While something is missing (a file, the preparation
for a knowledge that was edited) the first stage decides alone; the first preparation, at a start, is waited for by
those messages that it is asked for.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import structlog

from bot import encoder
from bot.domain import faq
from bot.domain.contrast import contrast_of
from bot.domain.embeddings import Floats, Neighbours, SemanticScorer, SemanticScores
from bot.domain.faq import Reply, Surface
from bot.domain.matching import Candidate
from bot.domain.meanings import Meant, Place
from bot.encoder import Encoder, EncoderError
from bot.knowledge import Library

Seen = TypeVar("Seen")  # what was seen in a message

OF_KNOWLEDGE = 4_000  # texts of a knowledge whose embeddings are kept from one edit to the next, 1.5 kB each
REMEMBERED = 64  # texts whose embeddings are kept: a mention comes as two events, and each is decided about
MOST_OF_TALK = 300  # characters; who writes more tells a story, or asks something of their own
# What may be meant is named from this confidence on. Of messages by left-out authors that were not understood, three in
# four get such names then, and of these two in three the right one; of 201 others that are no such talk two get any.
MAYBE, MAYBE_MEANT = 0.1, 2
WAITING = 20  # messages that may wait for the encoder; more are decided by the first stage alone

log = structlog.get_logger()
_loaded = cache(encoder.load)  # a process needs it once


@lru_cache(maxsize=OF_KNOWLEDGE)
def _embedding_of(model: Path, text: str) -> Floats:
    """Give the embedding of a promise, or of a wording that nothing was learnt from: most outlast an edit."""
    return _loaded(model).encode(text)


def scorer_for(library: Library) -> SemanticScorer:
    """Prepare the second stage for this knowledge, which takes some 0.2 s, and give what scores a message with it.

    It is for texts of the knowledge, such as promises: most are the same after an edit, and each takes 10 ms, once.
    """
    second = SecondStage(embedded=partial(_embedding_of, encoder.MODEL))
    second.prepare(library)
    return partial(second.score, library=library)


def _log_failure(preparing: Future[None]) -> None:
    if not preparing.cancelled() and (error := preparing.exception()):
        log.error("the second stage could not be prepared, and the first decides alone", error=type(error).__name__)


class SecondStage:
    """Scores messages, for one snapshot of the knowledge at a time.

    `prepare` and `score` take long and may be called from any thread; what is a coroutine never blocks the loop.
    embedded: gives the embedding of a text by that model; without it, the last REMEMBERED are remembered.
    """

    def __init__(self, model: Path = encoder.MODEL, embedded: Callable[[str], Floats] | None = None) -> None:
        self._model = model
        self._encoder: Encoder | None = None
        self._broken = False
        self._prepared: tuple[Library, Neighbours] | None = None
        self._waiting = 0
        self._embedded = embedded or lru_cache(REMEMBERED)(self._embedding)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="second-stage")
        self._begun = False
        self._taken_up: Library | None = None
        self._preparing: Future[None] | None = None

    def take_up(self, library: Library) -> None:
        """Prepare for a snapshot of the knowledge in the background, once `begin` was called."""
        self._taken_up = library
        if self._begun:
            self._prepare_apart(library)

    def begin(self) -> None:
        """Begin to prepare for what was taken up: apart from a start, which would take longer with it."""
        if not self._begun:
            self._begun = True
            if self._taken_up is not None:
                self._prepare_apart(self._taken_up)

    def _prepare_apart(self, library: Library) -> None:
        """Prepare in the background; what goes wrong is logged."""
        self._preparing = self._thread.submit(self.prepare, library)
        self._preparing.add_done_callback(_log_failure)

    async def ready(self) -> None:
        """Wait until the preparation for what was taken up last is done, or has failed."""
        self.begin()
        if self._preparing is not None and not self._preparing.done():
            # Shielded: who does not wait any more must not call off what the others wait for.
            await asyncio.gather(asyncio.shield(asyncio.wrap_future(self._preparing)), return_exceptions=True)

    def prepare(self, library: Library) -> None:
        """Get ready for a snapshot of the knowledge: some 0.2 s, and 10 ms for each wording that is new, once."""
        embedded = library.embedded
        if embedded is None or library.thresholds.second is None or library.learnt is None or not self._load():
            return
        decoys = [text for decoy in library.not_answered for text in decoy.wordings]
        neighbours = Neighbours(
            {entry.id: self._embeddings(entry.wordings, embedded.texts) for entry in library.entries.values()},
            embedded.utterances,
            embedded.owners,
            embedded.unanswered,
            self._embeddings(decoys, embedded.texts),
            embedded.heads,
            (embedded.known, embedded.new),
        )
        scores = neighbours.score(self._embedding("warm up"))  # the first product is slow
        try:
            library.index.rank(next(iter(library.entries.values())).keywords[0], semantic=scores)
        except ValueError:  # numpy's, where the networks expect other features than there are
            log.warning("the second stage was learnt for another version; `rolefit check --calibrate` learns it anew")
            return
        self._prepared = library, neighbours

    def score(self, text: str, library: Library) -> SemanticScores | None:
        """Give what the second stage makes of a message; None where it is not ready for this snapshot."""
        prepared = self._prepared
        if prepared is None or prepared[0] is not library:
            return None
        return prepared[1].score(self._of_message(text, library))

    def _of_message(self, text: str, library: Library) -> Floats:
        """Give the embedding of a message, which is known where it is word for word one of the knowledge."""
        embedding = library.embedded.texts.get(text) if library.embedded else None
        return self._embedded(text) if embedding is None else embedding

    async def reply_to(self, text: str, surface: Surface, library: Library, after: str | None = None) -> Reply:
        """Decide as `faq.reply_to` does, with the second stage on a thread of its own where it is worth asking."""
        text = faq.as_asked(text, surface)
        whole = await self._reply_to_one(text, surface, library, after)
        if contrast := contrast_of(text):
            asked = await self._reply_to_one(contrast.asked, surface, library, after)
            set_aside = await self._reply_to_one(contrast.set_aside, surface, library, after)
            whole = faq.of_contrast(whole, asked, set_aside, surface)
        replies: list[Reply] = []
        for question in faq.questions_apart(text, whole, surface):
            before = faq.answered_before(replies, after)
            replies.append(await self._reply_to_one(question, surface, library, before))
        return faq.of_questions(whole, replies, text)

    async def _reply_to_one(self, text: str, surface: Surface, library: Library, after: str | None) -> Reply:
        """Decide about a message as a whole."""
        replies: list[Reply] = []
        for read, leant_on in faq.readings_of(text, surface, library.index, after):
            replies.append(await self._reply_to_reading(read, surface, library, leant_on))
            if isinstance(replies[-1], faq.Answer):
                break
        return faq.likeliest_of(replies)

    async def _reply_to_reading(self, text: str, surface: Surface, library: Library, after: str | None) -> Reply:
        """Decide about one reading of a message.

        Where the second stage is worth it whatever the first says, that one is asked only if the second has nothing to
        say.
        """
        index, thresholds = library.index, library.thresholds
        reply, worth = None, faq.always_worth_asking(surface, thresholds)
        if not worth:
            reply, worth = faq.first_reply(text, surface, index, thresholds, after=after)
        scores = await self._scores(text, library) if worth else None
        if scores is not None:
            return faq.second_reply(text, surface, index, thresholds, scores, after=after)
        return reply or faq.first_reply(text, surface, index, thresholds, after=after)[0]

    async def rank(
        self, text: str, surface: Surface, library: Library, after: str | None = None
    ) -> tuple[Candidate, ...]:
        """Give the candidates that `reply_to` decides by, best first, as `faq.rank` does.

        Which texts are to be scored shows while ranking: it is done anew with their scores until none is missing.
        """
        scores: dict[str, SemanticScores | None] = {}
        missing: list[str] = []

        def scored(asked: str) -> SemanticScores | None:
            if asked not in scores:
                missing.append(asked)
            return scores.get(asked)

        while True:
            ranked = faq.rank(text, surface, library.index, library.thresholds, after=after, scorer=scored)
            if not missing:
                return ranked
            scores.update([(asked, await self._scores(asked, library)) for asked in missing])
            missing.clear()

    async def _scores(self, text: str, library: Library) -> SemanticScores | None:
        """Score a message on the thread of this stage; None where it is not ready, or too many others wait.

        What is asked by a knowledge that was edited just now is not ready, and the thread is busy with it.
        """
        return await self._apart(self.score, text, library) if await self._is_prepared(library) else None

    async def _is_prepared(self, library: Library) -> bool:
        """Say whether a message can be looked at with this snapshot; the first preparation is waited for."""
        if self._prepared is None:
            await self.ready()
        return self._prepared is not None and self._prepared[0] is library and self._waiting < WAITING

    async def _apart(self, look: Callable[[str, Library], Seen], text: str, library: Library) -> Seen:
        """Look at a message on the thread of this stage."""
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, look, text, library)
        finally:
            self._waiting -= 1

    async def meant(self, text: str, place: Place, library: Library, least: float | None = None) -> str | None:
        """Give what somebody means who asks no question of the subject, by its name; None if that is not sure.

        least: the confidence that is wanted where it is more than usual. Nothing is ever sure without the encoder,
        where nothing was learnt of such talk, while too many others wait, or of more than MOST_OF_TALK characters.
        """
        meanings, ranked = library.learnt_talk.get(place), await self._meanings(text, place, library)
        if meanings is None or not ranked:
            return None
        sure = max(meanings.least, least or 0.0)
        return ranked[0].name if ranked[0].confidence >= sure else None

    async def maybe_meant(self, text: str, place: Place, library: Library) -> tuple[str, ...]:
        """Give what somebody may mean where `meant` is not sure: up to MAYBE_MEANT names, likeliest first."""
        ranked = await self._meanings(text, place, library)
        return tuple(meant.name for meant in ranked if meant.confidence >= MAYBE)[:MAYBE_MEANT]

    async def _meanings(self, text: str, place: Place, library: Library) -> list[Meant]:
        meanings = library.learnt_talk.get(place)
        if meanings is None or len(text) > MOST_OF_TALK or not await self._is_prepared(library):
            return []
        return meanings.rank(await self._apart(self._of_message, text, library))

    def close(self) -> None:
        """End the thread; what waits for it is given up."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _load(self) -> bool:
        if self._encoder is None and not self._broken:
            try:
                self._encoder = _loaded(self._model)
            except EncoderError as error:
                self._broken = True
                log.warning("the second stage is left out, and the first decides alone", reason=str(error))
        return self._encoder is not None

    def _embeddings(self, texts: Sequence[str], computed: Mapping[str, Floats]) -> Floats:
        """Give a row for each text, computed only where it is not known."""
        rows = [computed[text] if text in computed else _embedding_of(self._model, text) for text in texts]
        return np.array(rows, np.float32).reshape(-1, encoder.SIZE)

    def _embedding(self, text: str) -> Floats:
        assert self._encoder is not None  # noqa: S101 - nothing is prepared without it
        return self._encoder.encode(text)
