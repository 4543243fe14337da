"""Who is painted together, by hand-made cases; tests/property/test_batching.py holds the laws."""

import pytest

from services.generation.providers.diffusers.batching import Batcher, Terms, Ticket

TERMS = Terms(most=3, wait_s=0.5, adapters=2)


def batcher(*tickets: Ticket, terms: Terms = TERMS) -> Batcher:
    made = Batcher(terms)
    for ticket in tickets:
        made.add(ticket)
    return made


def test_a_full_batch_goes_at_once() -> None:
    waiting = batcher(Ticket("a", "k", 0.0), Ticket("b", "k", 0.1), Ticket("c", "k", 0.1), Ticket("d", "k", 0.1))
    assert waiting.due_at() == 0.0
    assert waiting.take(0.1) == ("a", "b", "c")
    assert waiting.take(0.1) == ()
    assert len(waiting) == 1


def test_a_lonely_order_waits_its_budget_and_no_longer() -> None:
    waiting = batcher(Ticket("a", "k", 1.0))
    assert waiting.due_at() == 1.5
    assert waiting.take(1.49) == ()
    assert waiting.take(1.5) == ("a",)
    assert waiting.due_at() is None


def test_only_the_same_key_shares_a_batch() -> None:
    waiting = batcher(Ticket("a", "wide", 0.0), Ticket("b", "square", 0.0), Ticket("c", "wide", 0.2))
    assert waiting.take(0.5) == ("a", "c")
    assert waiting.take(0.5) == ("b",)


def test_a_full_batch_of_younger_orders_goes_before_an_older_one_that_still_has_time() -> None:
    waiting = batcher(Ticket("old", "wide", 0.0), *(Ticket(name, "square", 0.1) for name in "abc"))
    assert waiting.take(0.2) == ("a", "b", "c")
    assert waiting.take(0.2) == ()
    assert waiting.take(0.5) == ("old",)


def test_an_order_whose_time_is_over_goes_before_a_full_batch_of_younger_ones() -> None:
    waiting = batcher(Ticket("old", "wide", 0.0), *(Ticket(name, "square", 0.1) for name in "abc"))
    assert waiting.take(0.5) == ("old",)


def test_a_batch_loads_no_more_adapters_than_agreed() -> None:
    waiting = batcher(
        Ticket("a", "k", 0.0, frozenset({"mira"})),
        Ticket("b", "k", 0.0, frozenset({"otto", "nora"})),
        Ticket("c", "k", 0.0, frozenset({"otto"})),
    )
    assert waiting.take(1.0) == ("a", "c")
    assert waiting.take(1.0) == ("b",)


def test_an_order_that_needs_more_adapters_than_a_batch_may_load_is_painted_all_the_same() -> None:
    many = Ticket("a", "k", 0.0, frozenset({"mira", "otto", "nora"}))
    assert batcher(many, Ticket("b", "k", 0.0, frozenset({"crane"}))).take(1.0) == ("a",)
    assert batcher(many, Ticket("b", "k", 0.0, frozenset({"mira"}))).take(1.0) == ("a", "b")


def test_after_memory_ran_out_batches_of_that_key_stay_smaller() -> None:
    waiting = batcher(*(Ticket(name, "wide", 0.0) for name in "abcd"), Ticket("x", "square", 0.0))
    waiting.shrink("wide", 2)
    assert waiting.take(0.0) == ("a", "b")
    waiting.shrink("wide", 9)
    assert waiting.take(0.0) == ("c", "d")
    waiting.shrink("wide", 0)
    waiting.add(Ticket("e", "wide", 0.0))
    assert waiting.take(0.0) == ("e",)


def test_a_dropped_order_is_in_no_batch() -> None:
    waiting = batcher(Ticket("a", "k", 0.0), Ticket("b", "k", 0.0))
    assert waiting.drop("a")
    assert not waiting.drop("a")
    assert waiting.take(1.0) == ("b",)


def test_an_order_waits_once() -> None:
    with pytest.raises(ValueError, match="'a' waits already"):
        batcher(Ticket("a", "k", 0.0), Ticket("a", "k", 1.0))


@pytest.mark.parametrize("wrong", [(0, 0.0, 1), (1, -1.0, 1), (1, 0.0, 0)])
def test_wrong_terms_are_named(wrong: tuple[int, float, int]) -> None:
    with pytest.raises(ValueError, match="allowed are most from 1"):
        Terms(*wrong)
