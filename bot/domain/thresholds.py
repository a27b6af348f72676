"""What is tuned about replies: from which confidence on what is said, and what is worth the second stage.

These are the models of `matching.yaml`; `bot.domain.faq` decides by them.
"""

from typing import Annotated

from pydantic import Field

from bot.domain.authored import Authored
from bot.domain.judging import Calibration

QUESTION_TO_US = 2.32  # where matching.yaml does not say; learning finds it, see bot/train.py

MORE_LIKELY_THAN_NOT = 0.5

Probability = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=-100, le=100)]


class LookWeights(Authored):
    """What makes a message worth asking the second stage about, as log-odds besides those of the first's confidence.

    Chatter is long and in other words. bot/train_weights.py learns these; the values here are for a matching.yaml that
    has none.
    """

    bias: Weight = -2.464
    question: Weight = 0.47  # put as a question
    known_words: Weight = 8.4  # of the share of tokens that were learnt from
    field: Weight = 0.09  # of the share that words of the field have
    length: Weight = -1.67


class QuestionWeights(Authored):
    """How much speaks for a question to us rather than for everyday talk of engineers, as log-odds.

    bot/train_weights.py learns these; the values here are for a matching.yaml that has none.
    """

    bias: Weight = -4.042
    confidence: Weight = 0.473  # of its log-odds
    near: Weight = 5.734  # of the cosine similarity to the nearest known wording
    declined: Weight = 4.132  # of that to the nearest decoy, which is of the field as well
    answerable: Weight = 0.0  # of the log-odds that some entry answers it, by its embedding
    names: Weight = 1.491  # a role, a company or a person is named
    question: Weight = 0.496  # put as a question
    statement: Weight = -0.64
    known_words: Weight = 0.0  # of the share of tokens that were learnt from
    field: Weight = 0.0  # of the share that words of the field have
    length: Weight = 0.0


LOOKING, ASKING_US = LookWeights(), QuestionWeights()


class SecondThresholds(Authored):
    """The thresholds where the second stage was asked, and for which messages it is."""

    worth: Probability  # unprompted, ask it from this confidence of the first stage on
    worth_named: Probability  # the same where a role, a company or a person is named
    sure: Probability
    asked: Probability = MORE_LIKELY_THAN_NOT
    maybe: Probability
    question: Annotated[float, Field(ge=-50, le=50)] = QUESTION_TO_US  # unprompted, answer from these odds on
    look: LookWeights = LOOKING
    to_us: QuestionWeights = ASKING_US


class ReplyThresholds(Authored):
    """The file `matching.yaml`: from which confidence on what is said, and the calibration of the confidence."""

    sure: Probability  # unprompted, answer from here on
    gap: Probability  # and only if the runner-up is this far behind
    asked: Probability  # where the bot was asked, answer from here on
    maybe: Probability  # where the bot was asked, suggest from here on
    # Unprompted, no phrasing is looked at where the words score less, in log-odds; none: where nothing was learnt.
    in_scope: Annotated[float, Field(ge=-100, le=100)] | None = None
    second: SecondThresholds | None = None  # none: there is no second stage
    calibration: Calibration

    def for_second_stage(self) -> "ReplyThresholds":
        """Give the thresholds for what the second stage had a part in."""
        if self.second is None:
            return self
        of_both = {"sure": self.second.sure, "asked": self.second.asked, "maybe": self.second.maybe}
        return self.model_copy(update=of_both)

    @property
    def follow_up(self) -> float:
        """Unprompted, from here on a message is answered that goes on from an answer in its thread."""
        return min(self.sure, MORE_LIKELY_THAN_NOT)
