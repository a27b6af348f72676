"""The words for what the system says of a file."""

import errno
import os

import pytest

from bot.validation import describe_unreadable


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOENT, "is not there"),
        (errno.EISDIR, "is a folder, and a file is wanted"),
        (errno.ENOTDIR, "is not there, since its path leads through a file"),
        (errno.EACCES, "may not be read by this user"),
        (errno.EIO, "cannot be read: Input/output error"),
    ],
)
def test_why_a_file_cannot_be_read_is_said_in_words(number: int, words: str):
    what, remedy = describe_unreadable(OSError(number, os.strerror(number)))

    assert what == words
    assert remedy
