"""What people may want, by its names, with the phrases that they put it in, as the reader of small talk takes them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.domain.authored import Authored, Line
from bot.domain.loose_phrases import GAP
from bot.domain.quiz_content import Phrases
from bot.domain.smalltalk import Explained


class Phrased(Authored):
    """How something is put. `gapped` are phrases in which GAP stands for a few words."""

    phrases: Phrases
    gapped: tuple[Annotated[Line, Field(pattern=GAP)], ...] = ()


class PhrasedIntents(Authored):
    """What people may want, each a field of a class of `Phrased`.

    alike: words that mean the same in phrases. around: what says nothing more before or behind a phrase.
    """

    alike: tuple[Annotated[Phrases, Field(min_length=2)], ...] = ()
    around: tuple[Line, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of what they may want."""
        return tuple(self._by_name)

    @property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """Give the phrases by the intent they mean."""
        return {name: intent.phrases for name, intent in self._by_name.items()}

    @property
    def gapped(self) -> Mapping[str, tuple[str, ...]]:
        """Give the phrases with gaps by the intent they mean."""
        return {name: intent.gapped for name, intent in self._by_name.items()}

    @property
    def _by_name(self) -> Mapping[str, Phrased]:
        return {name: value for name, value in self if isinstance(value, Phrased)}


class PhrasedQuestions(PhrasedIntents):
    """Questions that are read by themselves: a `bot.domain.smalltalk.Talk`."""

    @property
    def kind(self) -> tuple[str, ...]:
        """Give what says nothing more beside a courtesy: there are none among these."""
        return ()

    @property
    def explained(self) -> Mapping[str, Explained]:
        """Give where people explain what they ask: nowhere, as what they add may be for somebody else."""
        return {}
