"""What goes wrong on demand: the next call of a kind is refused, throttled, lost, cut, garbled or late."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from tests.fakes.vendors.server import ABORT, Receive, Scope, Send


class At(StrEnum):
    """Which call of a vendor's API."""

    CREATE = "create"
    POLL = "poll"
    FILE = "file"
    UPLOAD = "upload"
    CANCEL = "cancel"
    PROBE = "probe"


class Kind(StrEnum):
    """What goes wrong."""

    REFUSE = "refuse"
    """The vendor's content policy says no, in its own words."""
    THROTTLE = "throttle"
    """429 with the vendor's headers; `seconds` to wait."""
    STATUS = "status"
    """An error of `status` in the vendor's own words."""
    PROXY = "proxy"
    """`status` with a proxy's HTML."""
    HANG = "hang"
    """No answer until the client gives up."""
    DROP = "drop"
    """The connection breaks after the request was read."""
    TRUNCATE = "truncate"
    """The connection breaks in the middle of the answer."""
    MALFORMED = "malformed"
    """200 with half a JSON document."""
    STRANGE = "strange"
    """200 with JSON of another shape."""
    REDIRECT = "redirect"
    """302 to elsewhere."""
    SLOW = "slow"
    """`seconds` late, and then as usual."""
    PICTURE = "picture"
    """The order is carried out, and its image is `data`."""
    FAIL = "fail"
    """The job is taken and charged, and then ends as `outcome`, in the vendor's own word."""


#: Faults of the answer: the call itself was carried out, and is on the bill.
CARRIED_OUT = frozenset({Kind.TRUNCATE, Kind.MALFORMED, Kind.STRANGE})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. `carried_out`: the vendor does the work before a `HANG` or a `DROP`."""

    kind: Kind
    at: At = At.CREATE
    status: int = 500
    seconds: float = 0.0
    carried_out: bool = False
    location: str = "https://elsewhere.example/"
    data: bytes = b""
    outcome: str = ""


class Dropped(Response):
    """Breaks the connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send
        scope[ABORT]()
        # The server learns of it in its own time, and only then bears an application that says nothing.
        while (await receive())["type"] != "http.disconnect":
            continue


class Truncated(Response):
    """Sends the head and half of another response, then breaks the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__(status_code=whole.status_code, headers=dict(whole.headers))
        self.whole = bytes(whole.body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(self.whole)).encode())]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.whole[: len(self.whole) // 2], "more_body": True})
        await asyncio.sleep(0.02)
        await Dropped()(scope, receive, send)


async def until_given_up(request: Request) -> None:
    """Wait until the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
