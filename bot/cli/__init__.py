"""The command line. What a command needs is imported when it runs, so that each starts fast."""

from bot.cli import ask, check, doctor, evaluation, records, start
from bot.cli.shared import cli

__all__ = ["ask", "check", "cli", "doctor", "evaluation", "main", "records", "start"]


def main() -> None:
    """Run the command line."""
    cli()
