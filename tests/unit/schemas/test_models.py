"""Rules of the contract models that other code relies on."""

import json

import pytest
from pydantic import ValidationError

from schemas import ids, topics
from schemas.envelope import EnvelopeError, from_headers, to_headers
from schemas.events import EVENTS, REGISTRY, topic_of
from schemas.film_plan import FilmPlan
from schemas.registry import NewerVersionError, Registry, UnreadableEventError
from schemas.run import runs_of
from schemas.shot import Shot, ShotPlanned
from schemas.topics import Lane
from schemas.vocabulary import FramePlan, FrameRole, Framing, ShotSize
from tests import builders
from tests.fakes.clock import FakeClock


def test_the_prototypes_words_are_read() -> None:
    shot = Shot.model_validate(
        {
            "id": "sh1",
            "scene_id": "sc1",
            "shot_type": "over-the-shoulder",
            "framing": "rule-of-thirds",
            "camera_angle": "bird's-eye",
            "camera_movement": "dolly",
            "description": "x",
            "characters": ["a", "b"],
            "duration": 2.5,
        }
    )
    assert (shot.shot_size, shot.framing) == (ShotSize.MEDIUM_CLOSE_UP, Framing.OVER_THE_SHOULDER)
    assert shot.composition.value == "rule-of-thirds"
    assert (shot.camera_angle.value, shot.camera_movement.value) == ("birds-eye", "push-in")
    assert [member.character_id for member in shot.cast] == ["a", "b"]
    assert shot.duration_s == 2.5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shot_size", "gigantic"),
        ("width", 0),
        ("width", 100_000),
        ("description", "x" * 10_000),
        ("description", "bell \x07"),
        ("description", "half a pair \ud800"),
        ("description", "   "),
        ("duration_s", 0),
        ("duration_s", float("nan")),
        ("continuity_from", "sh0010"),
        ("cast", ("radha", "radha")),
        ("shot_id", "a/b"),
        ("shot_id", "../x"),
        ("mood", "Very Tense!"),
    ],
)
def test_impossible_values_are_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        builders.shot(**{field: value})
    assert field.split("_", maxsplit=1)[0] in str(refused.value)


@pytest.mark.parametrize(
    "text", ["राधा वृन्दावन में", "ラーダーは森を歩く", "راধا تمشي", "🌺🦚 forest", "{{ not a template }}"]
)
def test_any_script_is_welcome(text: str) -> None:
    event = builders.planned(builders.shot(description=text))
    again = REGISTRY.decode(ShotPlanned.TYPE, 1, event.model_dump_json().encode())
    assert again == event
    assert again.event_id == event.event_id


def test_start_and_end_frames_are_two_runs_of_one_shot() -> None:
    start, end = runs_of(builders.planned(builders.shot(frames=FramePlan.START_END)))
    assert (start.frame_role, end.frame_role) == (FrameRole.START, FrameRole.END)
    assert start.run_id != end.run_id
    assert start.partition_key == end.partition_key


def test_identity_follows_from_what_is_asked() -> None:
    """INVARIANT: the same request has the same ids for ever, on every machine.

    Broken by changing the namespace, the order of the parts or the encoding; then every replay would pay again.
    """
    assert ids.run_id("p", "keyframe", "s", 1, "single", None) == "0f81c6e1-4d51-58be-b836-ba17faa462e7"
    assert ids.event_id("film.shot.planned", 1, ("a", "b")) != ids.event_id("film.shot.planned", 1, ("a,b",))
    assert ids.run_id("p", "keyframe", "s", 1, "single", "rg1") != ids.run_id("p", "keyframe", "s", 1, "single", None)


def test_the_same_revision_with_other_content_is_another_event() -> None:
    assert builders.planned().event_id == builders.planned().event_id
    assert builders.planned().event_id != builders.planned(builders.shot(action="running")).event_id


def test_every_event_names_its_topic_key_and_id() -> None:
    for event in (builders.planned(), builders.prompt_built(), builders.keyframe_ready()):
        assert event.partition_key() == "vrindavan/sh0010"
        assert topics.event_type_of(topic_of(event)) == event.TYPE
    requested = builders.generation_requested(lane=Lane.EXPRESS)
    assert topic_of(requested) == "generation.requested.previz.express.v1"
    assert len({event.TYPE for event in EVENTS}) == len(EVENTS)


def test_headers_are_cloudevents_and_read_back() -> None:
    event = builders.planned()
    headers = to_headers(event, source="ice/test", time=FakeClock().now(), replayed_from="shot.planned.v1:3:17")
    read = from_headers(headers)
    assert (read.id, read.type, read.schema_version) == (event.event_id, "film.shot.planned", 1)
    assert (read.subject, read.replayed_from) == ("vrindavan/sh0010", "shot.planned.v1:3:17")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ce_specversion", b"0.3", "allowed is '1.0'"),
        ("ce_schemaversion", b"-1", "whole number from 1"),
        ("ce_type", b"\xff\xfe", "not UTF-8"),
    ],
)
def test_wrong_headers_are_named(name: str, value: bytes, said: str) -> None:
    with pytest.raises(EnvelopeError, match=name) as refused:
        from_headers([(name, value)])
    assert said in str(refused.value)


@pytest.mark.parametrize("value", [None, b"", b"\xff\xfe", b"[]", b"3", b"{", b"[" * 100_000, b'{"revision": "many"}'])
def test_unreadable_bytes_say_what_is_wrong(value: bytes | None) -> None:
    with pytest.raises(UnreadableEventError, match=r"value|project|revision"):
        REGISTRY.decode(ShotPlanned.TYPE, 1, value)


def test_a_newer_version_is_an_outcome_of_its_own() -> None:
    with pytest.raises(NewerVersionError, match="upgrade the service"):
        REGISTRY.decode(ShotPlanned.TYPE, 2, b"{}")


def test_readers_ignore_fields_that_they_do_not_know() -> None:
    body = json.loads(builders.planned().model_dump_json())
    body["from_the_future"] = {"a": 1}
    body["shot"]["also_new"] = True
    assert REGISTRY.decode(ShotPlanned.TYPE, 1, json.dumps(body).encode()) == builders.planned()


class ShotPlannedLater(ShotPlanned):
    """A later version, for the registry's rules."""

    VERSION = 3


def test_every_version_has_its_upcast() -> None:
    with pytest.raises(ValueError, match=r"no upcast from version\(s\) \[2\]"):
        Registry((ShotPlannedLater,), {(ShotPlanned.TYPE, 1): dict})


def test_old_bodies_climb_to_the_latest_version() -> None:
    def rename(body: dict[str, object]) -> dict[str, object]:
        return {**{key: value for key, value in body.items() if key != "film"}, "project": body["film"]}

    registry = Registry((ShotPlannedLater,), {(ShotPlanned.TYPE, 1): rename, (ShotPlanned.TYPE, 2): dict})
    body = json.loads(builders.planned().model_dump_json())
    body["film"] = body.pop("project")
    event = registry.decode(ShotPlanned.TYPE, 1, json.dumps(body).encode())
    assert isinstance(event, ShotPlannedLater)


def test_a_plan_fills_in_what_follows_from_its_shape() -> None:
    plan = FilmPlan.model_validate(
        {
            "film_plan": 1,
            "project": {"project_id": "p", "title": "P"},
            "sequences": [
                {
                    "sequence_id": "SEQ010",
                    "scenes": [
                        {
                            "scene_id": "SC010",
                            "title": "EXT. FOREST - DUSK",
                            "location_id": "forest",
                            "time_of_day": "dusk",
                            "shots": [
                                {"shot_id": "a", "description": "x"},
                                {"shot_id": "b", "description": "y", "time_of_day": "night"},
                            ],
                        }
                    ],
                }
            ],
        }
    )
    first, second = plan.shots
    assert (first.scene_id, first.sequence_id, first.shot_number, first.story_order) == ("SC010", "SEQ010", 10, 0)
    assert (second.shot_number, second.story_order, second.location_id) == (20, 1, "forest")
    assert (str(first.time_of_day), str(second.time_of_day)) == ("dusk", "night")
