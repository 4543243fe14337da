"""The gate over identity, alignment and copy-paste, and whose bounds hold."""

import pytest

from schemas.validation import Outcome, Score
from services.validation.domain.cases import Bound, Case, judged
from services.validation.domain.gates import bounds_for, gate
from services.validation.domain.metrics import identity


def score(check: str, outcome: Outcome, value: float | None = 1.0) -> Score:
    return Score(check=check, outcome=outcome, value=value, measured_with="test 1")


def held(check: str, value: float, bound: Bound) -> Score:
    return score(check, bound.outcome(value), value)


def test_a_copy_paste_film_has_the_best_identity_and_fails_the_gate() -> None:
    """Its published values: CIDS 0.911, alignment 1.28; pasted crops equal the reference and not its mirror image."""
    copied = identity.copied(0.993, 0.91)
    scores = [
        held("identity", 0.911, Bound(0.5)),
        held("alignment", 1.28, Bound(2.0)),
        held("copy-paste", copied, Bound(0.9, at_least=False)),
    ]
    assert scores[0].outcome is Outcome.PASSED
    found = gate(scores)
    assert found is not None
    assert found.outcome is Outcome.FAILED
    assert found.detail == "beyond its bound: alignment, copy-paste"


def test_an_honest_film_passes_the_gate() -> None:
    scores = [
        held("identity", 0.571, Bound(0.5)),
        held("alignment", 3.64, Bound(2.0)),
        held("copy-paste", identity.copied(0.60, 0.60), Bound(0.9, at_least=False)),
    ]
    found = gate(scores)
    assert found is not None
    assert found.outcome is Outcome.PASSED


@pytest.mark.parametrize("missing", ["identity", "alignment", "copy-paste"])
def test_the_gate_is_null_while_one_part_is_not_measured(missing: str) -> None:
    scores = [score(part, Outcome.PASSED) for part in ("identity", "alignment", "copy-paste") if part != missing]
    found = gate(scores)
    assert found is not None
    assert (found.outcome, found.value, found.detail) == (Outcome.NOT_MEASURED, None, f"not measured: {missing}")


def test_without_any_part_there_is_no_gate() -> None:
    assert gate([score("sharpness", Outcome.PASSED)]) is None


def test_the_narrower_scope_wins() -> None:
    bounds = {"*": {"identity": 0.5, "safety": 0.8}, "style:anime": {"identity": 0.4}, "project:p": {"identity": 0.3}}
    assert bounds_for(bounds, "q", "noir") == {"identity": 0.5, "safety": 0.8}
    assert bounds_for(bounds, "q", "anime")["identity"] == 0.4
    assert bounds_for(bounds, "p", "anime")["identity"] == 0.3


class Trips:
    name, version, model, checks, needs = "trips", "1", "none", ("a", "b"), frozenset[str]()

    def score(self, case: Case) -> tuple[Score, ...]:
        raise RuntimeError(f"no idea what {case.style} is")


def test_a_scorer_that_trips_measures_nothing_and_fails_nothing() -> None:
    found = judged(Trips(), Case(b"", style="cubist"))  # type: ignore[arg-type]
    assert [(item.check, item.outcome, item.value) for item in found] == [
        ("a", Outcome.NOT_MEASURED, None),
        ("b", Outcome.NOT_MEASURED, None),
    ]
    assert "cubist" in found[0].detail
