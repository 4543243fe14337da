"""What a service says of itself: is it alive, can it do its work, and if not, why not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

_TIMEOUT_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold; `detail` says what was found."""

    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """`live`: the loops turn (a restart would mend it if not). `ready`: broker, resources and consumer work."""

    live: bool
    ready: bool
    checks: dict[str, Check] = field(default_factory=dict)


async def checked(ping: Callable[[], Awaitable[None]]) -> Check:
    """A ping as a check: not ok when it raises, or gives no answer in time."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await ping()
    except TimeoutError:
        return Check(ok=False, detail=f"no answer within {_TIMEOUT_S:.0f} s")
    except Exception as error:  # noqa: BLE001 - whatever it is, the check says it
        return Check(ok=False, detail=str(error) or repr(error))
    return Check(ok=True)
