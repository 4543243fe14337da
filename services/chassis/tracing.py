"""W3C trace context: one trace id from the planned shot to its keyframe, a new span at every hop.

Source: W3C Trace Context (Recommendation, 23 November 2021), §3.2. FastStream's own handling re-sends the incoming
span, so that every hop would hang from the root.
"""

import random
import re
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Self

_TRACEPARENT: Final = re.compile(r"^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)")
_SAMPLED: Final = "01"
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16
# Ids must differ, not be secret; asking the system for each costs more than the rest of the header.
_ids: Final = random.Random()  # noqa: S311 - see above


def _span_id() -> str:
    return f"{_ids.getrandbits(64):016x}"


@dataclass(frozen=True, slots=True)
class Span:
    """One hop of a trace: `trace_id` 32 and `span_id` 16 hex digits, `flags` 2."""

    trace_id: str
    span_id: str
    flags: str = _SAMPLED

    @classmethod
    def root(cls) -> Self:
        """The first span of a new trace."""
        return cls(trace_id=f"{_ids.getrandbits(128):032x}", span_id=_span_id())

    @classmethod
    def following(cls, traceparent: str | None) -> Self:
        """A span below the incoming one; the root of a new trace where there is none, or none that is valid."""
        found = _TRACEPARENT.match(traceparent or "")
        if found is None or found[1] == _NO_TRACE or found[2] == _NO_SPAN:
            return cls.root()
        return cls(trace_id=found[1], span_id=_span_id(), flags=found[3])

    @property
    def traceparent(self) -> str:
        """The header's value."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


#: The span that the running handler belongs to; log lines and outgoing events take it from here.
current_span: ContextVar[Span | None] = ContextVar("current_span", default=None)
