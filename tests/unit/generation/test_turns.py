"""The express lane goes first, and the standard lane is never starved."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import Lane
from services.generation.domain.turns import EVERY, Turns


def taken(lanes: list[Lane]) -> list[tuple[Lane, int]]:
    turns: Turns[tuple[Lane, int]] = Turns()
    for number, lane in enumerate(lanes):
        turns.put(lane, (lane, number))
    return [turns.take() for _ in range(len(turns))]


def test_of_four_in_a_row_one_is_standard_while_both_wait() -> None:
    order = [lane for lane, _ in taken([Lane.STANDARD] * 3 + [Lane.EXPRESS] * 9)]
    assert [place for place, lane in enumerate(order) if lane is Lane.STANDARD] == [EVERY - 1, 2 * EVERY - 1, 11]


@given(st.lists(st.sampled_from(Lane), max_size=40))
def test_everybody_is_taken_once_and_in_order_within_a_lane(lanes: list[Lane]) -> None:
    order = taken(lanes)
    assert sorted(number for _, number in order) == list(range(len(lanes)))
    for lane in Lane:
        numbers = [number for found, number in order if found is lane]
        assert numbers == sorted(numbers)
