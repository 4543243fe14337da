"""Which of a character's pictures serve a shot best.

Ranked by two penalties, in this order; equal ones keep the bible's order:

1. Costume: 0 the costume worn here, 1 no costume said, 2 another costume.
2. View, in degrees of turn away from what the camera sees, plus a step for the wrong crop:

   =============  ===============================  =========================================
   picture shows  shot shows a face (medium down)  shot shows a body (medium-wide and wider)
   =============  ===============================  =========================================
   a facing       turn between both (0 to 180)     40 + turn
   full body      75 + half its turn               half its turn (it is taken as a front view)
   sheet          60                               30
   not said       90                               90
   =============  ===============================  =========================================

Turn: front 0°, three-quarter 45°, profile 90°, back 180°.
"""

from collections.abc import Iterable
from typing import Final

from schemas.bible import ReferenceImage, ReferenceView
from schemas.vocabulary import Facing, ShotSize

_TURN: Final = {Facing.FRONT: 0.0, Facing.THREE_QUARTER: 45.0, Facing.PROFILE: 90.0, Facing.BACK: 180.0}
_BODY_SIZES: Final = frozenset({ShotSize.EXTREME_WIDE, ShotSize.WIDE, ShotSize.FULL, ShotSize.MEDIUM_WIDE})


def ranked_references(
    references: Iterable[ReferenceImage], *, costume_id: str, facing: Facing, size: ShotSize
) -> tuple[ReferenceImage, ...]:
    """All references, best for this shot first."""
    return tuple(
        sorted(
            references,
            key=lambda reference: (
                _costume_penalty(reference.costume_id, costume_id),
                view_penalty(reference.view, facing, size),
            ),
        )
    )


def _costume_penalty(shown: str | None, worn: str) -> int:
    if shown is None:
        return 1
    return 0 if shown == worn else 2


def view_penalty(view: Facing | ReferenceView | None, facing: Facing, size: ShotSize) -> float:
    """How far a picture is from what the shot shows, in degrees; 0 is best."""
    body = size in _BODY_SIZES
    if view is None:
        return 90.0
    if view is ReferenceView.SHEET:
        return 30.0 if body else 60.0
    if view is ReferenceView.FULL_BODY:
        half_turn = _TURN[facing] / 2
        return half_turn if body else 75.0 + half_turn
    turn = abs(_TURN[Facing(view)] - _TURN[facing])
    return 40.0 + turn if body else turn
