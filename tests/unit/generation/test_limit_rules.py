"""The book of a vendor's limits: who may do what, and until when."""

from services.generation.domain import limits as rules
from services.generation.domain.limits import Book, Share, Terms, Wish
from services.generation.providers.optional import VendorLimits

NOW = 1_000_000.0


def terms(concurrent: int | None = None, calls: int | None = None, window_s: float = 60.0) -> Terms:
    limits = VendorLimits(concurrent=concurrent, calls=calls, window_s=window_s)
    return Terms(limits=limits, lease_s=20, call_s=2, skew_s=2)


def renewed(
    book: Book, agreed: Terms, owner: str = "a", running: int = 0, waiting: int = 9, now: float = NOW
) -> tuple[Book, Share]:
    return rules.renewed(book, Wish(owner=owner, running=running, waiting=waiting), agreed, now)


def test_a_lone_worker_gets_all_that_the_vendor_allows_and_no_more() -> None:
    _, share = renewed(Book(), terms(concurrent=5))
    assert (share.slots, share.calls, share.short_of_slots) == (5, None, True)


def test_without_limits_everybody_gets_what_he_wants() -> None:
    _, share = renewed(Book(), terms(), running=3, waiting=40)
    assert (share.slots, share.calls) == (43, None)


def test_what_another_worker_holds_is_not_given_twice_until_his_lease_and_the_skew_are_over() -> None:
    book, _ = renewed(Book(), terms(concurrent=5), "a")
    assert renewed(book, terms(concurrent=5), "b", now=NOW + 21.9)[1].slots == 0
    assert renewed(book, terms(concurrent=5), "b", now=NOW + 22)[1].slots == 5


def test_a_worker_shrinks_to_its_fair_share_as_its_calls_end() -> None:
    agreed = terms(concurrent=4)
    book, _ = renewed(Book(), agreed, "a", waiting=4)
    book, nothing_yet = renewed(book, agreed, "b", waiting=4)
    assert nothing_yet.slots == 0
    book, share = renewed(book, agreed, "a", running=4, waiting=4)
    assert share.slots == 2
    assert renewed(book, agreed, "b", waiting=4)[1].slots == 0
    book, _ = renewed(book, agreed, "a", running=2, waiting=4)
    assert renewed(book, agreed, "b", waiting=4)[1].slots == 2


def test_a_worker_without_calls_leaves_the_book() -> None:
    book, _ = renewed(Book(), terms(concurrent=4))
    book, _ = renewed(book, terms(concurrent=4), waiting=0)
    assert book.holds == ()


def test_a_worker_that_stops_gives_everything_back_at_once() -> None:
    book, _ = renewed(Book(), terms(concurrent=4), "a")
    assert renewed(rules.left(book, "a"), terms(concurrent=4), "b")[1].slots == 4


def test_calls_of_a_window_are_counted_over_all_workers() -> None:
    agreed = terms(calls=5, window_s=60)
    book, first = renewed(Book(), agreed, "a", waiting=3)
    book, second = renewed(book, agreed, "b", waiting=9)
    assert (first.calls, second.calls, second.short_of_calls) == (3, 2, True)
    assert renewed(book, agreed, "c", waiting=9, now=NOW + 1)[1].calls == 0


def test_a_window_ends_late_by_the_skew_and_by_how_long_a_call_may_wait_to_begin() -> None:
    agreed = terms(calls=5, window_s=60)
    book, _ = renewed(Book(), agreed, "a", waiting=5)
    assert renewed(book, agreed, "b", now=NOW + 63.9)[1].calls == 0
    assert renewed(book, agreed, "b", now=NOW + 64)[1].calls == 5


def test_calls_are_granted_only_for_what_has_a_slot() -> None:
    _, share = renewed(Book(), terms(concurrent=2, calls=50), running=1, waiting=9)
    assert (share.slots, share.calls) == (2, 1)


def test_a_pause_holds_for_every_worker() -> None:
    book = rules.throttled(Book(), 12.0, "too many requests", NOW)
    after, share = renewed(book, terms(calls=50))
    assert (share.not_before, share.reason, share.calls) == (NOW + 12, "too many requests", 0)
    assert after.not_before == NOW + 12


def test_a_vendor_that_says_come_back_at_once_is_given_a_pause_all_the_same() -> None:
    book = Book()
    for pause in (2.0, 4.0):
        book = rules.throttled(book, 0.0, "too many requests", NOW)
        assert book.not_before == NOW + pause
        book = book.model_copy(update={"not_before": NOW})


def test_many_calls_throttled_at_once_make_one_pause_and_the_longest_counts() -> None:
    book = rules.throttled(Book(), None, "r", NOW)
    again = rules.throttled(book, None, "r", NOW + 0.1)
    assert (again.not_before, again.strikes) == (book.not_before, 1)
    assert rules.throttled(again, 30.0, "r", NOW + 0.2).not_before == NOW + 30.2


def test_pauses_grow_while_the_vendor_goes_on_throttling_and_are_forgiven_later() -> None:
    book, now, lengths = Book(), NOW, []
    for _ in range(9):
        book = rules.throttled(book, None, "r", now)
        lengths.append(book.not_before - now)
        now = book.not_before + 1
    assert lengths[:4] == [2, 4, 8, 16]
    assert lengths[-1] == 120
    assert rules.throttled(book, None, "r", now + 301).strikes == 1


def test_the_book_stays_small_at_any_rate() -> None:
    book, agreed = Book(), terms(calls=10_000, window_s=60)
    for step in range(2_000):
        book, _ = renewed(book, agreed, waiting=2, now=NOW + step * 0.1)
    assert len(book.begun) < 50


def test_what_a_clock_that_jumped_has_dated_into_next_week_binds_nobody() -> None:
    week = NOW + 7 * 86_400
    agreed = terms(concurrent=5, calls=5)
    book, _ = renewed(Book(), agreed, "jumped", now=week)
    book = rules.throttled(book, 60, "too many", week)
    share = renewed(book, agreed, "b")[1]
    assert (share.slots, share.calls, share.not_before) == (5, 5, 0)
    # A clock within the skew is believed.
    book, _ = renewed(Book(), agreed, "a", now=NOW + 2)
    assert renewed(book, agreed, "b")[1].slots == 0
