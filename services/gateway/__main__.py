"""Start the gateway: `python -m services.gateway`."""

import sys

from services.chassis.app import main
from services.gateway.app import build
from services.gateway.settings import GatewaySettings

if __name__ == "__main__":
    sys.exit(main(lambda: build(GatewaySettings())))
