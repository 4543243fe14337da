"""What is made of lives that end without a word."""

import pytest

from services.chassis.deaths import Course, Mark, read


@pytest.mark.parametrize(
    ("mark", "course"),
    [
        (Mark(), Course.TOGETHER),
        (Mark(2), Course.TOGETHER),
        (Mark(3), Course.ONE_AT_A_TIME),
        (Mark(3, 1), Course.ONE_AT_A_TIME),
        (Mark(0, 1), Course.ONE_AT_A_TIME),
        (Mark(3, 2), Course.DEAD_LETTER),
    ],
)
def test_three_lives_lead_to_one_at_a_time_and_two_deaths_alone_to_the_dead_letters(mark: Mark, course: Course) -> None:
    assert mark.course(3) is course
    assert mark.course(0) is Course.TOGETHER


@pytest.mark.parametrize("mark", [Mark(), Mark(1), Mark(3, 1), Mark(0, 2)])
def test_a_mark_is_read_as_it_was_written(mark: Mark) -> None:
    assert read(mark.text) == mark


@pytest.mark.parametrize("text", [None, "", "somebody else's", "ice-lives x alone 1", "ice-lives 3 alone 1 and more"])
def test_metadata_that_is_not_ours_is_no_mark(text: str | None) -> None:
    assert read(text) == Mark()


def test_an_offset_without_a_mark_has_no_metadata() -> None:
    assert Mark().text == ""
    assert Mark().begun().begun() == Mark(2)
    assert Mark(3).begun_alone() == Mark(3, 1)
