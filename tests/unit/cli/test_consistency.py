"""The film's consistency report and the bounds proposed from decisions, on values computed by hand."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from services.cli.consistency import measuring
from services.cli.consistency.calibrating import Sample, proposal, proposals, proposed_bounds, samples
from services.cli.consistency.cids import CastFrame, FaceReader, measured
from services.cli.consistency.command import compare, part_of, write
from services.cli.consistency.comparing import compared, lines
from services.cli.consistency.measuring import Material, Shown
from services.cli.consistency.page import Album, page
from services.cli.consistency.plots import over_the_film
from services.cli.exits import CliError, Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.plan_reading import load_plan
from services.validation.domain.colours import histogram
from services.validation.domain.gates import bounds_for
from services.validation.settings import ValidationSettings
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


def made(*frames: Shown, **beside: Any) -> dict[str, Any]:
    return measuring.report({"project_id": "p", "title": "Film & more"}, frames, {}, Material(**beside))


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


def attempt(take: int, outcome: str, *failed: str, **changes: Any) -> dict[str, Any]:
    told = {"outcome": outcome, "take": take, "attempt": take, "model": "m", "generation_id": f"g{take}"}
    return {**told, "failed_checks": list(failed), "asset": {"uri": f"s3://ice/{take}"}, **changes}


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


def test_what_the_checks_said_and_what_the_reviewer_said_are_both_told() -> None:
    said = {"check_reason": "style failed: <pale>", "reason": "Ada asked for another take: more <red>"}
    first = {**attempt(1, "rejected", "style"), **said}
    run = {"code": "SH9", "frame_role": "single", "status": "rejected", "reason": "rejected by Ada: no", "attempts": []}
    told = made(
        shown(1, RED, attempts=[first, attempt(2, "accepted")], take=2), without_keyframe=[{**run, "attempts": [first]}]
    )
    assert [told["retakes"][0][key] for key in ("reason", "reviewer")] == [said["check_reason"], said["reason"]]
    html = page(told, Album({}))
    assert html.count("style failed: &lt;pale&gt;") == 2
    assert "more &lt;red&gt;" in html
    assert (
        made(shown(1, RED, attempts=[attempt(1, "failed-validation", "style"), attempt(2, "accepted")]))["retakes"][0][
            "reviewer"
        ]
        == ""
    )


def test_changes_are_counted_against_the_checks_that_they_speak_to() -> None:
    attempts = [
        attempt(1, "failed-validation", "identity", "sharpness"),
        attempt(2, "failed-validation", "identity", strategies=["new-seed", "stress", "other-view"], helped=False),
        attempt(3, "accepted", strategies=["next-model"], skipped=["identity: stress"], helped=True),
    ]
    # The attempt on show is the last of the list, whatever its number is.
    told = made(shown(1, RED, attempts=[attempts[0], attempts[2], attempts[1]], take=3))
    found = {(item["check"], item["strategy"]): (item["tried"], item["helped"]) for item in told["strategies"]}
    assert found == {
        ("identity", "new-seed"): (1, 0),
        ("identity", "stress"): (1, 0),
        ("identity", "other-view"): (1, 0),
        ("identity", "next-model"): (1, 1),
        ("sharpness", "new-seed"): (1, 0),
    }
    assert next(item["skipped"] for item in told["strategies"] if item["strategy"] == "stress") == 1


def test_a_retake_without_an_image_and_takes_to_choose_from_count_as_neither() -> None:
    told = made(shown(1, RED, attempts=[attempt(1, "failed-validation", "style"), attempt(2, "outage", asset=None)]))
    assert [item["helped"] for item in told["retakes"]] == [None]
    assert told["strategies"] == []
    assert made(shown(1, RED, attempts=[attempt(1, "passed-over"), attempt(2, "accepted")]))["retakes"] == []


def test_frames_without_a_keyframe_are_told_with_their_retakes_and_cost() -> None:
    run = {"code": "SH9", "frame_role": "end", "status": "failed", "reason": "<all used>", "cost_usd_micros": 7}
    run["attempts"] = [attempt(1, "failed-validation", "style"), attempt(2, "failed-validation", "style")]
    costs = {"spent_usd_micros": 123, "by_model": []}
    told = made(shown(1, RED), without_keyframe=[run], costs=costs)
    assert [(item["code"], item["status"]) for item in told["without_keyframe"]] == [("SH9 end", "failed")]
    assert [item["code"] for item in told["retakes"]] == ["SH9 end"]
    assert told["cost_usd_micros"] == 123
    assert "&lt;all used&gt;" in page(told, Album({}))


def test_both_frames_of_a_shot_are_told_apart_and_in_the_order_of_the_story() -> None:
    told = made(shown(1, RED, frame_role="end"), shown(1, GREEN, frame_role="start"))
    assert [item["code"] for item in told["frames"]] == ["SH1 start", "SH1 end"]


def test_a_prop_has_the_name_of_its_entry() -> None:
    digests = {"bible_digests": {"prop:flute": "1", "prop:pot": "1", "character:mira": "1"}}
    told = made(shown(1, RED, provenance=digests), names={"prop:flute": "Bamboo flute"})
    assert [item["name"] for item in told["props"]] == ["Bamboo flute", "pot"]


def test_the_reference_of_a_place_is_that_of_its_time_of_day() -> None:
    place = {"location_id": "sea", "name": "Sea", "time_of_day": "dusk"}
    pictures = [
        {"kind": "location", "entity_id": "sea", "uri": "s3://ice/noon", "about": {"time_of_day": "noon"}},
        {"kind": "location", "entity_id": "sea", "uri": "s3://ice/dusk", "about": {"variant": "dusk/clear/summer"}},
        {"kind": "character", "entity_id": "sea", "uri": "s3://ice/other", "about": {}},
    ]
    told = made(shown(1, RED, location=place), references=pictures)
    assert [item["reference"] for item in told["locations"]] == ["s3://ice/dusk"]
    assert [item["reference"] for item in told["characters"]] == [None]


def test_the_reference_of_a_character_is_that_of_the_costume_worn_in_its_worst_shot() -> None:
    pictures = [
        {"kind": "character", "entity_id": "mira", "uri": f"s3://ice/{name}", "about": {"variant": name}}
        for name in ("w", "x", "y")
    ]
    assert made(shown(1, RED), shown(2, GREEN), references=pictures)["characters"][0]["reference"] == "s3://ice/x"


def test_of_a_sheet_only_the_view_that_is_meant_is_shown() -> None:
    sheet = np.concatenate([RED, GREEN], axis=1)
    region = {"left": 0.5, "top": 0.0, "right": 1.0, "bottom": 1.0}
    with Image.open(io.BytesIO(part_of(encoded(sheet), region))) as part:
        assert part.size == (32, 18)
        assert part.convert("RGB").getpixel((0, 0)) == (30, 160, 40)
    assert measuring.key_of({"uri": "s3://ice/a", "region": region}) == "s3://ice/a#0.5,0,1,1"
    assert part_of(b"broken", region) == b"broken"


# --- identity by faces ------------------------------------------------------------------------------------------------


def faces_by_colour(image: Any) -> Any:
    """A face of its own for red and for green; none elsewhere."""
    red, green, _ = image.resize((1, 1)).getpixel((0, 0))
    return np.array([[1.0, 0.0]]) if red > 150 else np.array([[0.6, 0.8]]) if green > 100 else np.zeros((0, 2))


def test_cids_is_measured_on_matched_faces_and_null_where_there_are_none() -> None:
    black = np.zeros((18, 32, 3), dtype=np.uint8)
    frames = [CastFrame(str(number), ("mira",), encoded(pixels)) for number, pixels in enumerate((RED, GREEN, black))]
    frames.append(CastFrame("4", ("arun",), encoded(RED)))
    found = measured(FaceReader(faces_by_colour, "fake 1"), frames, {"mira": [encoded(RED)], "arun": [encoded(black)]})
    assert found["characters"]["mira"] == {
        "cross": pytest.approx((1.0 + 0.6) / 2),
        "self": pytest.approx(0.6),
        "seen": 3,
        "found": 2,
    }
    assert found["characters"]["arun"] == {"cross": None, "self": None, "seen": 1, "found": 0}
    told = made(shown(1, RED), cids=found)
    assert told["cids"] == {"cross": pytest.approx(0.8), "self": pytest.approx(0.6)}
    assert told["manifest"]["cids"] == "fake 1"
    assert "face found in 2 of 3" in page(told, Album({}))


# --- comparing --------------------------------------------------------------------------------------------------------


def test_two_reports_are_compared_and_say_when_they_were_measured_differently() -> None:
    one, other = made(shown(1, RED), shown(2, RED)), made(shown(1, RED), shown(2, GREEN, asset={"sha256": "f" * 64}))
    found = compared(one, other)
    assert found["same_measures"]
    assert found["same_film"]
    assert found["frames_changed"] == ["SH2"]
    assert next(item for item in found["entities"] if item["id"] == "mira")["change"] < 0
    without = compared(one, made(shown(1, RED, scores=[])))
    assert without["measured_differently"] == ["thresholds"]
    assert without["frames_gone"] == ["SH2"]
    with pytest.raises(ValueError, match="format"):
        compared({}, one)


def test_a_comparison_counts_one_as_one_and_none_as_the_same() -> None:
    one, other = made(shown(1, RED)), made(shown(1, RED, asset={"sha256": "f" * 64}))
    assert "The frames are the same." in lines(compared(one, one))
    told = lines(compared(one, other))
    assert "1 frame changed: SH1" in told
    assert not any("none" in line or " new" in line for line in told)
    two = compared(made(), made(shown(1, RED), shown(2, RED)))
    assert "2 frames new: SH1, SH2" in lines(two)


def test_reports_made_by_other_models_say_so_and_still_compare() -> None:
    found = compared(made(shown(1, RED)), made(shown(1, RED, model="n")))
    assert (found["same_measures"], found["made_differently"]) == (True, ["models"])


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_holds_its_pictures_fetches_nothing_and_escapes_words() -> None:
    reference = {"kind": "character", "entity_id": "mira", "uri": "s3://ice/mira", "about": {}}
    told = made(shown(1, RED), shown(2, GREEN), references=[reference])
    html = page(told, Album({"SH1": encoded(RED), "SH2": encoded(GREEN)}, {"s3://ice/mira": encoded(RED)}))
    assert "Mira &lt;b&gt;" in html
    assert "Film &amp; more" in html
    assert html.count("data:image/jpeg;base64,") == 6, "two frames, and two pictures in each card"
    assert "<figcaption>reference</figcaption>" in html
    assert "<script" not in html
    assert "http:" not in html
    assert "default-src 'none'" in html
    assert "@media print" in html
    assert "prefers-color-scheme:dark" in html


def test_a_picture_that_cannot_be_decoded_leaves_a_hole_and_no_failure() -> None:
    assert "no picture" in page(made(shown(1, RED)), Album({"SH1": b"not a picture"}))


def test_what_appears_once_shows_its_only_frame() -> None:
    assert page(made(shown(1, RED)), Album({"SH1": encoded(RED)})).count("its only frame: SH1") == 2


def test_of_two_frames_that_are_compared_both_are_shown() -> None:
    html = page(made(shown(1, RED), shown(2, GREEN)), Album({"SH1": encoded(RED), "SH2": encoded(GREEN)}))
    assert html.count("no reference; the other one: SH2") == html.count("least alike: SH1") == 2


def test_a_frame_that_waits_for_a_reviewer_is_shown_with_the_reason_and_every_picture_says_what_it_is() -> None:
    look = {"generation_id": "g<1", "url": "http://s3/1"}
    run = {"code": "SH9", "frame_role": None, "status": "review", "reason": "approval policy is manual", "look": look}
    html = page(made(without_keyframe=[run]), Album({}, {}, {"g<1": encoded(RED)}))
    assert "alt='SH9, not a keyframe'" in html
    assert "waits for a reviewer" in html
    assert "approval policy is manual" in html
    assert "every first take passed" not in html
    assert "alt=''" not in page(made(shown(1, RED), shown(2, GREEN)), Album({"SH1": encoded(RED)}))


def test_a_plot_names_its_worst_shot_and_does_not_magnify_small_differences() -> None:
    svg = over_the_film([("A", 0.99), ("B<", 0.98), ("C", 1.0)], "likeness")
    assert "<text class='worst'" in svg
    assert "B&lt;" in svg
    assert ">0.90<" in svg
    assert f"{'S' * 17}…</text>" in over_the_film([("S" * 40, 0.5), ("B", 0.9)], "likeness")
    assert over_the_film([("A", 0.5)], "likeness") == ""


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


def test_a_proposal_is_what_the_validation_service_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        proposal("identity", values([0.8] * 8, [0.4] * 8), at_least=True),
        proposal("style", values([0.8], []), at_least=True),
    ]
    bounds = proposed_bounds(found, "film")
    assert bounds == {"project:film": {"identity": 0.6}}
    monkeypatch.setenv("ICE_VALIDATION_BOUNDS", json.dumps(bounds))
    taken = ValidationSettings().validation_bounds
    assert bounds_for(taken, "film", "noir") == {"identity": 0.6}
    assert bounds_for(taken, "another", "noir") == {}
    assert proposed_bounds(found[1:], "film") == {}


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
    assert told["why_no_cids"] == "not asked for"
    # Nobody has decided yet.
    assert {item.bound for item in found} == {None}


def test_what_is_no_report_is_told_by_name(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    with pytest.raises(CliError, match="format") as caught:
        compare(Output(as_json=True, quiet=False), wrong, wrong)
    assert caught.value.code is Exit.INVALID
