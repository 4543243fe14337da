"""A scorer that dies, hangs or trips when a frame says so, as a native library may. Made in a process of its own."""

import os
import time
from collections.abc import Sequence
from typing import ClassVar, Final

from schemas.validation import Score
from services.validation.adapters.scorers.catalogue import ScorerSettings
from services.validation.domain.cases import Bound, Case, CaseScorer, Need, valued

DIE, HANG, TRIP, GOOD = b"die", b"hang", b"trip", b"good"
_FOR_EVER_S: Final = 3600.0


class DyingScorer:
    """`toy`: 1.0 for a good frame."""

    name: ClassVar[str] = "dying"
    version: ClassVar[str] = "1"
    model: ClassVar[str] = "none"
    checks: ClassVar[tuple[str, ...]] = ("toy",)
    needs: ClassVar[frozenset[Need]] = frozenset()

    def score(self, case: Case) -> Sequence[Score]:
        """As the frame's bytes say."""
        if case.data == DIE:
            os._exit(9)
        if case.data == HANG:
            time.sleep(_FOR_EVER_S)
        if case.data == TRIP:
            raise MemoryError("no room for the network's answer")
        return (valued(self, "toy", 1.0, Bound(0.5), unit="toys", detail="good"),)


def made(_: ScorerSettings) -> tuple[CaseScorer, ...]:
    """The scorer alone."""
    return (DyingScorer(),)


def hanging(_: ScorerSettings) -> tuple[CaseScorer, ...]:
    """A model that never loads."""
    time.sleep(_FOR_EVER_S)
    return ()
