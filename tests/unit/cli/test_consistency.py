"""The film's consistency report and the bounds proposed from decisions, on values computed by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.cli.consistency import measuring
from services.cli.consistency.calibrating import Sample, proposal, proposals, samples
from services.cli.consistency.command import write
from services.cli.consistency.measuring import Shown
from services.cli.consistency.page import page
from services.cli.gateway_client import GatewayClient
from services.cli.plan_reading import load_plan
from services.validation.domain.colours import histogram
from tests.fakes.film_gateway import URL, FilmGateway
from tests.fakes.frames import encoded

EXAMPLES = Path(__file__).resolve().parents[3] / "contracts" / "examples" / "film.plan" / "v1"

RED, GREEN = (np.full((18, 32, 3), colour, dtype=np.uint8) for colour in ((200, 30, 30), (30, 160, 40)))
MIRA = {"character_id": "mira", "name": "Mira <b>", "bible_version": 1, "costume_id": "x"}


def keyframe(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "shot": {"code": f"SH{number}", "scene_id": "sc1", "scene_title": "By the sea", "story_order": number},
        "frame_role": "single",
        "model": "m",
        "take": 1,
        "asset": {"sha256": f"{number:064}"},
        "cast": [MIRA],
        "location": None,
        "scores": [{"check": "sharpness", "outcome": "passed", "value": 9.0, "measured_with": "s 1", "threshold": 2.0}],
        "attempts": [{"outcome": "accepted", "take": 1, "model": "m"}],
        "cost_usd_micros": 40_000,
        **changes,
    }


def shown(number: int, pixels: Any, **changes: Any) -> Shown:
    return Shown(keyframe(number, **changes), measuring.descriptor(histogram(pixels)))


def made(*frames: Shown) -> dict[str, Any]:
    return measuring.report({"project_id": "p", "title": "Film & more"}, frames, {})


def test_frames_of_one_colour_are_alike_and_the_odd_one_out_is_named() -> None:
    (mira,) = made(shown(1, RED), shown(2, RED), shown(3, GREEN))["characters"]
    assert (mira["worst_shot"], mira["median_of_pairs"]) == ("SH3", pytest.approx(0.0))
    assert mira["least"] == pytest.approx(1 / 5**0.5)
    assert mira["by_gap"] == [[1, pytest.approx(0.5)], [2, pytest.approx(0.0)]]


def test_measured_identity_names_the_worst_shot_before_colours_do() -> None:
    def seen(value: float | None) -> dict[str, Any]:
        return {"check": "identity", "outcome": "passed", "value": value, "measured_with": "f 1", "entity_id": "mira"}

    frames = [shown(number, RED, scores=[seen(value)]) for number, value in ((1, 0.9), (2, 0.5), (3, None))]
    (mira,) = made(*frames)["characters"]
    assert mira["worst_shot"] == "SH2"
    assert mira["identity"] == [["SH1", 0.9], ["SH2", 0.5], ["SH3", None]]


def test_a_picture_that_could_not_be_had_is_null_and_not_zero() -> None:
    (mira,) = made(shown(1, RED), Shown(keyframe(2), None))["characters"]
    assert (mira["mean"], mira["shots"]) == (None, ["SH1", "SH2"])


def test_retakes_tell_what_was_changed_and_whether_it_helped() -> None:
    failed = {
        "outcome": "failed-validation",
        "reason": "copy-paste failed: 0.95; banding warned: 1 %",
        "take": 1,
        "model": "m",
    }
    again = {**failed, "take": 2, "changed": "another seed"}
    good = {"outcome": "accepted", "take": 3, "model": "m", "changed": "n instead of m"}
    told = made(shown(1, RED, attempts=[failed, again, good], take=3))
    assert [(item["failed"], item["changed"], item["helped"]) for item in told["retakes"]] == [
        (["copy-paste"], "another seed", False),
        (["copy-paste"], "n instead of m", True),
    ]
    assert told["strategies"] == [{"check": "copy-paste", "retakes": 2, "helped": 1}]


def test_two_reports_are_compared_and_say_when_they_were_measured_differently() -> None:
    one, other = made(shown(1, RED), shown(2, RED)), made(shown(1, RED), shown(2, GREEN, asset={"sha256": "f" * 64}))
    found = measuring.compared(one, other)
    assert found["same_measures"]
    assert found["frames_changed"] == ["SH2"]
    assert next(item for item in found["entities"] if item["id"] == "mira")["change"] < 0
    assert not measuring.compared(one, made(shown(1, RED, scores=[])))["same_measures"]
    with pytest.raises(ValueError, match="format"):
        measuring.compared({}, one)


def test_the_page_holds_its_pictures_and_escapes_words() -> None:
    told = made(shown(1, RED), shown(2, GREEN))
    text = page(told, {"SH1": encoded(RED), "SH2": encoded(GREEN)}, {"mira": encoded(RED)})
    assert "Mira &lt;b&gt;" in text
    assert "Film &amp; more" in text
    assert "data:image/jpeg;base64," in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")


# --- bounds from decisions --------------------------------------------------------------------------------------------


def values(approved: list[float], rejected: list[float]) -> list[Sample]:
    return [*(Sample(value, True) for value in approved), *(Sample(value, False) for value in rejected)]


def test_the_bound_lies_where_it_parts_approved_from_rejected() -> None:
    found = proposal("identity", values([0.8] * 8, [0.4] * 8), at_least=True)
    assert found.bound == pytest.approx(0.6)
    assert (found.kept, found.caught) == (1.0, 1.0)
    found = proposal("copy-paste", values([0.5] * 8, [0.9] * 8), at_least=False)
    assert found.bound == pytest.approx(0.7)
    assert (found.kept, found.caught) == (1.0, 1.0)


def test_too_few_decisions_and_values_that_tell_nothing_give_no_bound() -> None:
    assert proposal("identity", values([0.8] * 7, [0.4] * 9), at_least=True).bound is None
    assert "don't tell" in proposal("identity", values([0.5] * 8, [0.5] * 8), at_least=True).why


def test_decisions_are_read_from_runs_and_the_first_word_counts() -> None:
    score = {"check": "identity", "value": 0.7}
    run = {
        "reviews": {
            "a": {"generation_id": "g", "decision": "re-roll"},
            "b": {"generation_id": "g", "decision": "approve"},
        },
        "generations": {"g": {"validated": {"scores": [score, {"check": "sharpness", "value": 1.0}]}}},
    }
    assert samples([run])["identity"] == [Sample(0.7, approved=False)]


# --- over the gateway -------------------------------------------------------------------------------------------------


async def test_a_films_report_is_written_from_the_gateways_keyframes(tmp_path: Path) -> None:
    gateway = FilmGateway()
    film = load_plan((EXAMPLES / "noir-city.yaml").read_bytes(), "noir-city.yaml")
    runs = (await gateway.plan(film))[:6]
    for run in runs:
        await gateway.make(run)
    async with GatewayClient(URL, gateway) as client:
        told = await write(client, film.project.project_id, tmp_path)
        found = await proposals(client, film.project.project_id)
    assert json.loads((tmp_path / "report.json").read_text()) == told
    assert len(told["frames"]) == len(runs)
    assert any(item["mean"] is not None for item in told["characters"])
    assert runs[0].shot.code in (tmp_path / "report.html").read_text()
    # Nobody has decided yet.
    assert {item.bound for item in found} == {None}
