"""What is said to who has got a result, where they ask about it."""

from typing import Annotated

from bot.domain.authored import Line
from bot.domain.copy_question import Shown
from bot.knowledge.words.phrased import Phrased, PhrasedQuestions
from bot.knowledge.words.texts import Plain, text

OfCopy = Annotated[Line, text("sender", "parts", "seen", "talk", "table", "mute", "send")]


class Asked(Phrased):
    """Something that a recipient asks about a copy: how they put it, and what to say to it.

    `shows` is what of the copy stands below the reply, as far as it was shared; `missing` is said instead of the reply
    where nothing of it was.
    """

    reply: OfCopy
    shows: tuple[Shown, ...] = ()
    missing: OfCopy | None = None


class ReceivedWords(PhrasedQuestions):
    """What the recipient of a result asks about it, by what they want to know.

    elsewhere: to who asks outside the thread of the copy.
    """

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
