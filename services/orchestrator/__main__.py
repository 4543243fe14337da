"""Start the orchestrator: `python -m services.orchestrator`."""

import sys

from services.chassis.app import main
from services.orchestrator.app import build
from services.orchestrator.settings import OrchestratorSettings

if __name__ == "__main__":
    sys.exit(main(lambda: build(OrchestratorSettings())))
