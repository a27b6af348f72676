"""Files: kept in memory from the moment an upload is announced; nothing is known of what is in them.

Source: docs.slack.dev/messaging/working-with-files.
"""

import mimetypes
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from bot.local.ids import object_id, unique

Json = dict[str, Any]


@dataclass
class File:
    """One file. content: None until it is uploaded. channels: ids of those it was shared in."""

    id: str
    name: str
    length: int
    user: str
    created: int
    title: str = ""
    alt_txt: str = ""
    content: bytes | None = field(default=None, repr=False)
    channels: list[str] = field(default_factory=list)

    @property
    def mimetype(self) -> str:
        """The kind of file, by its name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Files:
    """The files of one workspace."""

    def __init__(self, url: str) -> None:
        """url: where their addresses begin, without a trailing slash."""
        self._url = url
        self._files: dict[str, File] = {}
        self._uploads: dict[str, str] = {}

    def announce(self, name: str, length: int, user: str, created: int, alt_txt: str = "") -> tuple[File, str]:
        """Remember a file that is to be uploaded; returns it with the address to which its bytes are posted."""
        file = File(object_id("F"), name, length, user, created, title=name, alt_txt=alt_txt)
        key = unique()
        self._files[file.id] = file
        self._uploads[key] = file.id
        return file, f"{self._url}/upload/{key}"

    def receive(self, key: str, content: bytes) -> bool:
        """Take a file's bytes, once; False if nothing was announced there, or they are more or fewer than announced."""
        file = self._files.get(self._uploads.get(key, ""))
        if file is None or len(content) != file.length:
            return False
        del self._uploads[key]
        file.content = content
        return True

    def get(self, file_id: str) -> File | None:
        """Return an uploaded file."""
        file = self._files.get(file_id)
        return file if file is not None and file.content is not None else None

    def described(self, file: File) -> Json:
        """Return Slack's file object."""
        address = f"{self._url}/files/{file.id}/{PurePath(file.name).name}"
        kind = PurePath(file.name).suffix.removeprefix(".").lower() or "binary"
        return {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "alt_txt": file.alt_txt,
            "mimetype": file.mimetype,
            "filetype": kind,
            "pretty_type": kind.upper(),
            "user": file.user,
            "editable": False,
            "size": file.length,
            "mode": "hosted",
            "is_external": False,
            "is_public": True,
            "public_url_shared": False,
            "display_as_bot": False,
            "url_private": address,
            "url_private_download": address,
            "permalink": address,
            "channels": file.channels,
            "groups": [],
            "ims": [],
            "file_access": "visible",
        }
