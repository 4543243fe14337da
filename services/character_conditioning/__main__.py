"""Start the service: `python -m services.character_conditioning`."""

import sys

from services.character_conditioning.app import build
from services.character_conditioning.settings import CharacterConditioningSettings
from services.chassis.app import main

if __name__ == "__main__":
    sys.exit(main(lambda: build(CharacterConditioningSettings())))
