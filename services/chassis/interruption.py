"""For handlers that wait for a turn of their own: a stop or a rebalance ends the wait at once, and costs nothing."""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

from services.chassis.failures import Busy

T = TypeVar("T")

#: Set while a handler runs: the event that says that nothing new may be begun for its message.
current_interrupt: ContextVar[asyncio.Event | None] = ContextVar("interrupt of the handler's message", default=None)


async def unless_interrupted(wait: Coroutine[Any, Any, T]) -> T:
    """Await `wait`, for as long as the message in hand is this worker's.

    For what may take long and hasn't done anything yet: a place in a queue. Never for a call that is under way.

    Raises:
        Busy: the service stops or loses the message's partition; `wait` was cancelled and has ended.
    """
    interrupt = current_interrupt.get()
    if interrupt is None:
        return await wait
    waiting, interrupted = asyncio.ensure_future(wait), asyncio.ensure_future(interrupt.wait())
    try:
        await asyncio.wait({waiting, interrupted}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        interrupted.cancel()
        if not waiting.done():
            waiting.cancel()
        await asyncio.gather(waiting, interrupted, return_exceptions=True)
    if waiting.cancelled():
        raise Busy("the message is given back before its turn has come")
    return waiting.result()
