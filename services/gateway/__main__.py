"""Start the gateway: `python -m services.gateway`."""

import asyncio
import sys

from services.gateway.app import build
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    sys.exit(asyncio.run(build(GatewaySettings()).run()))
