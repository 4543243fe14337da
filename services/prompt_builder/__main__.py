"""`python -m services.prompt_builder`."""

import asyncio
import sys

from services.prompt_builder.app import build
from services.prompt_builder.settings import PromptBuilderSettings

if __name__ == "__main__":
    sys.exit(asyncio.run(build(PromptBuilderSettings()).run()))
