"""Rolefit: a Slack bot that answers questions about AI roles and helps people find theirs."""

import os

# One thread for numpy's products, set before anything loads numpy: its threads wait for each other in a loop, and on a
# machine with other work a message took the encoder seconds of all cores instead of its 20 ms of one.
for _name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")
