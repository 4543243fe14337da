"""The gate over identity, alignment and copy-paste together, and whose bounds hold for a frame.

Identity alone is gameable: the copy-paste baseline of ViStoryBench (arXiv 2505.24862) leads in identity (CIDS 0.911)
and on-stage count (100) and shows next to nothing of the script (alignment 1.28 of 4, where methods lie from 2.53 up).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.validation import Outcome, Score

CHECK: Final = "consistency-gate"
MEASURED_WITH: Final = "gate 1"
#: What must hold together.
PARTS: Final = ("identity", "alignment", "copy-paste")
#: Whose bounds: `*`, `style:<style>`, `project:<id>`; the later ones win.
Bounds = Mapping[str, Mapping[str, float]]


def bounds_for(bounds: Bounds, project_id: str, style: str) -> dict[str, float]:
    """The bounds by check that hold for a frame of this project and style."""
    found: dict[str, float] = {}
    for scope in ("*", f"style:{style}", f"project:{project_id}", f"project:{project_id}/style:{style}"):
        found.update(bounds.get(scope, {}))
    return found


def gate(scores: Iterable[Score]) -> Score | None:
    """Passed when all three are measured and none is beyond its bound; failed when one is.

    Null where one of them could not be measured and none failed: a frame isn't called consistent on half a proof. None
    when nothing measures any of them here.
    """
    found = [score for score in scores if score.check in PARTS]
    if not found:
        return None
    failed = sorted({score.check for score in found if score.outcome is Outcome.FAILED})
    measured = {score.check for score in found if score.value is not None}
    lacking = [part for part in PARTS if part not in measured]
    if failed:
        return _score(Outcome.FAILED, 0.0, f"beyond its bound: {', '.join(failed)}")
    if lacking:
        return _score(Outcome.NOT_MEASURED, None, f"not measured: {', '.join(lacking)}")
    return _score(Outcome.PASSED, 1.0, f"within their bounds: {', '.join(PARTS)}")


def _score(outcome: Outcome, value: float | None, detail: str) -> Score:
    return Score(
        check=CHECK,
        outcome=outcome,
        value=value,
        unit="" if value is None else "1 = all hold, 0 = one doesn't",
        measured_with=MEASURED_WITH,
        detail=detail,
    )
