"""Validation over real protocols, and over the frames that the previz artist really draws."""

import hashlib
import itertools

import pytest

from schemas import topics
from schemas.validation import FrameValidated, Outcome, Verdict
from services.generation.providers.previz.drawing import render
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene
from services.validation.app import build
from services.validation.domain import scoring
from services.validation.domain.frame import Limits, Wanted, decoded
from services.validation.domain.technical import technical_scorers
from services.validation.settings import ValidationSettings
from tests.fakes.frames import announced, encoded, scenery
from tests.fakes.requests import a_run
from tests.fixtures.one_service import OneService, surroundings

__all__ = ["surroundings"]

pytestmark = pytest.mark.integration
MIRA = PrevizCharacter(id="mira", seed=3, hair="black hair", garments=("grey trench coat",), skin="warm brown")
STREET = PrevizLocation(id="street", seed=5, location_type="city", landmarks=("neon sign", "iron bridge"))
ROOM = PrevizLocation(id="office", seed=8, location_type="interior", landmarks=("window with blinds",))
DARK = [("night", "low-key"), ("midnight", "moonlight"), ("night", "silhouette"), ("pre-dawn", "natural")]
PALE = [("noon", "high-key"), ("morning", "soft")]


def key(world: OneService, shot_id: str) -> str:
    """An object key that no other test uses."""
    return f"{world.settings.mongo_database}/{shot_id}.png"


async def test_good_and_broken_frames_get_their_verdicts(surroundings: OneService) -> None:
    await surroundings.start(build(ValidationSettings(**surroundings.shared)))
    frames = {f"sh{seed:02}": encoded(scenery(seed=seed)) for seed in range(10)}
    frames["sh03"] = frames["sh03"][:-100]
    frames["sh05"] = encoded(scenery(300, 180))
    events = []
    for shot_id, data in frames.items():
        stored = await surroundings.objects.put(
            f"{surroundings.settings.mongo_database}/{shot_id}.png", data, "image/png"
        )
        run = a_run({"width": 320, "height": 180}, {"shot_id": shot_id})
        # Nobody is asked for: numbers wear no costume.
        events.append(announced(data, run, stored.uri, cast=()))
    await surroundings.publisher.publish(events)
    found = await surroundings.read(topics.FRAME_VALIDATED, len(events))
    verdicts = {event.run.shot.shot_id: event.verdict for event in found if isinstance(event, FrameValidated)}
    assert {shot_id for shot_id, verdict in verdicts.items() if verdict is Verdict.FAILED} == {"sh03", "sh05"}
    assert len(verdicts) == len(frames)


async def test_a_frame_that_looks_like_another_shots_is_warned_about(surroundings: OneService) -> None:
    await surroundings.start(build(ValidationSettings(**surroundings.shared)))
    data = encoded(scenery())
    stored = await surroundings.objects.put(key(surroundings, "same"), data, "image/png")
    for number in (1, 2):
        run = a_run({"width": 320, "height": 180}, {"shot_id": f"sh{number}", "code": f"SH{number}"})
        await surroundings.publisher.publish([announced(data, run, stored.uri)])
        found = await surroundings.read(topics.FRAME_VALIDATED, number)
    second = next(e for e in found if isinstance(e, FrameValidated) and e.run.shot.shot_id == "sh2")
    score = next(score for score in second.scores if score.check == "near-duplicate")
    assert (score.outcome, score.detail) == (Outcome.WARNED, "looks like the frame of shot SH1")


def dark_and_pale() -> list[PrevizScene]:
    styles = ("noir", "cinematic", "ink")
    dark = itertools.product(styles, DARK, ("clear", "fog", "rain"))
    pale = itertools.product(styles, PALE, ("snow", "fog", "mist"))
    sizes = itertools.cycle(["extreme-wide", "medium", "close-up", "insert"])
    places = itertools.cycle([STREET, ROOM])
    return [
        PrevizScene(
            width=640,
            height=360,
            seed=index,
            style=style,
            time_of_day=time,
            lighting=lighting,
            weather=weather,
            season="winter" if weather == "snow" else "autumn",
            shot_size=next(sizes),
            location=next(places),
            characters=(MIRA,) if index % 3 else (),
        )
        for index, (style, (time, lighting), weather) in enumerate([*dark, *pale])
    ]


def test_night_noir_fog_and_snow_pass() -> None:
    scorers = technical_scorers(ValidationSettings().thresholds)
    failed = []
    for scene in dark_and_pale():
        data = render(scene)
        wanted = Wanted(scene.width, scene.height, hashlib.sha256(data).hexdigest(), len(data))
        scores = scoring.score_all(decoded(data, wanted, Limits()), scorers)
        if scoring.verdict(scores) is Verdict.FAILED:
            failed.append((scene.style, scene.time_of_day, scene.lighting, scene.weather, scoring.reasons(scores)))
    assert failed == []
