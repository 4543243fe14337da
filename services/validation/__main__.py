"""Start validation: `python -m services.validation`."""

import sys

from services.chassis.app import main
from services.validation.app import build
from services.validation.settings import ValidationSettings

if __name__ == "__main__":
    sys.exit(main(lambda: build(ValidationSettings())))
