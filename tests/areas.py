"""What the tests are about, for who reads what a run ends with."""

from collections import Counter
from collections.abc import Iterable

# By area, the files in it: `test_` and `.py` left out, and `share*` for all that begin with it.
AREAS = {
    "which answer fits, and when to keep silent": (
        "addressed", "contrast", "encoder", "follow_up", "language", "learnt", "matching", "named_groups",
        "not_answered", "picked_suggestion", "meanings", "second_stage", "smalltalk*", "two_questions", "why",
    ),
    "answers in Slack, and what people say about them": (
        "chat", "direct_message", "faq_conversation", "feedback", "first_contact", "for_sender", "gaps*", "manners",
        "private", "redelivery", "replies*",
    ),
    "the quiz and its recommendation": (
        "actions", "fit", "own_words", "people", "quiz*", "reply", "result", "run_asides", "run_messages", "run_notes",
        "round_topics", "run_records", "said_in_a_round",
    ),
    "sharing a result": ("copy_question", "share*"),
    "comparing with a manager": ("compare*", "comparisons", "controls"),
    "Home": ("home*",),
    "the knowledge and who edits it": ("knowledge*", "sources", "validation"),
    "what is kept, of whom, and how it is deleted": ("privacy", "store", "tenancy", "upgrade"),
    "work that survives a crash, a slow Slack and a full disk": (
        "chaos", "durability", "event_loop", "inbox*", "long_texts", "machine", "pace", "process", "reconcile",
        "replica", "start", "work",
    ),
    "installing, settings and the command line": (
        "cli*", "deploy", "doctor", "edge", "install", "live_check", "manifest", "package", "settings", "slack_cli",
    ),
    "the local workspace and its page": ("blocks", "browser*", "contracts", "default_seed", "local/*"),
    "the documentation": ("docs", "documented"),
    "what the tests begin with": ("kept", "played"),
}  # fmt: skip


def area_of(file: str) -> str | None:
    """Give the area of a test file, by its path below tests/; None if it is in none, or in several."""
    name = file.removesuffix(".py").removeprefix("test_")
    areas = [
        area
        for area, names in AREAS.items()
        if any(name == known or (known.endswith("*") and name.startswith(known[:-1])) for known in names)
    ]
    return areas[0] if len(areas) == 1 else None


def summary(node_ids: Iterable[str]) -> list[str]:
    """Give a line for each area of the tests that have passed, the largest first."""
    counts = Counter(area_of(node_id.partition("::")[0].removeprefix("tests/")) for node_id in node_ids)
    return [f"{number:>6,}  {area or 'something else'}" for area, number in counts.most_common()]
