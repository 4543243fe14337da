"""Start validation: `python -m services.validation`."""

import sys

from services.chassis.app import main as serve
from services.chassis.settings import SettingsError
from services.validation.app import build
from services.validation.settings import ValidationSettings


def main() -> int:
    """Run until told to stop; the exit status is 2 for wrong settings."""
    try:
        settings = ValidationSettings()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's own output
        return 2
    return serve(build(settings))


if __name__ == "__main__":
    sys.exit(main())
