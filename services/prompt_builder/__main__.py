"""Start the service: `python -m services.prompt_builder`."""

import sys

from services.chassis.app import main
from services.prompt_builder.app import build
from services.prompt_builder.settings import PromptBuilderSettings

if __name__ == "__main__":
    sys.exit(main(lambda: build(PromptBuilderSettings())))
