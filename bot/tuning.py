"""What a process that serves asks of the interpreter: short turns for other threads, and no long collections."""

import gc
import sys

# Seconds that another thread may hold the interpreter while the event loop wants it. Python's own five milliseconds, in
# each of many turns, would let what is done in the background hold up who asks.
SWITCH = 0.0005


def tune_for_serving() -> None:
    """Let the event loop have its turn soon, and spare it long collections of garbage."""
    sys.setswitchinterval(SWITCH)
    freeze_objects(collect=False)  # little that a start makes is garbage


def freeze_objects(*, collect: bool) -> None:
    """Have the garbage collector look only at objects that are made from now on.

    Looking at what is there for good, such as the knowledge, would stop everything for 0.1 s now and then. collect:
    first delete what is garbage among it, which takes that long once.
    """
    if collect:
        gc.unfreeze()
        gc.collect()
    gc.freeze()
    gc.enable()
