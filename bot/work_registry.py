"""Which work there is, by the names that the inbox has for it, and its arguments as JSON.

Names and parameters are recorded, and read again by other versions of the bot.
"""

import functools
import inspect
import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ParamSpec, TypeVar

from dbos import DBOSConfiguredInstance

from bot.inbox import UnknownWorkError

FORMER_NAME = "_rolefit_former_name"  # the attribute of a workflow; empty for one that has always had its name

P = ParamSpec("P")
R = TypeVar("R")
Workflow = Callable[..., Coroutine[Any, Any, Any]]

_works: dict[str, Workflow] = {}  # all that can be begun
_former_names: dict[str, str] = {}  # names that versions before this one wrote, and what they are now


class Worker(DBOSConfiguredInstance):
    """Base of the classes whose methods are workflows; decorate them with `bot.jobs.worker`.

    A worker is made once, where its class stands, and `bot.slack.app.create` gives it what it works with. It cannot be
    made there too: DBOS takes one instance of a class and name for the life of the process, refuses a second, lets go
    of none, and looks there for whose method recorded work is; an app may be put together anew, as after each test, and
    that work goes on with the one that is known. Listeners begin work by naming its methods, too.
    """

    def __init__(self, name: str) -> None:
        super().__init__(config_name=name)
        for method, function in vars(type(self)).items():
            former = getattr(function, FORMER_NAME, None)
            if former is not None:
                _works[f"{name}.{method}"] = getattr(self, method)
                if former:
                    _former_names[former if "." in former else f"{name}.{former}"] = f"{name}.{method}"


def formerly(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say by what name versions before this one wrote a workflow into the inbox, which we may have to empty.

    With the name of its worker and a dot, if that was another.

    The names of its parameters are recorded too: they stay, or have a default.
    """

    def named(function: Callable[P, R]) -> Callable[P, R]:
        setattr(function, FORMER_NAME, name)
        return function

    return named


def work_names() -> frozenset[str]:
    """Give all names by which work can be begun, with those of versions before this one."""
    return frozenset(_works) | frozenset(_former_names)


def name_of(work: Callable[..., Any]) -> str:
    """Give the name of a workflow."""
    return next(name for name, method in _works.items() if method == work)


def find_work(name: str, arguments: Mapping[str, Any]) -> Workflow:
    """Give the workflow of this name, perhaps a former one. Raises UnknownWorkError if none takes these arguments."""
    work = _works.get(_former_names.get(name, name))
    if work is None:
        raise UnknownWorkError(name)
    try:
        _signature(work).bind(**arguments)
    except TypeError:
        raise UnknownWorkError(name) from None
    return work


def arguments_by_name(work: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
    """Give the arguments of a workflow by the names of its parameters."""
    return _signature(work).bind(*args, **kwargs).arguments


def arguments_as_json(work: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> str:
    """Write arguments down by their names. Raises TypeError for what would not be read as it was."""
    arguments = arguments_by_name(work, *args, **kwargs)
    text = json.dumps(arguments)
    if json.loads(text) != arguments:
        raise TypeError(f"the arguments of {name_of(work)} are not plain JSON")
    return text


_signature = functools.cache(inspect.signature)
