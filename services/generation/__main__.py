"""Start one provider's worker: `python -m services.generation --provider previz --concurrency 4`."""

import argparse
import sys
from typing import Any

_ABOUT = """\
A worker of one image provider. Start as many as are wanted: they share the requests, and the vendor's limits.

It ends on SIGTERM or SIGINT: it takes nothing new, gives back what waits for its turn, and finishes what is at the
vendor (ICE_GENERATION_STOP_S)."""
_MORE = """\
An option overrides its variable. Everything else is set by ICE_* variables (services/generation/README.md), keys of
vendors by variables of their own, e.g. STABILITY_API_KEY."""


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; the exit status is 2 for wrong settings."""
    # Drawing processes import this module when they start: the service's own imports stay out of them.
    from services.chassis.app import main as serve  # noqa: PLC0415
    from services.generation.app import build  # noqa: PLC0415
    from services.generation.settings import GenerationSettings  # noqa: PLC0415

    given = vars(_parser().parse_args(arguments))
    values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return serve(lambda: build(GenerationSettings(**values)))


def _parser() -> argparse.ArgumentParser:
    from services.generation.providers.catalogue import NAMES  # noqa: PLC0415 - as above

    parser = argparse.ArgumentParser(
        prog="python -m services.generation",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )

    def option(name: str, field: str, what: str, kind: type = str) -> None:
        told = f"{what} (ICE_{field.upper()})"
        parser.add_argument(name, dest=field, type=kind, metavar=kind.__name__.upper(), help=told)

    option("--provider", "generation_provider", f"provider to serve: {', '.join(NAMES)}")
    option("--concurrency", "generation_concurrency", "generations in work at once; by default what suits it", int)
    option("--memory-mb", "generation_memory_mb", "mebibytes for images in flight", int)
    option("--in-doubt", "generation_in_doubt", "paid calls of unknown outcome: hold, retry-once, next-model")
    option("--limit-concurrent", "generation_limit_concurrent", "calls at once that your account allows", int)
    option("--limit-calls", "generation_limit_calls", "calls per window that your account allows", int)
    option("--http-port", "http_port", "port of /livez, /readyz and /metrics; 0 = none", int)
    return parser


if __name__ == "__main__":
    sys.exit(main())
