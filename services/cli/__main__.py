"""Start of the `ice` command."""

import sys
from io import TextIOWrapper

from services.cli.app import app


def main() -> None:
    """Run the command line; ends the process with the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # Where the terminal's encoding lacks a character (a code page, LC_ALL=C), it is spelt out instead of ending us.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    main()
