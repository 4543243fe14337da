"""Start of the `ice` command."""

from services.cli.app import app


def main() -> None:
    """Run the command line; ends the process with the exit status."""
    app()


if __name__ == "__main__":
    main()
