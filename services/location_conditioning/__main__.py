"""Start the service: `python -m services.location_conditioning`."""

import sys

from services.chassis.app import main
from services.location_conditioning.app import build
from services.location_conditioning.settings import LocationConditioningSettings

if __name__ == "__main__":
    sys.exit(main(lambda: build(LocationConditioningSettings())))
