"""What is said to small talk, in the terminal instead, and to who does not write in English."""

from collections.abc import Mapping
from typing import Annotated

from bot.domain.authored import Authored, Line
from bot.domain.language import Language
from bot.domain.smalltalk import Explained
from bot.knowledge.words.phrased import Phrased, PhrasedIntents
from bot.knowledge.words.texts import Plain, text


class Talk(Phrased):
    """Something people say besides questions: how they put it, and what to say to it; None is silence.

    `in_quiz` is said instead in the thread of a run, and
    `below_result` once that has a result to share. `begins` puts the button that begins the quiz below the reply, and
    `person` how a person can be reached. `explained` says where a sentence that asks nothing may stand beside a phrase.
    `example` is a phrase to quote to who may have meant it.
    """

    reply: Plain | None = None
    in_quiz: Plain | None = None
    below_result: Plain | None = None
    begins: bool = False
    person: bool = False
    explained: Explained | None = None
    example: Plain | None = None


class TalkWords(PhrasedIntents):
    """What people say to a bot besides questions, by what they want.

    kind: what says nothing more beside a greeting, thanks or a goodbye.
    """

    kind: tuple[Line, ...] = ()
    acknowledgement: Talk
    greeting: Talk
    thanks: Talk
    help: Talk
    identity: Talk
    maker: Talk
    sources: Talk
    funding: Talk
    certainty: Talk
    which_better: Talk
    privacy: Talk
    kept: Talk
    listening: Talk
    deletion: Talk
    sharing: Talk
    taking_back: Talk
    telling: Talk
    comparing: Talk
    own_result: Talk
    next_steps: Talk
    about_quiz: Talk
    for_whom: Talk
    begin: Talk
    stop: Talk
    hush: Talk
    quiet: Talk
    complaint: Talk
    bored: Talk
    misunderstood: Talk
    confused: Talk
    person: Talk
    bye: Talk
    choosing: Talk
    declining: Talk
    rewording: Talk
    which_one: Talk
    of_whom: Talk
    offered: Talk
    shy: Talk
    memory: Talk
    updated: Talk
    languages_spoken: Talk
    opinion: Talk
    off_subject: Talk
    above: Talk

    def of(self, intent: str) -> Talk:
        """Give the phrases of an intent and the reply to it, by its name here."""
        talk: Talk = getattr(self, intent)
        return talk

    @property
    def explained(self) -> Mapping[str, Explained]:
        """Give where people explain what they say, by the intents of which they do."""
        places = {intent: self.of(intent).explained for intent in self.names}
        return {intent: place for intent, place in places.items() if place}


class TerminalWords(Authored):
    """What `rolefit chat` says in place of what speaks of buttons, threads and what is kept."""

    greeting: Plain
    help: Plain
    help_in_quiz: Plain
    identity: Plain
    funding: Plain
    certainty: Plain
    which_better: Plain
    privacy: Plain
    privacy_in_quiz: Plain
    maker: Plain
    kept: Plain
    listening: Plain
    deletion: Plain
    sharing: Plain
    sharing_in_quiz: Plain
    taking_back: Plain
    telling: Plain
    comparing: Plain
    own_result: Plain
    own_result_in_quiz: Plain
    next_steps: Plain
    next_steps_in_quiz: Plain
    quiet: Plain
    about_quiz: Plain
    about_quiz_in_quiz: Plain
    for_whom: Plain
    for_whom_in_quiz: Plain
    begin: Plain
    begin_in_quiz: Plain
    hush: Plain
    stop: Plain
    complaint: Plain
    complaint_in_quiz: Plain
    misunderstood: Plain
    confused: Plain
    person: Plain
    bye: Plain
    bye_in_quiz: Plain
    choosing: Plain
    choosing_in_quiz: Plain
    offered: Plain
    nothing_offered: Plain
    memory: Plain
    paused: Plain
    stopped: Plain
    unsure: Annotated[Line, text("options")]
    finished: Plain
    may_start_over: Plain
    which_offered: Annotated[Line, text("first", "second")]
    unclear_purpose: Plain
    nothing_to_weigh: Plain
    of_slack: Annotated[Line, text("argument")]
    near: Annotated[Line, text("near", "asked")]

    @property
    def of_quiz(self) -> Mapping[str, str]:
        """Give what is said in a round in place of texts of the quiz, by their names there."""
        return {
            name: getattr(self, name) for name in ("finished", "may_start_over", "which_offered", "unclear_purpose")
        }

    def talk(self, intent: str, talk: Talk, *, in_quiz: bool) -> str | None:
        """Give the reply to small talk of this name: that of the terminal, if there is one; None is silence."""
        own: str | None = getattr(self, intent, None)
        if not in_quiz:
            return own or talk.reply
        own_in_quiz: str | None = getattr(self, f"{intent}_in_quiz", None)
        return own_in_quiz or talk.in_quiz or own or talk.reply


class LanguagesWords(Authored):
    """That the bot speaks English alone so far, and what to ask, in each of the languages that it recognises.

    other: in English, to who writes in letters of yet another one.
    """

    german: Annotated[Line, text("example")]
    french: Annotated[Line, text("example")]
    spanish: Annotated[Line, text("example")]
    portuguese: Annotated[Line, text("example")]
    hindi: Annotated[Line, text("example")]
    chinese: Annotated[Line, text("example")]
    japanese: Annotated[Line, text("example")]
    korean: Annotated[Line, text("example")]
    other: Annotated[Line, text("example")]

    def of(self, language: Language) -> str:
        """Say it in a language."""
        sentence: str = getattr(self, language.value)
        return sentence
