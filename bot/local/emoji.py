"""Emoji by Slack's names: typed as characters, they are sent as `:name:`, with `:skin-tone-2:` to `-6:` after it."""

import re
from functools import cache
from pathlib import Path

SKIN_TONES = {chr(0x1F3FB + number): number + 2 for number in range(5)}
AS_TEXT = "\ufe0e"  # asks for the form without colours, which Slack leaves alone
KEYCAP = "\u20e3"
VARIATION = "\ufe0f"  # asks for the coloured form of a character; keyboards leave it out or put it in as they like


@cache
def by_name() -> dict[str, str]:
    """Return the character of each name."""
    lines = Path(__file__).with_name("emoji.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: row[-1] for row in rows for name in row[:-1]}


@cache
def _names() -> dict[str, str]:
    """Return the usual name of each character, without variation selectors."""
    names: dict[str, str] = {}
    for name, character in by_name().items():
        names.setdefault(character.replace(VARIATION, ""), name)
    # © and ® are emoji only with the selector that was taken out, and stay what they are.
    return {character: name for character, name in names.items() if ord(character[0]) > 0x2000 or KEYCAP in character}


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_names(), key=len, reverse=True)
    forms = (f"{VARIATION}?".join(map(re.escape, character)) for character in longest_first)
    tones = "".join(SKIN_TONES)
    return re.compile(f"(?P<emoji>{'|'.join(forms)}){VARIATION}?(?P<tone>[{tones}])?(?!{AS_TEXT})")


def to_names(text: str) -> str:
    """Replace each emoji character by its name: 👍🏽 becomes `:+1::skin-tone-4:`."""

    def name(match: re.Match[str]) -> str:
        shortcode = f":{_names()[match['emoji'].replace(VARIATION, '')]}:"
        return shortcode + (f":skin-tone-{SKIN_TONES[match['tone']]}:" if match["tone"] else "")

    return text if text.isascii() else _pattern().sub(name, text)
