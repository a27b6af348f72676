"""What a process of `rolefit` needs, imported, and the knowledge as it is shipped; see tests.forked."""

import gc

import aiosqlite  # noqa: F401
import watchfiles  # noqa: F401

import bot.background
import bot.cli
import bot.http_server
import bot.knowledge_watch
import bot.local.server
import bot.readiness
import bot.run
import bot.slack.app
import bot.slack.socket
import bot.storage.migrate  # noqa: F401
from tests import shipped
from tests.forked import take_up_soon

take_up_soon()
READ_ONCE = shipped.read_once()  # for as long as there is this process, or one that is forked off it
READ_ONCE.__enter__()
LIBRARY = shipped.library()
gc.collect()
gc.freeze()  # each fork shares it with the others as long as nobody touches it
