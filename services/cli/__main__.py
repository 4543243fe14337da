"""Start of the `ice` command."""

from services.cli.app import app
from services.cli.streams import run_guarded


def main() -> None:
    """Run the command line; ends the process with the exit status."""
    run_guarded(app)


if __name__ == "__main__":
    main()
