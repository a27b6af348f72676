"""Run a Bolt app that knows nothing of the local workspace: python run_app.py APP [PORT].

The app is run as it is. All that is changed is the address to which slack_sdk sends its calls, SLACK_API_URL instead of
Slack's, and with a port, where an app that is served over HTTP listens.
"""

import functools
import os
import runpy
import sys

from slack_bolt import App
from slack_sdk.web.base_client import BaseClient

construct, start = BaseClient.__init__, App.start


@functools.wraps(construct)
def construct_for_workspace(self: BaseClient, *args: object, **kwargs: object) -> None:
    construct(self, *args, **{"base_url": os.environ["SLACK_API_URL"], **kwargs})  # type: ignore[arg-type]


def start_on_port(self: App, *args: object, **kwargs: object) -> None:
    start(self, port=int(sys.argv[2]))


BaseClient.__init__ = construct_for_workspace  # type: ignore[method-assign]
App.start = start_on_port  # type: ignore[method-assign]
runpy.run_path(sys.argv[1], run_name="__main__")
