"""Where and how the bot speaks: what a channel, a thread and a person have asked of it -> a way to reply."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.faq import UNPROMPTED, Surface

MOST_IN_THREAD = 2  # answers in a thread without being spoken to
SAME_ENTRY_WITHIN = 600.0  # seconds in which a channel gets an entry once, and then a link to it
ALWAYS_ANSWERED = frozenset({Surface.DM, Surface.COMMAND})  # whatever the circumstances


class Mode(StrEnum):
    """How the bot behaves in a channel, as its members have set it."""

    ANSWER = "answer"  # sure questions are answered in their thread
    WHISPER = "whisper"  # only who asked sees the answer, and may post it
    MENTION = "mention"  # only where somebody mentions the bot
    OFF = "off"


class Way(StrEnum):
    """How to bring a reply."""

    POST = "post"  # or link to it, where the channel had the same answer a moment ago
    WHISPER = "whisper"  # to who asked, with a button that posts it
    SAY_OFF = "say_off"  # to who asked: that the bot is switched off here, and how to change that
    SILENCE = "silence"


@dataclass(frozen=True)
class Circumstances:
    """What is known of the place where a reply is due.

    mode: None where nobody has set any. shared: with other organisations. chosen_for_shared: whether it was shared when
    the mode was set; None if that is unknown. hushed: somebody asked for quiet in this thread. opted_out: the person
    wants answers to mentions only. unasked_in_thread: answers that were posted in this thread though nobody had spoken
    to the bot. overtaken: somebody else has replied already.
    """

    mode: Mode | None = None
    shared: bool = False
    chosen_for_shared: bool | None = None
    hushed: bool = False
    opted_out: bool = False
    unasked_in_thread: int = 0
    overtaken: bool = False


def mode_of(mode: Mode | None, *, shared: bool, chosen_for_shared: bool | None = None) -> Mode:
    """Give the mode that holds in a channel: where nobody has set any, it answers, unless outsiders read along.

    One that was set before outsiders came to read along does not hold for them.
    """
    if mode is not None and not (shared and chosen_for_shared is False):
        return mode
    return Mode.OFF if shared else Mode.ANSWER


def way_to_reply(surface: Surface, circumstances: Circumstances) -> Way:
    """Choose how to bring a reply to a message of this surface.

    Who speaks to the bot is answered, but where it is switched off. Who does not is answered only where nothing speaks
    against it; where a person was quicker, the answer is shown to the asker alone.
    """
    shared, chosen_for_shared = circumstances.shared, circumstances.chosen_for_shared
    mode = mode_of(circumstances.mode, shared=shared, chosen_for_shared=chosen_for_shared)
    if surface in ALWAYS_ANSWERED:
        return Way.POST
    if surface not in UNPROMPTED:
        return Way.SAY_OFF if mode is Mode.OFF else Way.POST
    unwanted = circumstances.hushed or circumstances.opted_out
    if mode in (Mode.MENTION, Mode.OFF) or unwanted or circumstances.unasked_in_thread >= MOST_IN_THREAD:
        return Way.SILENCE
    return Way.WHISPER if mode is Mode.WHISPER or circumstances.overtaken else Way.POST
