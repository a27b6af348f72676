"""Who looks after an entry, as editors write it: "Ben Ito", a Slack id, or both as "Ben Ito (U012AB3CD)"."""

import re
from dataclasses import dataclass

# A person's id, or a channel's; by itself it needs a digit (or an underscore, as in tests) to be told from a name in
# capitals.
_ID = r"[UWCG][A-Z0-9_]{4,}"
_OWNER = re.compile(rf"(?P<name>.+?)\s*\((?P<id>{_ID})\)|(?P<alone>(?=[A-Z]*[0-9_]){_ID})")


@dataclass(frozen=True)
class Owner:
    """name: as it may be shown. slack_id: of a person or a channel in Slack. One of the two may be missing."""

    name: str | None
    slack_id: str | None

    @property
    def channel(self) -> str | None:
        """Give the channel's id, if it is one."""
        return self.slack_id if self.slack_id and self.slack_id[0] in "CG" else None


def read_owner(text: str) -> Owner:
    """Read the `owner` of an entry."""
    read = _OWNER.fullmatch(text.strip())
    if read is None:
        return Owner(text.strip(), None)
    return Owner(read["name"], read["id"] or read["alone"])
