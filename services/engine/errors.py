"""Why a shot gets no request.

ValueError
├── ShotRejectedError     the shot names what isn't there, or a word that nobody knows
└── NoCapableModelError   the shot is sound, and no model can make it
"""

from schemas.generation import ModelConsidered
from schemas.shot import ShotRejected


class ShotRejectedError(ValueError):
    """The shot can't be made as planned; `rejection` names every field, its value and what is allowed."""

    def __init__(self, rejection: ShotRejected) -> None:
        wrong = (f"{item.field}: {item.value!r}, allowed is {item.allowed}" for item in rejection.problems)
        super().__init__(f"shot {rejection.shot_id}: {'; '.join(wrong)}")
        self.rejection = rejection


class NoCapableModelError(ValueError):
    """No model can make the frame; `considered` says of each why not."""

    def __init__(self, shot_id: str, considered: tuple[ModelConsidered, ...]) -> None:
        why = (f"{item.model}: {', '.join(item.reasons)}" for item in considered)
        super().__init__(f"shot {shot_id}: no capable model ({'; '.join(why)})")
        self.considered = considered
