"""Start the service: `python -m services.character_conditioning`."""

import asyncio
import sys

from services.character_conditioning.app import build
from services.character_conditioning.settings import CharacterConditioningSettings


def main() -> int:
    """Run until told to stop; the exit status."""
    return asyncio.run(build(CharacterConditioningSettings()).run())


if __name__ == "__main__":
    sys.exit(main())
