"""Start one provider's worker: `python -m services.generation --provider previz --concurrency 4`."""

import argparse
import sys
from typing import Any


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; the exit status is 2 for wrong settings."""
    # Drawing processes import this module when they start: the service's own imports stay out of them.
    from services.chassis.app import main as serve  # noqa: PLC0415
    from services.generation.app import build  # noqa: PLC0415
    from services.generation.settings import GenerationSettings  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="services.generation", description="A worker of one image provider.")
    parser.add_argument("--provider", help="provider to serve (ICE_GENERATION_PROVIDER)")
    parser.add_argument("--concurrency", type=int, help="generations at once (ICE_GENERATION_CONCURRENCY)")
    given = parser.parse_args(arguments)
    named = {"generation_provider": given.provider, "generation_concurrency": given.concurrency}
    values: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    return serve(lambda: build(GenerationSettings(**values)))


if __name__ == "__main__":
    sys.exit(main())
