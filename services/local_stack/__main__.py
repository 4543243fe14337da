"""Run the whole engine with embedded servers until told to stop: `python -m services.local_stack`."""

import asyncio
import sys

import uvloop

from services.chassis import logs
from services.chassis.settings import ServiceSettings, SettingsError
from services.local_stack.errors import StackError
from services.local_stack.events import StackEvent
from services.local_stack.stack import LocalStack


def _show(event: StackEvent) -> None:
    took = "" if event.seconds is None else f" ({event.seconds:.1f} s)"
    sys.stderr.write(f"{event.part}: {event.text}{took}\n")


async def _run() -> None:
    async with LocalStack(on_event=_show) as stack:
        await stack.run_until_stopped()


def main() -> int:
    """Run until a signal; the exit status: 0, 1 when the stack can't start or go on, 2 for wrong settings."""
    try:
        logs.configure(ServiceSettings(log_format="console", log_level="WARNING"))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run())
    except StackError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
