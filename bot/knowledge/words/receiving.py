"""What is said to who has got a result, where they ask about it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.domain.authored import Authored, Line
from bot.domain.copy_question import Shown
from bot.domain.loose_phrases import GAP
from bot.domain.quiz_content import Phrases
from bot.domain.smalltalk import Explained
from bot.knowledge.words.texts import Plain, text

OfCopy = Annotated[Line, text("sender", "parts", "seen", "talk", "table", "mute", "send")]


class Asked(Authored):
    """Something that a recipient asks about a copy: how they put it, and what to say to it.

    `gapped` are phrases in which GAP stands for a few words. `shows` is what of the copy stands below the reply, as far
    as it was shared; `missing` is said instead of the reply where nothing of it was.
    """

    phrases: Phrases
    gapped: tuple[Annotated[Line, Field(pattern=GAP)], ...] = ()
    reply: OfCopy
    shows: tuple[Shown, ...] = ()
    missing: OfCopy | None = None


class ReceivedWords(Authored):
    """What the recipient of a result asks about it, by what they want to know.

    alike: words that mean the same in phrases. around: what says nothing more before or behind a phrase. elsewhere: to
    who asks outside the thread of the copy.
    """

    alike: tuple[Annotated[Phrases, Field(min_length=2)], ...] = ()
    around: tuple[Line, ...] = ()
    meaning: Asked
    how_sure: Asked
    trust: Asked
    good_or_bad: Asked
    second: Asked
    bars: Asked
    table: Asked
    why: Asked
    change: Asked
    grading: Asked
    answers: Asked
    ask_her: Asked
    herself: Asked
    whose: Asked
    skipped: Asked
    questions: Asked
    who_sees_replies: Asked
    others_see: Asked
    forward: Asked
    stop: Asked
    delete: Asked
    hire: Asked
    review: Asked
    title: Asked
    act: Asked
    tell: Asked
    talk: Asked
    person: Asked
    compare: Asked
    others_do_it: Asked
    buttons: Asked
    elsewhere: Annotated[Line, text("sender", "link")]
    elsewhere_link: Plain

    def of(self, name: str) -> Asked:
        """Give the phrases of a question and the reply to it, by its name here."""
        asked: Asked = getattr(self, name)
        return asked

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of the questions."""
        return tuple(name for name, field in type(self).model_fields.items() if field.annotation is Asked)

    @property
    def phrases(self) -> Mapping[str, tuple[str, ...]]:
        """Give the phrases by the question they mean."""
        return {name: self.of(name).phrases for name in self.names}

    @property
    def gapped(self) -> Mapping[str, tuple[str, ...]]:
        """Give the phrases with gaps by the question they mean."""
        return {name: self.of(name).gapped for name in self.names}

    @property
    def kind(self) -> tuple[str, ...]:
        """Give what says nothing more beside a courtesy: there are none among these."""
        return ()

    @property
    def explained(self) -> Mapping[str, Explained]:
        """Give where people explain what they ask: nowhere, as what they add may be for the sender."""
        return {}
