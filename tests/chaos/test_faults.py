"""The schedule is the seed's."""

import pytest

from tests.chaos.faults import KINDS, LINKS, SERVICES, schedule
from tests.chaos.film import make
from tests.chaos.world import LINKS as REAL_LINKS
from tests.chaos.world import SERVICES as REAL_SERVICES


def test_a_seed_has_one_schedule_and_one_film() -> None:
    assert schedule(7, 70) == schedule(7, 70)
    assert schedule(7, 70) != schedule(8, 70)
    assert make(7, 50) == make(7, 50)


@pytest.mark.parametrize("seed", range(20))
def test_every_schedule_has_every_fault_within_its_window(seed: int) -> None:
    faults = schedule(seed, 70)
    kinds = {fault.kind for fault in faults}
    assert kinds == {
        *("kill", "freeze", "kill-broker", "kill-controller", "kill-database", "kill-object-store", "fill-disk"),
        *("delay", "cut", "truncate", "refuse", "deliver-again", "shift-clock"),
    }
    assert {fault.target for fault in faults if fault.kind == "kill"} == set(SERVICES)
    assert any(fault.kind == "kill-object-store" and fault.for_s == 30 for fault in faults)
    assert all(0 <= fault.at <= 75 for fault in faults)


def test_leaving_a_kind_out_changes_no_other() -> None:
    whole = [fault for fault in schedule(3, 70) if fault.kind == "kill"]
    assert list(schedule(3, 70, "kill")) == whole
    assert schedule(3, 70, "") == ()


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="quake"):
        schedule(1, 70, "quake")
    assert len(KINDS) == 7


def test_targets_are_what_runs() -> None:
    assert SERVICES == REAL_SERVICES
    assert LINKS == REAL_LINKS


def test_a_film_has_pairs_and_shots_in_a_hurry() -> None:
    film = make(1, 300)
    assert len(film.shots) == 300
    assert 320 < len(film.frames) < 400
    assert any(shot.shot.priority >= 80 for shot in film.shots)
    assert len({shot.shot.scene_id for shot in film.shots}) == 12
