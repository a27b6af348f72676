"""Every kind of durable work, declared once: how its keys begin and what it belongs to.

A key reads `kind:workspace:owner:rest`, so that all work of a round, or of a workspace, can be found by how its keys
begin. What has to be deleted with a round or a workspace follows from this list alone; `bot.jobs.start` takes no other
keys than those made here.
"""

import hashlib
from enum import Enum, StrEnum, auto

from bot.jobs import Key


class Owner(StrEnum):
    """What work belongs to, and is deleted with: the part of its key after the workspace names it."""

    ROUND = auto()
    COMPARISON = auto()
    PERSON = auto()
    CHANNEL = auto()
    WORKSPACE = auto()


class Work(Enum):
    """The kinds of work: the first word of their keys, what they belong to, and whether they delete just that."""

    BEGIN_ROUND = "begin", Owner.PERSON
    FIRST_QUESTION = "first", Owner.ROUND
    POINT_TO_ROUND = "point", Owner.WORKSPACE
    CLICK = "click", Owner.ROUND
    REPLY = "reply", Owner.ROUND
    EDIT_OF_REPLY = "edit", Owner.ROUND
    SHOW_ROUND = "show", Owner.ROUND
    REFRESH_ROUND = "refresh", Owner.ROUND
    OPEN_ROUND = "open", Owner.ROUND
    RESUME = "resume", Owner.ROUND
    STOP = "stop", Owner.ROUND
    REMIND = "remind", Owner.ROUND
    EXPIRE = "expire", Owner.ROUND
    PICK_MANAGER = "pick", Owner.ROUND  # this and the next two: of before sharing had a window
    PREVIEW_SHARE = "preview", Owner.ROUND
    CANCEL_SHARE = "cancel", Owner.ROUND
    INVITE_TO_COMPARE = "invite", Owner.ROUND
    ACCEPT_COMPARISON = "accept", Owner.COMPARISON
    COMPARE_CLICK = "compare", Owner.COMPARISON
    FOLLOW_ROUNDS = "followrounds", Owner.COMPARISON
    COMPARISON_DUE = "comparedue", Owner.COMPARISON
    SAY_WHAT_CHANGED = "comparelater", Owner.COMPARISON
    SEND_SHARE = "send", Owner.ROUND
    WITHDRAW_SHARE = "withdraw", Owner.ROUND
    ANSWER_RECIPIENT = "recipient", Owner.ROUND
    OFFER_TO_PASS_ON = "offer", Owner.ROUND
    PASS_ON = "passon", Owner.ROUND
    REFRESH_RECEIPTS = "receipts", Owner.ROUND
    TELL_SENDER = "tell", Owner.ROUND
    TELL_WHAT_STAYED = "tellstayed", Owner.PERSON  # of a round that is being deleted, with the work of its own
    DELETE_ROUND = "delete", Owner.ROUND, True
    ERASE_ROUND = "erase", Owner.ROUND, True
    READ_MESSAGE = "message", Owner.CHANNEL  # recorded as it came, and read before anything begins
    ANSWER = "say", Owner.CHANNEL
    REVISE_REPLY = "revise", Owner.CHANNEL
    POST_PRIVATE_REPLY = "publish", Owner.CHANNEL
    ANSWER_SHORTCUT = "shortcut", Owner.CHANNEL
    WELCOME = "welcome", Owner.CHANNEL
    SHOW_CHANNEL = "channel", Owner.CHANNEL
    SHOW_ENTRY = "show", Owner.CHANNEL
    VOTE = "vote", Owner.PERSON
    GIVE_REASON = "reason", Owner.PERSON
    EXPLAIN_ANSWER = "why", Owner.PERSON
    NOT_NOW = "quiet", Owner.PERSON
    ASK_PERSON = "ask", Owner.PERSON
    CLOSE_HELP_REQUEST = "helped", Owner.CHANNEL
    SHOW_HOME = "home", Owner.PERSON
    FIRST_STEPS = "steps", Owner.PERSON
    WINDOW_NOT_OPENED = "window", Owner.PERSON
    GREET = "greet", Owner.PERSON
    TRY_QUESTION = "try", Owner.CHANNEL
    EXPORT = "export", Owner.PERSON
    FORGET_PERSON = "forget_me", Owner.WORKSPACE  # its keys name nobody: records of what it begins hold them
    DELETE_TRACES = "traces", Owner.WORKSPACE
    TELL_NEWS = "news", Owner.PERSON
    CHOOSE_NEWS = "newschoice", Owner.PERSON
    DRAFT_ENTRY = "draft", Owner.PERSON
    CORRECT_REPLY = "correct", Owner.CHANNEL
    FOLLOW_KNOWLEDGE = "knowledge", Owner.WORKSPACE
    POST_DIGEST = "digest", Owner.WORKSPACE
    FORGET_WORKSPACE = "forget", Owner.WORKSPACE, True

    def __init__(self, prefix: str, owner: Owner, deletes_owner: bool = False) -> None:
        self.prefix = prefix
        self.owner = owner
        self.deletes_owner = deletes_owner

    def key(self, team: str, owner: str, *rest: object) -> Key:
        """Make the key of one piece of work. It is logged: `rest` may hold ids and times, and no words of people."""
        return Key(":".join((self.prefix, team, owner, *map(str, rest))))


def of_round(team: str, run_id: str) -> list[str]:
    """Give the prefixes of the keys of all work about a round, except the work that deletes it."""
    kinds = [kind for kind in Work if kind.owner is Owner.ROUND and not kind.deletes_owner]
    return [f"{kind.prefix}:{team}:{run_id}:" for kind in kinds]


def of_person(team: str, user: str) -> list[str]:
    """Give the prefixes of the keys of all work that belongs to a person."""
    return [f"{kind.prefix}:{team}:{user}:" for kind in Work if kind.owner is Owner.PERSON]


def may_name_person(team: str, *, rounds_deleted: bool) -> list[str]:
    """Give the prefixes of the keys of work whose records may name a person, except the work that forgets people.

    rounds_deleted: the rounds are gone for good, so that the work that deletes rounds is not needed any more.
    """
    needed = {Work.FORGET_PERSON, Work.DELETE_TRACES, Work.FORGET_WORKSPACE}
    needed |= set() if rounds_deleted else {Work.DELETE_ROUND, Work.ERASE_ROUND}
    return list(dict.fromkeys(f"{kind.prefix}:{team}:" for kind in Work if kind not in needed))


def of_workspace(team: str) -> list[str]:
    """Give the prefixes of the keys of all work of a workspace, except the work that deletes it."""
    kinds = [kind for kind in Work if not (kind.owner is Owner.WORKSPACE and kind.deletes_owner)]
    return list(dict.fromkeys(f"{kind.prefix}:{team}:" for kind in kinds))


def short_digest(text: str) -> str:
    """Give a digest of a text in 20 characters, for ids and for keys, which may not hold the text itself."""
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def address_digest(response_url: str) -> str:
    """Give a digest of a response_url for a key, which is logged: whoever knows the address could write there."""
    return short_digest(response_url)
