"""What the embedding of a message says of the entries: the second stage, for the few messages that words leave open.

An embedding is a point on the unit sphere, near to those of texts that mean much the same; `bot.encoder` computes it.
Here it is compared with the phrasings, with utterances that an entry was labelled with, with those that none answers
and with the decoys, and given to linear classifiers; two networks weigh that together with what the first stage judges
by.
`bot.train_second_stage` computes all of it; nothing here learns.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bot.domain.learnt import NOTHING, Network

Floats = npt.NDArray[np.float32]

LIKELY, NEAREST = 3, 3  # entries that are judged whatever the first stage says: by the classifier, and by nearness
MEANT = 3  # phrasings of an entry, the nearest, whose mean nearness is looked at
SHARPNESS, MIDDLE = 20.0, 0.5  # of the kernel exp(SHARPNESS * (cosine - MIDDLE)) that nearness is summed up by
LEAST_MASS = 1e-3  # below which a sum is as good as nothing


@dataclass(frozen=True, eq=False, repr=False)
class Heads:
    """Linear classifiers over embeddings.

    topics: (C + 1) × 384, a row for each of the C `entries` it knows, and last one for what no entry answers.
    answerable: 384, speaks for a message that some entry answers.
    """

    entries: tuple[str, ...]
    topics: Floats
    topics_intercepts: Floats
    answerable: Floats
    answerable_intercept: float


@dataclass(frozen=True, eq=False, repr=False)
class Embedded:
    """What the second stage learnt, and embeddings that it need not compute again.

    texts: of questions, phrasings and decoys. utterances: U × 384, and the entry that answers each. unanswered:
    utterances that no entry answers.
    """

    heads: Heads
    known: Network
    new: Network
    texts: Mapping[str, Floats]
    utterances: Floats
    owners: tuple[str, ...]
    unanswered: Floats


class Neighbours:
    """All that is known of the entries as points, ready to be compared with messages."""

    def __init__(
        self,
        phrasings: Mapping[str, Floats],
        utterances: Floats,
        owners: Sequence[str],
        unanswered: Floats,
        decoys: Floats,
        heads: Heads,
        networks: tuple[Network, Network] | None = None,
    ) -> None:
        """Take the embeddings of each entry's phrasings (P × 384, in the order of the index), and the rest."""
        self._phrasings = np.concatenate(list(phrasings.values()))
        self._starts = np.concatenate([[0], np.cumsum([len(points) for points in phrasings.values()])])
        positions = {name: at for at, name in enumerate(phrasings)}
        own = sorted((positions[owner], at) for at, owner in enumerate(owners) if owner in positions)
        self._utterances = utterances[[at for _, at in own]]
        self._labelled = np.array([entry for entry, _ in own], np.intp)
        self._labelled_starts = np.searchsorted(self._labelled, np.arange(len(phrasings) + 1))
        self._unanswered = unanswered
        self._decoys, self._heads, self._networks = decoys, heads, networks
        self._head_of = {positions[name]: at for at, name in enumerate(heads.entries) if name in positions}
        self._entries = {at: entry for entry, at in self._head_of.items()}

    def score(self, embedding: Floats) -> "SemanticScores":
        """Compare a message, given by its embedding, with all of it."""
        near = self._phrasings @ embedding
        phrased = np.maximum.reduceat(near, self._starts[:-1])
        near_used = self._utterances @ embedding
        used = phrased.copy()
        mass = np.add.reduceat(_kernel(near), self._starts[:-1])
        if len(self._labelled):
            np.maximum.at(used, self._labelled, near_used)
            mass += np.bincount(self._labelled, _kernel(near_used), len(mass)).astype(np.float32)
        declined, unanswered = self._decoys @ embedding, self._unanswered @ embedding
        none = float(_kernel(declined).sum() + _kernel(unanswered).sum())
        logits = self._heads.topics @ embedding + self._heads.topics_intercepts
        likely = [self._entries[at] for at in np.argsort(-logits[:-1])[:LIKELY].tolist() if at in self._entries]
        return SemanticScores(
            places=self._head_of,
            networks=self._networks,
            logits=logits,
            answerable=float(embedding @ self._heads.answerable) + self._heads.answerable_intercept,
            similarities=[near[a:b] for a, b in pairwise(self._starts.tolist())],
            uses=[near_used[a:b] for a, b in pairwise(self._labelled_starts.tolist())],
            phrased=phrased,
            used=used,
            declined=float(declined.max()) if len(declined) else 0.0,
            unanswered=max(float(points.max(initial=-1.0)) for points in (declined, unanswered)),
            mass=np.log(mass + LEAST_MASS),
            whole_mass=math.log(float(mass.sum()) + LEAST_MASS),
            none_mass=math.log(none + LEAST_MASS),
            entries=tuple(sorted({*likely, *np.argsort(-phrased)[:NEAREST].tolist()})),
        )


@dataclass(frozen=True, eq=False)
class SemanticScores:
    """What the embedding of one message says. Entries are named by their place in the index; similarities are cosines.

    places: of the entries that the classifier knows, among the logits.
    networks: judge these, and those that are new; None while they are being learnt.
    logits: of the known entries and, last, of none.
    answerable: logit of being answered by some entry.
    similarities, uses: to each phrasing of each entry, and to each of its utterances.
    phrased, used: similarity to the nearest phrasing of each entry, and to its nearest phrasing or utterance.
    declined: similarity to the nearest decoy. unanswered: to the nearest decoy or utterance that no entry answers.
    mass, whole_mass, none_mass: logarithm of the nearness summed up over all wordings of each entry, of all entries,
    and over what no entry answers: one near wording may be chance, many are not.
    entries: those to judge whatever the first stage says of them.
    """

    places: Mapping[int, int]
    networks: tuple[Network, Network] | None
    logits: Floats
    answerable: float
    similarities: Sequence[Floats]
    uses: Sequence[Floats]
    phrased: Floats
    used: Floats
    declined: float
    unanswered: float
    mass: Floats
    whole_mass: float
    none_mass: float
    entries: tuple[int, ...]

    def near(self, entry: int) -> "Nearness":
        """Return how near the message is to an entry, and to what is not answered."""
        return Nearness(float(self.used[entry]), self.declined, self.answerable)

    def beyond(self, entry: int, *, known: bool) -> tuple[float, ...]:
        """Give what a network judges an entry by besides what the first stage does.

        For an entry that is `known` to the classifiers: how far its logit is above that of "none", above the sum of
        all and above the best other, how far "none" is above the sum, its own logit and that of "none". For another:
        how far the best known entry is above "none", "none" above the sum, and the logit of "none". Then for both the
        logit of being answerable, the nearness of its phrasings (best, mean of three, lead over other entries), that
        of the decoys and the margin; the nearest wording that no entry answers and the margin of the entry to it; the
        summed nearness of the entry over that of none and of all entries, that of none, its own; the mean of its three
        nearest wordings; and for one that is known its nearest utterance or phrasing and the lead of that.
        """
        none, total, first, second = self._spread
        nearest = self.similarities[entry]
        near, used, mass = float(self.phrased[entry]), float(self.used[entry]), float(self.mass[entry])
        common = (
            self.answerable,
            near,
            float(np.sort(nearest)[-MEANT:].mean()),
            _lead(self.phrased, entry),
            self.declined,
            near - self.declined,
            self.unanswered,
            used - self.unanswered,
            mass - self.none_mass,
            mass - self.whole_mass,
            self.none_mass,
            mass,
            float(np.sort(np.concatenate([nearest, self.uses[entry]]))[-MEANT:].mean()),
        )
        if not known:
            return (first - none, none - total, none, *common)
        own = float(self.logits[self.places[entry]])
        lead = own - (second if own == first else first)
        return (own - none, own - total, lead, none - total, own, none, *common, used, _lead(self.used, entry))

    @cached_property
    def _spread(self) -> tuple[float, float, float, float]:
        """The logit of none, the logarithm of the sum of all, and the best two of the entries."""
        second, first = np.partition(np.append(self.logits[:-1], (NOTHING, NOTHING)), -2)[-2:].tolist()
        return float(self.logits[-1]), float(np.logaddexp.reduce(self.logits)), first, second


@dataclass(frozen=True)
class Nearness:
    """What the embedding of a message says of an entry and of questions to us.

    known, declined: cosine similarities, to the nearest wording known of the entry and to the nearest decoy.
    answerable: log-odds that some entry answers the message.
    """

    known: float
    declined: float
    answerable: float


def _kernel(similarities: Floats) -> Floats:
    """Turn cosine similarities into what is summed up: next to nothing for all that are not near."""
    return np.asarray(np.exp(np.float32(SHARPNESS) * (similarities - np.float32(MIDDLE))), np.float32)


def _lead(values: Floats, at: int) -> float:
    """Return how far one value is above the highest of the others."""
    others = np.delete(values, at)
    return float(values[at] - others.max()) if len(others) else 1.0


SemanticScorer = Callable[[str], SemanticScores | None]  # the second stage: message -> scores, None if not ready
