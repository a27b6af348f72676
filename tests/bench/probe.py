"""Asks a process after its health, fifty times a second, until it is ended: `python -m tests.bench.probe PORT`.

Prints "begun", and at the end the milliseconds that each answer took. A process of its own, so that nothing but the one
that is asked can hold it up.
"""

import http.client
import signal
import sys
import time

EVERY = 0.02  # seconds


def main() -> None:
    """Ask until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    connection, taken = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1])), list[float]()
    print("begun", flush=True)
    try:
        while True:
            began = time.perf_counter()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            taken.append((time.perf_counter() - began) * 1e3)
            time.sleep(max(0.0, EVERY - taken[-1] / 1e3))
    finally:
        print(*(f"{each:.1f}" for each in taken), sep="\n")


if __name__ == "__main__":
    main()
