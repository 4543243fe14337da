"""What new takes would cost: by the services' own rules, whatever event they begin with."""

from datetime import date
from typing import Any

import pytest
from rich.console import Console

from schemas.base import Event
from schemas.bible import CharacterDefined, LocationDefined
from schemas.project import ProjectSettings
from schemas.shot import Shot, ShotPlanned
from schemas.vocabulary import FramePlan
from services.cli.replay.estimates import Bible, Estimate, Rules, totals
from services.cli.replay.views import result_view
from services.location_conditioning.adapters.template_file import load_templates
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from tests import builders

RULES = Rules(load_catalogue(), ("previz",), date(2026, 11, 23), load_templates(), shipped_templates())


def bible() -> Bible:
    known = Bible()
    known.add(CharacterDefined(project_id="vrindavan", character=builders.RADHA))
    known.add(LocationDefined(project_id="vrindavan", location=builders.FOREST))
    return known


def estimate(*events: Event, providers: tuple[str, ...] = ("previz",)) -> Estimate:
    rules = Rules(RULES.catalogue, providers, RULES.today, RULES.places, RULES.wordings)
    found = Estimate(rules, bible())
    for event in events:
        found.add(event)
    return found


@pytest.mark.parametrize(
    "event",
    [
        builders.planned(),
        builders.characters_conditioned(),
        builders.location_conditioned(),
        builders.prompt_built(),
    ],
    ids=lambda event: type(event).__name__,
)
def test_every_event_that_begins_a_run_tells_its_model(event: Event) -> None:
    (row,) = estimate(event).rows
    assert (row.project_id, row.scene_id, row.frames, len(row.shots)) == ("vrindavan", "sc010", 1, 1)
    assert row.models.total() == 1
    assert next(iter(row.models)).startswith("previz")


def test_frames_of_a_pair_are_counted_and_scenes_told_apart() -> None:
    found = estimate(
        builders.planned(builders.shot(frames=FramePlan.START_END)),
        builders.planned(builders.shot(shot_id="other", scene_id="sc020")),
    )
    assert [(row.scene_id, row.frames) for row in found.rows] == [("sc010", 2), ("sc020", 1)]
    assert totals(found.rows) == {"shots": 2, "frames": 3, "not_made": 0, "estimated_cost_usd": 0.0}


def test_a_paid_model_costs_what_the_catalogue_says() -> None:
    project = ProjectSettings(project_id="vrindavan", title="V", width=1024, height=1024)
    shot = Shot(shot_id="a", scene_id="b", description="A tree.")
    plans = [ShotPlanned(project=project, shot=shot.model_copy(update={"shot_id": name})) for name in ("a", "b")]
    paid = tuple(sorted({card.provider for card in RULES.catalogue if not card.free}))
    (row,) = estimate(*plans, providers=paid).rows
    assert row.models.total() == 2
    assert row.cost_usd_micros > 0
    assert row.answer()["estimated_cost_usd"] == row.cost_usd_micros / 1_000_000


def test_what_can_not_be_made_is_told_with_its_reason_and_a_wish_with_why_it_is_not_followed() -> None:
    found = estimate(
        builders.planned(builders.shot(cast=("nobody",))),
        builders.planned(builders.shot(shot_id="b", style="unheard-of")),
        builders.planned(builders.shot(shot_id="c", model="flux")),
    )
    (row,) = found.rows
    assert row.refusals.total() == 2
    assert any("unknown-character" in reason for reason in row.refusals)
    assert found.unmet.total() == 1


def test_the_newest_entry_of_the_bible_counts_whatever_its_place() -> None:
    known = bible()
    newest = builders.RADHA.model_copy(update={"version": 3})
    for version in (newest, builders.RADHA.model_copy(update={"version": 2})):
        known.add(CharacterDefined(project_id="vrindavan", character=version))
    assert known.of("vrindavan").characters["radha"].version == 3
    assert known.of("another").characters == {}


def test_a_dry_run_for_people_names_scenes_models_cost_and_what_is_wrong() -> None:
    found = estimate(builders.planned(), builders.planned(builders.shot(shot_id="b", cast=("nobody",))))
    value: dict[str, Any] = {
        "replay_id": "r1",
        "source": "shot.planned.v1",
        "regenerate": True,
        "dry_run": True,
        "published": 2,
        "skipped": {"copies": 3, "not_asked_for": 0, "unreadable": 1, "newer_version": 0},
        "not_replayable": [{"kind": "unreadable", "partition": 3, "offset": 9, "reason": "a\x1b[31mb"}],
        "missing": ["p/x"],
        "scenes": [row.answer() for row in found.rows],
        "unmet_wishes": {"flux: no worker": 1},
        "estimate": totals(found.rows),
    }
    console = Console(width=160, record=True, file=None, quiet=False)
    with console.capture() as capture:
        console.print(result_view(value))
    shown = capture.get()
    for words in (
        "would publish 2 new makings",
        "3 copies",
        "3:9",
        "sc010",
        "previz",
        "$0.000",
        "flux: no worker",
        "p/x",
    ):
        assert words in shown
    assert "\x1b[31m" not in shown
