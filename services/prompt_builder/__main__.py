"""`python -m services.prompt_builder`."""

import asyncio
import sys

from services.chassis.settings import ServiceSettings
from services.prompt_builder.app import build

if __name__ == "__main__":
    sys.exit(asyncio.run(build(ServiceSettings()).run()))
