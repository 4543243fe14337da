"""What the next take changes, by what was wrong with the last."""

import pytest

from schemas.validation import Outcome, Score, Verdict
from services.orchestrator.domain import retakes
from services.orchestrator.domain.state import Checked


def failed(*checks: str) -> Checked:
    scores = tuple(Score(check=name, outcome=Outcome.FAILED, measured_with="test 1") for name in checks)
    return Checked(verdict=Verdict.FAILED, scores=scores, reasons=())


@pytest.mark.parametrize(
    ("check", "avoided"), [("clipped-blacks", "underexposed"), ("clipped-whites", "overexposed"), ("mean-luma", "over")]
)
def test_a_frame_of_wrong_exposure_is_retaken_with_its_light_stressed(check: str, avoided: str) -> None:
    instruction = retakes.after_validation(failed(check))
    assert instruction.strengthen == ("lighting",)
    assert instruction.avoid
    assert instruction.avoid[0].startswith(avoided)
