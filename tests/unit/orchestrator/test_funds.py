"""The book of a project's budgets: which word about a run counts."""

import pytest

from schemas.project import Budget, Limit
from services.orchestrator.domain.funds import Book, Line, Scope, Spent

BUDGET = Budget(project=Limit(max_cost_usd_micros=1000, max_attempts=10))


def line(stamp: int, *, calls: int = 1, usd_micros: int = 100) -> Line:
    return Line(scene_id="sc010", shot_id="sh0010", calls=calls, usd_micros=usd_micros, stamp=stamp)


def reserved(book: Book, asked: Line) -> Book | None:
    return book.reserved("run-1", asked, BUDGET)


@pytest.fixture
def book() -> Book:
    made = reserved(Book(project_id="film"), line(5, calls=2, usd_micros=300))
    assert made is not None
    return made


@pytest.mark.parametrize("saved", [True, False])
@pytest.mark.parametrize("late", [line(4), line(4, calls=2, usd_micros=300), line(4, calls=3, usd_micros=400)])
def test_a_reservation_for_a_version_that_has_passed_is_refused(book: Book, late: Line, saved: bool) -> None:
    if saved:
        book = book.booked("run-1", line(5, calls=2, usd_micros=300))
    # Be it for less, the same or more: its writer has lost the race for the shot's document.
    assert reserved(book, late) is None


def test_a_reservation_for_a_version_that_is_saved_is_refused(book: Book) -> None:
    assert reserved(book.booked("run-1", line(5)), line(5, calls=2)) is None


def test_of_two_reservations_for_one_version_the_higher_figures_stand(book: Book) -> None:
    both = reserved(book, line(5, calls=3, usd_micros=200))
    assert both is not None
    assert both.used(Scope.PROJECT, "film") == Spent(3, 300)


def test_a_reservation_for_a_later_version_replaces_the_line(book: Book) -> None:
    later = reserved(book, line(6, calls=1, usd_micros=50))
    assert later is not None
    assert later.used(Scope.PROJECT, "film") == Spent(1, 50)


def test_an_older_word_that_was_saved_never_replaces_a_newer_one(book: Book) -> None:
    assert book.booked("run-1", line(4)) is book


def test_a_reservation_beyond_the_limit_is_refused(book: Book) -> None:
    assert reserved(book, line(6, usd_micros=1001)) is None
    assert reserved(book, line(6, calls=11)) is None
    assert reserved(book, line(6, calls=10, usd_micros=1000)) is not None
