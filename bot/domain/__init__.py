"""What Rolefit knows and decides: plain Python, no I/O, no clock, no randomness, no Slack."""
