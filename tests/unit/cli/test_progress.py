"""How far a film is, from the gateway's words."""

import io
from typing import Any

from rich.console import Console

from services.cli.live_view import films_table
from services.cli.progress import film_progress, scenes


def run(status: str = "ready", **changes: Any) -> dict[str, Any]:
    made = {"shot_id": "a", "code": "A", "scene_id": "s1", "frame_role": "single", "status": status}
    return {**made, "first_at_ms": 1_000, "last_at_ms": 3_500, "cost_usd_micros": 250_000, **changes}


def answer(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"project_id": "film", "runs": list(runs)}


def test_a_film_is_finished_when_every_published_frame_has_ended() -> None:
    assert film_progress(answer(run(), run("failed")), expected=2).finished
    assert not film_progress(answer(run(), run("generating")), expected=2).finished


def test_a_frame_that_is_not_seen_yet_is_planned_and_keeps_the_film_open() -> None:
    film = film_progress(answer(run()), expected=3)
    assert film.counts["planned"] == 2
    assert not film.finished


def test_a_film_published_by_somebody_else_is_as_long_as_what_is_known() -> None:
    assert film_progress(answer(run(), run())).expected == 2


def test_failed_and_rejected_frames_are_bad_and_superseded_ones_are_not() -> None:
    film = film_progress(answer(run("failed", reason="no model"), run("rejected"), run("superseded"), run()))
    assert [frame.status for frame in film.bad] == ["failed", "rejected"]
    assert film.finished
    assert film.summary()["failures"][0]["reason"] == "no model"


def test_time_and_cost_are_those_of_all_runs() -> None:
    film = film_progress(answer(run(), run(first_at_ms=500, last_at_ms=9_000)))
    assert film.seconds == 8.5
    assert film.cost_usd == 0.5


def test_an_answer_without_times_or_words_is_read() -> None:
    film = film_progress({"project_id": "film", "runs": [{"run_id": "r"}]})
    assert film.seconds == 0
    assert film.frames[0].status == "planned"


def test_a_status_of_a_newer_gateway_is_counted_too() -> None:
    film = film_progress(answer(run("upscaling")))
    assert film.counts["upscaling"] == 1
    assert not film.finished


def test_frames_are_grouped_by_scene_in_story_order() -> None:
    film = film_progress(answer(run(scene_id="s2"), run(scene_id="s1"), run(scene_id="s2")))
    assert {name: len(frames) for name, frames in scenes(film.frames).items()} == {"s2": 2, "s1": 1}


def test_a_film_that_only_people_can_move_is_at_rest_and_not_finished() -> None:
    film = film_progress(answer(run(), run("review"), run("held")), expected=3)
    assert (film.at_rest, film.finished) == (True, False)
    assert [frame.status for frame in film.waiting] == ["review", "held"]
    assert not film_progress(answer(run("review"), run("generating")), expected=2).at_rest
    assert not film_progress(answer(run("review")), expected=2).at_rest


def test_references_that_wait_for_a_person_are_told_with_the_frames_that_do() -> None:
    made = {"references": {"runs": [run("review"), run("held"), run("ready")]}}
    film = film_progress({**answer(run("planned"), run("review")), **made})
    assert film.people_asked == "1 keyframe and 2 references to review"
    assert film.summary()["references_waiting_for_people"] == 2
    assert not film_progress(answer(run())).people_asked


def test_on_a_narrow_terminal_a_long_title_gives_way_and_no_figure_does() -> None:
    film = film_progress(answer(*(run() for _ in range(123)), run("review")), title="A title " * 20)
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(films_table([film]))
    head, row = console.export_text().splitlines()
    assert head.split()[-8:] == ["keyframes", "ready", "failed", "review", "in", "work", "seconds", "cost"]
    assert row.split()[-7:] == ["124", "123", "0", "1", "0", "2.5", "$31.00"]
