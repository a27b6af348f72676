"""Sentences of words.yaml that are messages by themselves."""

from collections.abc import Iterator
from functools import partial

from bot.knowledge import Library
from bot.slack import blocks
from bot.slack.gallery.rendering import Rendering


def sentences(library: Library) -> Iterator[Rendering]:
    """Give the sentences of words.yaml that are messages by themselves."""
    words = library.words
    names = {
        "faq": ("on_its_way", "suggest_moved"),
        "feedback": (
            "changed_since", "entry_gone", "nobody_to_ask", "not_yours_to_decline", "person_asked_before",
            "person_not_reached", "question_gone", "thanks", "why_button", "why_forgotten", "why_gone", "withdrawn",
        ),
        "manners": (
            "cannot_post", "changed_since", "channel_dm", "editors_not_member", "entry_gone", "hushed", "not_a_member",
            "nothing_to_read", "own_message", "perhaps_posted", "posted_already", "posted_here_now",
            "posted_in_thread", "quiet_off", "quiet_on", "silent_between", "silent_likeliest", "silent_no_answer",
            "silent_not_asked", "silent_nothing_near", "silent_unsure", "switched_off", "withdrawn",
        ),
        "quiz": (
            "change_dropped", "change_dropped_other", "edited_late", "expired_note", "expired_result", "finished",
            "first", "for_somebody_else", "gone", "kept", "manages", "not_opened", "not_yours", "know",
            "nothing_so_far", "nothing_undone", "nothing_undone_result", "one_or_two", "only_one", "several_unclear",
            "waiting", "which_two",
        ),
        "privacy": ("exporting", "export_file", "export_text", "forgetting", "forgotten"),
        "share": (
            "click_again", "copy_gone", "forgotten", "not_for_you", "not_passed_on", "outdated", "reply_deleted",
            "reply_ended", "withdraw_unknown", "withdraw_gone",
        ),
        "compare": (
            "changed", "early", "finished", "gone", "not_begun", "not_opened", "not_yours", "not_yourself",
            "nothing_to_compare", "other_answers", "outdated", "over", "own_only", "too_late", "too_late_unconfirmed",
        ),
    }  # fmt: skip
    for group, texts in names.items():
        for name in texts:
            yield Rendering(f"{group}.{name}", partial(blocks.say, getattr(getattr(words, group), name)))
