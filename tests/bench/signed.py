"""Signs requests as Slack does."""

import hashlib
import hmac
import time

SECRET = "local-signing-secret"  # the local workspace's
TEAM = "T_LOCAL"
Request = tuple[bytes, list[tuple[bytes, bytes]]]


def signed(body: bytes, kind: str) -> Request:
    """Give a body with the headers of Slack; `kind` is its content type."""
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return body, [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-slack-request-timestamp", stamp.encode()),
        (b"x-slack-signature", f"v0={digest}".encode()),
    ]
