"""The frame of the benches must pass: a failed one is made again, and the bench would count other work than it says."""

import hashlib

from schemas.validation import Outcome
from services.validation.domain import scoring
from services.validation.domain.frame import Limits, Wanted, decoded
from services.validation.domain.intent import Plate, intent_of
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds
from tests import builders
from tests.bench.load import HEIGHT, WIDTH, frame


def test_the_frame_of_the_benches_fails_no_check_and_is_in_the_colours_of_their_character() -> None:
    data = frame()
    intent = intent_of(builders.generation_completed(), Plate())
    assert [attire.name for attire in intent.attire] == ["Radha"]
    wanted = Wanted(WIDTH, HEIGHT, hashlib.sha256(data).hexdigest(), len(data), intent)
    scores = {
        score.check: score
        for score in scoring.score_all(decoded(data, wanted, Limits()), technical_scorers(Thresholds()))
    }
    assert not [score for score in scores.values() if score.outcome in {Outcome.FAILED, Outcome.WARNED}]
    assert scores["attire-colours"].outcome is Outcome.PASSED
