"""Questions by their names, with the phrases that people put them in, as the reader of small talk takes them."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.domain.authored import Authored, Line
from bot.domain.loose_phrases import GAP
from bot.domain.quiz_content import Phrases
from bot.domain.smalltalk import Explained


class Phrased(Authored):
    """How a question is put. `gapped` are phrases in which GAP stands for a few words."""

    phrases: Phrases
    gapped: tuple[Annotated[Line, Field(pattern=GAP)], ...] = ()


class PhrasedQuestions(Authored):
    """Questions, each a field of a class of `Phrased`: a `bot.domain.smalltalk.Talk`.

    alike: words that mean the same in phrases. around: what says nothing more before or behind a phrase.
    """

    alike: tuple[Annotated[Phrases, Field(min_length=2)], ...] = ()
    around: tuple[Line, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of the questions."""
        return tuple(self._by_name)

    @property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """Give the phrases by the question they mean."""
        return {name: question.phrases for name, question in self._by_name.items()}

    @property
    def gapped(self) -> Mapping[str, tuple[str, ...]]:
        """Give the phrases with gaps by the question they mean."""
        return {name: question.gapped for name, question in self._by_name.items()}

    @property
    def kind(self) -> tuple[str, ...]:
        """Give what says nothing more beside a courtesy: there are none among these."""
        return ()

    @property
    def explained(self) -> Mapping[str, Explained]:
        """Give where people explain what they ask: nowhere, as what they add may be for somebody else."""
        return {}

    @property
    def _by_name(self) -> Mapping[str, Phrased]:
        return {name: value for name, value in self if isinstance(value, Phrased)}
