"""How the workers of one vendor share what it allows an account; pure, so that every interleaving can be played.

One document per provider, the book, is changed by compare-and-set. In it each worker holds some of the vendor's slots
(calls at once) until a time, and notes how many it could use; and the book remembers how many calls began lately. A
worker renews every second or so, for all its calls together and only while there are any: the book is no hot spot,
however many calls there are.

What holds, as long as the workers' clocks differ by no more than `Terms.skew_s`:
- The slots held at any time by workers that are alive are no more than the vendor allows. A crashed worker's slots come
  free `lease_s` after its last sign of life. (Its jobs may go on at the vendor for longer: then the vendor throttles.)
- In any window no more calls begin than the vendor allows. A call that was granted and not made within `call_s` lapses.
- Where fewer slots than wishes are there, they are shared out evenly, and the odd ones go round.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from services.generation.providers.reply_errors import MAX_RETRY_AFTER_S
from services.generation.providers.vendor import VendorLimits

#: Calls that began lately are remembered in so many steps per window: the book stays small at any rate.
_STEPS: Final = 30
FIRST_PAUSE_S: Final = 2.0
_LONGEST_PAUSE_S: Final = 120.0
_FORGIVEN_AFTER_S: Final = 300.0


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Hold(_Value):
    """What one worker holds. Times are seconds since 1970, by the clock of whoever wrote them."""

    owner: str
    slots: int = Field(ge=0)
    wanted: int = Field(ge=0)
    until: float


class Begun(_Value):
    """Calls that were granted up to `at`, since the entry before."""

    at: float
    calls: int = Field(ge=1)


class Book(_Value):
    """What is known of one provider by all its workers. `version` is for the compare-and-set."""

    version: int = 0
    holds: tuple[Hold, ...] = ()
    begun: tuple[Begun, ...] = ()
    not_before: float = 0.0
    """Until then nobody calls: the vendor throttled."""
    throttled_at: float = 0.0
    strikes: int = 0
    """Pauses in a row; each doubles the next where the vendor doesn't say how long."""
    reason: str = ""


class Terms(_Value):
    """What is agreed among the workers of a vendor; the same for all."""

    limits: VendorLimits
    lease_s: float = 20.0
    """How long slots are held without a sign of life."""
    call_s: float = 2.0
    """How long a share may be used before it is renewed, and so how long a granted call may wait to begin."""
    skew_s: float = 2.0
    """How far the workers' clocks may differ."""


class Wish(_Value):
    """What one worker has and would like. `owner` names it in the book."""

    owner: str
    running: int = Field(ge=0)
    """Calls of its own that take a slot now."""
    waiting: int = Field(ge=0)
    """Calls that wait for one."""


class Share(_Value):
    """What a worker may do between `not_before` and `until`, by its own clock; then it renews.

    Attributes:
        slots: calls of its own that may run at once.
        calls: that may begin; None = as many as have a slot.
        until: seconds since 1970.
        not_before: likewise.
        reason: of the pause.
        rivals: other workers that want more slots than they hold.
        short_of_slots: fewer than wanted were there.
        short_of_calls: fewer than have a slot may begin.
    """

    slots: int = 0
    calls: int | None = 0
    until: float = 0.0
    not_before: float = 0.0
    reason: str = ""
    rivals: int = 0
    short_of_slots: bool = False
    short_of_calls: bool = False


def renewed(book: Book, wish: Wish, terms: Terms, now: float) -> tuple[Book, Share]:
    """Hold what is fair of what is free, and take the calls that may begin.

    Args:
        book: as it is stored.
        wish: of the worker that renews.
        terms: agreed among all.
        now: by the worker's clock, seconds since 1970.

    Returns:
        The book to store, and what the worker may do once it is stored.
    """
    others = tuple(hold for hold in book.holds if hold.owner != wish.owner and _holds(hold, terms, now))
    wanted = wish.running + wish.waiting
    usable, held = _slots(others, wish, terms.limits.concurrent, now, terms.lease_s)
    begun = _recent(book.begun, terms, now)
    rivals = sum(hold.wanted > hold.slots for hold in others)
    # A pause beyond the longest that is believed was dated by a clock that has jumped.
    not_before = book.not_before if book.not_before <= now + MAX_RETRY_AFTER_S + terms.skew_s else 0.0
    could_begin = 0 if now < not_before else min(wish.waiting, max(0, usable - wish.running))
    calls = _calls(begun, could_begin, rivals, terms.limits.calls)
    hold = Hold(owner=wish.owner, slots=held, wanted=wanted, until=now + terms.lease_s)
    mine = (hold,) if wanted or held else ()
    after = _next(book, holds=(*others, *mine), begun=_noted(begun, calls, terms, now))
    share = Share(
        slots=usable,
        calls=calls,
        until=now + terms.call_s,
        not_before=not_before,
        reason=book.reason,
        rivals=rivals,
        short_of_slots=usable < wanted,
        short_of_calls=calls is not None and calls < could_begin,
    )
    return after, share


def left(book: Book, owner: str) -> Book:
    """The book without a worker that stops."""
    return _next(book, holds=tuple(hold for hold in book.holds if hold.owner != owner))


def throttled(book: Book, retry_after_s: float | None, reason: str, now: float) -> Book:
    """Nobody calls for a while: as long as the vendor said, or longer with each time that it didn't say.

    Many calls in flight may be throttled at once: within a pause only a longer one is news.
    """
    if now < book.not_before <= now + MAX_RETRY_AFTER_S:
        asked = now + (retry_after_s or 0.0)
        return _next(book, not_before=max(book.not_before, asked), reason=reason)
    strikes = 1 if now - book.throttled_at > _FORGIVEN_AFTER_S else book.strikes + 1
    guessed = min(_LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(strikes - 1, 10))
    # "At once" is what a throttled call was sent: it says nothing, and would be sent again and again.
    pause = retry_after_s or guessed
    return _next(book, not_before=now + pause, throttled_at=now, strikes=strikes, reason=reason)


def fair_shares(slots: int, wanted: Mapping[str, int], turn: int = 0) -> dict[str, int]:
    """Slots for each worker: nobody gets more than wanted, and nobody less than another unless it wants less.

    Args:
        slots: to share out.
        wanted: by owner.
        turn: whose turn it is for the odd ones; any number, another one later.
    """
    shares = dict.fromkeys(wanted, 0)
    free = slots
    while free > 0:
        open_ = sorted(owner for owner in wanted if shares[owner] < wanted[owner])
        if not open_:
            break
        each = free // len(open_)
        if each == 0:
            first = turn * free % len(open_)
            for owner in (open_[first:] + open_[:first])[:free]:
                shares[owner] += 1
            break
        for owner in open_:
            more = min(each, wanted[owner] - shares[owner])
            shares[owner] += more
            free -= more
    return shares


def _slots(others: tuple[Hold, ...], wish: Wish, concurrent: int | None, now: float, turn_s: float) -> tuple[int, int]:
    """Slots that may be used from now on, and slots to write down: also those of calls that run beyond the share."""
    wanted = wish.running + wish.waiting
    if concurrent is None:
        return wanted, wanted
    free = max(0, concurrent - sum(hold.slots for hold in others))
    wishes = {hold.owner: hold.wanted for hold in others} | {wish.owner: wanted}
    fair = fair_shares(concurrent, wishes, int(now // turn_s))[wish.owner]
    usable = min(fair, free)
    return usable, min(free, max(wish.running, usable))


def _holds(hold: Hold, terms: Terms, now: float) -> bool:
    """Whether a hold is good. One that no clock within the skew can have dated is of a clock that has jumped."""
    return now - terms.skew_s < hold.until <= now + terms.lease_s + terms.skew_s


def _recent(begun: tuple[Begun, ...], terms: Terms, now: float) -> tuple[Begun, ...]:
    # A call may begin `call_s` after its grant, and the clock that wrote it may be behind.
    window_s = terms.limits.window_s + terms.call_s + terms.skew_s
    return tuple(entry for entry in begun if now - window_s < entry.at <= now + terms.call_s + terms.skew_s)


def _calls(begun: tuple[Begun, ...], wanted: int, rivals: int, allowed: int | None) -> int | None:
    if allowed is None:
        return None
    left_over = max(0, allowed - sum(entry.calls for entry in begun))
    return min(wanted, -(-left_over // (1 + rivals)))


def _noted(begun: tuple[Begun, ...], calls: int | None, terms: Terms, now: float) -> tuple[Begun, ...]:
    if not calls:
        return begun
    step = terms.limits.window_s / _STEPS
    if begun and now // step == begun[-1].at // step:
        return (*begun[:-1], Begun(at=max(now, begun[-1].at), calls=begun[-1].calls + calls))
    return (*begun, Begun(at=now, calls=calls))


def _next(book: Book, **changes: object) -> Book:
    return book.model_copy(update={**changes, "version": book.version + 1})
