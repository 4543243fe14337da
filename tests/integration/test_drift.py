"""A film whose artist drifts in four of twenty shots: exactly those are caught, retaken and told."""

from typing import Final, TypeVar

import pytest

from schemas import topics
from schemas.base import Event
from schemas.bible import CharacterDefined, LocationDefined
from schemas.generation import GenerationRequested
from schemas.keyframe import KeyframeReady
from schemas.prompt import RetakeRequested
from schemas.shot import ShotPlanned
from schemas.validation import FrameValidated, Outcome, Verdict
from services.cli.consistency.command import Pictures, told
from services.cli.consistency.comparing import compared
from services.cli.consistency.measuring import Material
from services.generation.providers.base import GeneratedImage, ImageJob
from tests.fakes import lives
from tests.fakes.drift import DRIFTS, DriftFilm
from tests.fakes.durable import Vendor, World
from tests.fakes.lives import ENGINE, Consume, live
from tests.fakes.stories import group_of, topics_of

E = TypeVar("E", bound=Event)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

#: Drifts as a viewer would notice them, in a film with colours of its own.
FILM: Final = DriftFilm(
    seed=4,
    fixed={
        7: {"shot_size": "medium", "cast": ["c0"], "framing": "single", "camera_angle": "eye-level"},
        11: {"shot_size": "full", "cast": ["c0"], "framing": "single", "camera_angle": "eye-level"},
        15: {"shot_size": "full", "cast": ["c1"], "framing": "single", "camera_angle": "eye-level"},
        19: {"shot_size": "medium", "cast": ["c1"], "framing": "single", "camera_angle": "eye-level"},
    },
    words={
        "hair": ["black", "brown", "grey"],
        "other_hair": "pink",
        "costumes": (("coat", "red"), ("kurta", "orange"), ("dress", "purple")),
        "places": ("office", "beach", "bar"),
        "times": ("noon", "morning", "noon"),
    },
)


class DriftingArtist(Vendor):
    """Draws every first take of the four shots wrong, every other frame as planned."""

    def _image(self, job: ImageJob, vendor_job_id: str | None) -> GeneratedImage:
        first = self._world.books.take_of(job) == 1
        drift = DRIFTS.get(job.run.shot.shot_number) if first else None
        return GeneratedImage(FILM.drawn(job, drift), seed_used=job.seed, vendor_job_id=vendor_job_id)


def events_of(world: World, topic: str, kind: type[E]) -> list[E]:
    """The events of a topic, repeats left out."""
    return list({r.event_id: kind.model_validate_json(r.value or b"") for r in world.log[topic]}.values())


@pytest.fixture(scope="module")
def world() -> World:
    """The film, played to its end."""
    found = World()
    for key, data in FILM.references.items():
        found.objects.objects[key] = data
    project_id = FILM.project.project_id
    found.publish(*(CharacterDefined(project_id=project_id, character=person) for person in FILM.cast))
    found.publish(*(LocationDefined(project_id=project_id, location=place) for place in FILM.places))
    found.publish(*(ShotPlanned(project=FILM.project, shot=shot, revision=1) for shot in FILM.shots))
    engine = [kind for kind in ENGINE if kind.service != "gateway"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lives, "Vendor", DriftingArtist)
        busy = True
        while busy:
            busy = False
            for kind in engine:
                ends = {name: len(found.log[name]) for name in topics_of(kind) if found.waiting(group_of(kind), name)}
                if ends:
                    busy = True
                    assert live(kind, found, Consume(ends))
    return found


def test_exactly_the_drifted_frames_are_caught(world: World) -> None:
    checked = events_of(world, topics.FRAME_VALIDATED, FrameValidated)
    failed = {event.run.shot.shot_number: event for event in checked if event.verdict is Verdict.FAILED}
    assert set(failed) == set(DRIFTS), {number: event.reasons for number, event in failed.items()}
    named = {
        number: {score.check for score in event.scores if score.outcome is Outcome.FAILED}
        for number, event in failed.items()
    }
    assert "unexplained-colours" in named[7]
    assert "place-colours" in named[11]
    assert "unexplained-colours" in named[15]
    assert "copy-paste" in named[19]


def test_each_drift_is_retaken_with_the_reason_and_repaired(world: World) -> None:
    retakes = events_of(world, topics.RETAKE_REQUESTED, RetakeRequested)
    assert sorted(event.run.shot.shot_number for event in retakes) == sorted(DRIFTS)
    assert all(event.instruction.new_seed and event.instruction.reason for event in retakes)
    ready = {event.shot.shot_number: event for event in events_of(world, topics.KEYFRAME_READY, KeyframeReady)}
    assert set(ready) == {shot.shot_number for shot in FILM.shots}
    assert {number for number, event in ready.items() if event.take > 1} == set(DRIFTS)
    for number in DRIFTS:
        first, second = ready[number].attempts
        assert (first.outcome, second.outcome) == ("failed-validation", "accepted")
        assert first.reason


def test_the_report_names_the_drifted_shots_and_that_retakes_helped(world: World) -> None:
    ready = sorted(events_of(world, topics.KEYFRAME_READY, KeyframeReady), key=lambda item: item.shot.story_order)
    keyframes = [item.model_dump(mode="json") for item in ready]
    stored = world.objects.objects
    pictures = {item.asset.sha256: stored[item.asset.uri.removeprefix("s3://ice/")] for item in ready}
    kinds = {"sheets": "character", "plates": "location"}
    known = [
        {"kind": kinds[folder], "entity_id": name[:2], "uri": f"s3://ice/{folder}/{name}", "about": {}}
        for folder, name in (key.split("/") for key in FILM.references)
    ]
    album = Pictures(pictures, {f"s3://ice/{key}": data for key, data in FILM.references.items()})
    film = {"project_id": FILM.project.project_id, "title": "Drift"}
    made, page = told(film, keyframes, album, {}, Material(references=known))
    assert {item["code"]: item["helped"] for item in made["retakes"]} == {f"SH{number:02}": True for number in DRIFTS}
    assert {item["id"] for item in made["characters"]} == {"c0", "c1"}
    assert all(item["mean"] is not None and item["worst_shot"] for item in made["characters"])
    assert all(item["reference"] for item in (*made["characters"], *made["locations"]))
    assert page.count("<figcaption>reference</figcaption>") == len(made["characters"]) + len(made["locations"])
    assert {item["strategy"]: (item["tried"], item["helped"]) for item in made["strategies"]}["new-seed"][0] >= 1
    assert all(item["helped"] == item["tried"] for item in made["strategies"])
    assert made["manifest"]["thresholds"]["copy-paste"]
    assert compared(made, made)["frames_changed"] == []
    for number in DRIFTS:
        assert f"SH{number:02}" in page


def test_nothing_else_was_asked_twice(world: World) -> None:
    asked = [
        event
        for name in world.log
        if name.startswith("generation.requested.")
        for event in events_of(world, name, GenerationRequested)
    ]
    assert len(asked) == len(FILM.shots) + len(DRIFTS)
