"""Start the service: `python -m services.location_conditioning`."""

import asyncio
import sys

from services.location_conditioning.app import build
from services.location_conditioning.settings import LocationConditioningSettings


def main() -> int:
    """Run until told to stop; the exit status."""
    return asyncio.run(build(LocationConditioningSettings()).run())


if __name__ == "__main__":
    sys.exit(main())
