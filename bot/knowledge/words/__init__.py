"""The file `words.yaml` as models: all that the bot says besides answers and questions of the quiz.

A text is declared with the placeholders that it may have, in the module of what it is about; `texts` has the types. To
say something new, declare it there, write it in knowledge/words.yaml, and say it in a module of bot.slack.
"""

from collections.abc import Mapping

from bot.domain.authored import Authored
from bot.domain.meanings import Place
from bot.domain.meant_in_round import phrases_at
from bot.domain.quiz_content import TypedWords
from bot.knowledge.words.comparing import CompareWords
from bot.knowledge.words.faq import FaqWords, FeedbackWords, MannersWords
from bot.knowledge.words.personal import FirstContactWords, HomeWords, PrivacyWords
from bot.knowledge.words.quiz import GradedWords, QuizWords, ResultWords, RoundExamples, RoundTopicsWords
from bot.knowledge.words.receiving import Asked, ReceivedWords
from bot.knowledge.words.sharing import ShareWords
from bot.knowledge.words.talk import LanguagesWords, Talk, TalkWords, TerminalWords
from bot.knowledge.words.texts import Placeholders
from bot.knowledge.words.workspace import FirstStepsWords, GapsWords, InstallWords

__all__ = [
    "Asked",
    "CompareWords",
    "FaqWords",
    "FeedbackWords",
    "FirstContactWords",
    "FirstStepsWords",
    "GapsWords",
    "GradedWords",
    "HomeWords",
    "InstallWords",
    "LanguagesWords",
    "MannersWords",
    "Placeholders",
    "PrivacyWords",
    "QuizWords",
    "ReceivedWords",
    "ResultWords",
    "RoundExamples",
    "RoundTopicsWords",
    "ShareWords",
    "Talk",
    "TalkWords",
    "TerminalWords",
    "Words",
]


class Words(Authored):
    """The file `words.yaml`: everything the bot says that is neither an answer nor a question of the quiz."""

    faq: FaqWords
    feedback: FeedbackWords
    manners: MannersWords
    talk: TalkWords
    terminal: TerminalWords
    languages: LanguagesWords
    quiz: QuizWords
    typed: TypedWords
    result: ResultWords
    graded: GradedWords
    round_examples: RoundExamples
    round_topics: RoundTopicsWords
    share: ShareWords
    received: ReceivedWords
    compare: CompareWords
    home: HomeWords
    privacy: PrivacyWords
    gaps: GapsWords
    install: InstallWords
    first_contact: FirstContactWords
    first_steps: FirstStepsWords

    @property
    def places_of_talk(self) -> Mapping[Place, Mapping[str, tuple[str, ...]]]:
        """Give the phrases by what people want besides answers, for each place where they say it."""
        return {
            Place.TALK: self.talk.phrases,
            **{place: phrases_at(place, self.talk.phrases, self.typed) for place in (Place.QUIZ, Place.RESULT)},
            Place.RECEIVED: self.received.phrases,
        }
