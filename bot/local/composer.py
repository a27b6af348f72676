"""What Slack makes of a message that a person has typed: its wire text, and the rich_text block that says the same.

Sources: docs.slack.dev/messaging/formatting-message-text, …/reference/block-kit/blocks/rich-text-block, and payloads
quoted in issues of Slack's SDKs. What comes in may hold tokens such as `<@U…>` already, as the message field makes
them when a name is picked from its list; everything else is text.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from bot.local import emoji
from bot.local.formatting import TOKEN, normalise, plain

Json = dict[str, Any]

# Slack links words that end like a domain. These are the usual ones and all countries'.
DOMAINS = (
    "academy|agency|app|art|biz|blog|chat|cloud|club|co|com|design|dev|digital|edu|email|games|gov|group|health|"
    "info|int|jobs|life|live|media|mil|mobi|name|net|news|online|org|page|party|pro|shop|site|space|store|studio|"
    "systems|team|tech|today|tools|video|wiki|work|works|world|xyz|zone|ac|ad|ae|af|ag|ai|al|am|ao|aq|ar|as|at|au|"
    "aw|ax|az|ba|bb|bd|be|bf|bg|bh|bi|bj|bm|bn|bo|br|bs|bt|bw|by|bz|ca|cc|cd|cf|cg|ch|ci|ck|cl|cm|cn|co|cr|cu|cv|"
    "cw|cx|cy|cz|de|dj|dk|dm|do|dz|ec|ee|eg|er|es|et|eu|fi|fj|fk|fm|fo|fr|ga|gd|ge|gf|gg|gh|gi|gl|gm|gn|gp|gq|gr|"
    "gs|gt|gu|gw|gy|hk|hm|hn|hr|ht|hu|id|ie|il|im|in|io|iq|ir|is|it|je|jm|jo|jp|ke|kg|kh|ki|km|kn|kp|kr|kw|ky|kz|"
    "la|lb|lc|li|lk|lr|ls|lt|lu|lv|ly|ma|mc|md|me|mg|mh|mk|ml|mm|mn|mo|mp|mq|mr|ms|mt|mu|mv|mw|mx|my|mz|na|nc|ne|"
    "nf|ng|ni|nl|no|np|nr|nu|nz|om|pa|pe|pf|pg|ph|pk|pl|pm|pn|pr|ps|pt|pw|py|qa|re|ro|rs|ru|rw|sa|sb|sc|sd|se|sg|"
    "sh|si|sk|sl|sm|sn|so|sr|ss|st|su|sv|sx|sy|sz|tc|td|tf|tg|th|tj|tk|tl|tm|tn|to|tr|tt|tv|tw|tz|ua|ug|uk|us|uy|"
    "uz|va|vc|ve|vg|vi|vn|vu|wf|ws|ye|yt|za|zm|zw"
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = rf"(?:{_LABEL}\.)+(?:{DOMAINS})(?![\w-]|\.\w)"
_PATH = r"(?::\d+)?(?:[/?#](?:[^\s<>|&]|&amp;)*)?"
# A full stop, comma or bracket at the end belongs to the sentence.
_LINK = re.compile(
    rf"(?P<url>https?://(?:[^\s<>|&]|&amp;)+)|(?P<email>(?<![\w.+@/-])[\w.+-]+@{_HOST})|"
    rf"(?<![\w.@/-])(?P<host>{_HOST}{_PATH})",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"[.,;:!?'\")\]*_~]+$")
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_BULLET = re.compile(r"^(?P<indent>[ \t]*)(?P<marker>[-*•◦▪]\ufe0e?|\d+[.)])[ \t]+(?P<text>.*)$")
_QUOTE = re.compile(r"^(?:>|&gt;) ?(?P<text>.*)$")
BULLETS = ("•", "◦", "▪\ufe0e")  # by depth
# A marker opens after a non-letter and closes before one, with no space inside; code and tokens are taken whole.
_STYLED = (
    r"(?<![^\W_])(?P<marker>[*_~])(?!\s)(?P<inner>(?:`[^`\n]+`|<[^<>\n]+>|(?!(?P=marker))[^\n`])+?)(?<!\s)(?P=marker)"
    r"(?![^\W_])"
)
_STYLES = {"*": "bold", "_": "italic", "~": "strike"}
_EMOJI = r":(?P<name>[a-z0-9_+'-]+):(?::skin-tone-(?P<tone>[2-6]):)?"
_ELEMENT = re.compile(rf"`(?P<code>[^`\n]+)`|(?P<token>{TOKEN.pattern})|{_EMOJI}|{_STYLED}")


def wire(text: str) -> str:
    """Return the `text` of a message that was typed so.

    Outside code, emoji become names, addresses become links, and `- ` or `* ` at the start of a line a bullet; `&`,
    `<` and `>` become entities everywhere.
    """
    text = normalise(text)
    parts: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        parts += [_prose(text[end : code.start()]), code.group()]
        end = code.end()
    return "".join([*parts, _prose(text[end:])])


def _prose(text: str) -> str:
    parts: list[str] = []
    end = 0
    for token in TOKEN.finditer(text):
        parts += [_linked(text[end : token.start()]), token.group()]
        end = token.end()
    linked = emoji.to_names("".join([*parts, _linked(text[end:])]))
    return "\n".join(_bulleted(line) for line in linked.split("\n"))


def _linked(text: str) -> str:
    def link(match: re.Match[str]) -> str:
        trailing = _TRAILING.search(match.group())
        address = match.group()[: trailing.start()] if trailing else match.group()
        rest = match.group()[len(address) :]
        if match["url"]:
            return f"<{address}>{rest}"
        return f"<{'mailto:' if match['email'] else 'http://'}{address}|{address}>{rest}"

    return _LINK.sub(link, text)


def _bulleted(line: str) -> str:
    item = _BULLET.match(line)
    if item is None or item["marker"][0].isdigit():
        return line
    depth = _depth(item["indent"])
    return f"{'    ' * depth}{BULLETS[min(depth, 2)]} {item['text']}"


def _depth(indent: str) -> int:
    return len(indent.expandtabs(4)) // 4


def rich_text(text: str, seed: str) -> Json:
    """Return the rich_text block that Slack adds to a message with this wire text.

    seed: of the block_id, which looks random and is another one after every edit.
    """
    elements: list[Json] = []
    parts = re.split(r"```\n?(.*?)\n?```\n?", text, flags=re.DOTALL)
    for number, part in enumerate(parts):
        if number % 2:
            leaves = [{"type": "text", "text": plain(part)}] if part else []
            elements.append({"type": "rich_text_preformatted", "elements": leaves, "border": 0})
        elif part:
            elements += _paragraphs(part)
    block_id = hashlib.blake2s(f"{seed}{text}".encode()).hexdigest()[:5]
    return {"type": "rich_text", "block_id": block_id, "elements": elements}


def _paragraphs(text: str) -> Iterator[Json]:
    """Yield the sections, quotes and lists of text without fences; a section before another keeps its line break."""
    lines = text.split("\n")
    groups = [(kind, list(group)) for kind, group in groupby(lines, _kind)]
    for number, (kind, group) in enumerate(groups):
        last = number == len(groups) - 1
        if kind == "quote":
            quoted = "\n".join(match["text"] for match in map(_QUOTE.match, group) if match)
            yield {"type": "rich_text_quote", "elements": _leaves(quoted)}
        elif kind == "section":
            written = "\n".join(group) + ("" if last else "\n")
            if leaves := _leaves(written):
                yield {"type": "rich_text_section", "elements": leaves}
        else:
            style, depth = kind.split()
            items = [match["text"] for match in map(_BULLET.match, group) if match]
            sections = [{"type": "rich_text_section", "elements": _leaves(item)} for item in items]
            named = {"style": style, "indent": int(depth), "border": 0}
            yield {"type": "rich_text_list", "elements": sections, **named}


def _kind(line: str) -> str:
    """Say what a line belongs to: `section`, `quote`, or a list with its style and depth, e.g. `bullet 0`."""
    if _QUOTE.match(line):
        return "quote"
    item = _BULLET.match(line)
    if item is None or item["marker"] in {"-", "*"}:
        return "section"
    return f"{'ordered' if item['marker'][0].isdigit() else 'bullet'} {_depth(item['indent'])}"


def _leaves(text: str, style: Json | None = None) -> list[Json]:
    """Return the elements of a section. Styles may go around code and tokens, but not into them."""
    leaves: list[Json] = []
    rest = text
    while element := _ELEMENT.search(rest):
        leaves += _text(rest[: element.start()], style)
        rest = rest[element.end() :]
        if element["code"] is not None:
            leaves += _text(element["code"], {**(style or {}), "code": True})
        elif element["token"] is not None:
            leaves.append(_styled(_token(element["token"][1:-1]), style))
        elif element["marker"] is not None:
            leaves += _leaves(element["inner"], {**(style or {}), _STYLES[element["marker"]]: True})
        else:
            leaves += _emoji(element, style)
    return _merged([*leaves, *_text(rest, style)])


def _text(text: str, style: Json | None) -> list[Json]:
    return [_styled({"type": "text", "text": plain(text)}, style)] if text else []


def _styled(leaf: Json, style: Json | None) -> Json:
    return {**leaf, "style": style} if style else leaf


def _emoji(shortcode: re.Match[str], style: Json | None) -> list[Json]:
    """Return an emoji, or the same as text where there is none of that name."""
    character = emoji.by_name().get(shortcode["name"])
    if character is None:
        return _text(shortcode.group(), style)
    tone = int(shortcode["tone"] or 0)
    points = [f"{ord(point):x}" for point in character] + ([f"1f3f{'bcdef'[tone - 2]}"] if tone else [])
    leaf: Json = {"type": "emoji", "name": shortcode["name"], "unicode": "-".join(points)}
    return [_styled(leaf | ({"skin_tone": tone} if tone else {}), style)]


def _merged(leaves: list[Json]) -> list[Json]:
    """Join texts of one style that stand side by side."""
    merged: list[Json] = []
    for leaf in leaves:
        before = merged[-1] if merged else {}
        if leaf["type"] == before.get("type") == "text" and leaf.get("style") == before.get("style"):
            merged[-1] = {**before, "text": before["text"] + leaf["text"]}
        else:
            merged.append(leaf)
    return merged


def links(message: Json) -> list[str]:
    """Return the addresses of web pages in a message's text, each once, in order."""
    targets = (plain(token[1:-1].partition("|")[0]) for token in TOKEN.findall(message.get("text", "")))
    return list(dict.fromkeys(target for target in targets if target.startswith(("http://", "https://"))))


def links_to(message: Json, domains: Iterable[str]) -> list[Json]:
    """Return `url` and `domain` of each link in a message that leads to one of the domains or below it."""
    return [
        {"url": url, "domain": domain}
        for url in links(message)
        for domain in domains
        if (host := urlsplit(url).hostname or "") == domain or host.endswith(f".{domain}")
    ]


def _token(token: str) -> Json:
    target, _, label = token.partition("|")
    if target in {"@", "#", "!subteam^"}:
        return {"type": "text", "text": f"<{token}>"}
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": target.removeprefix("!subteam^")}
    if target in {"!here", "!channel", "!everyone"}:
        return {"type": "broadcast", "range": target[1:]}
    link = {"type": "link", "url": plain(target)}
    return {**link, "text": plain(label)} if label else link
