"""The vendor's limits over several workers: whatever the order, the crashes and the clocks, they are never exceeded."""

from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.generation.domain import limits as rules
from services.generation.domain.limits import Book, Share, Terms, Wish
from services.generation.providers.optional import VendorLimits

WORKERS = 4
SKEW_S = 2.0
LEASE_S = 20.0

clocks = st.lists(st.floats(-SKEW_S / 2, SKEW_S / 2), min_size=WORKERS, max_size=WORKERS)
workers = st.integers(0, WORKERS - 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.sampled_from([0.1, 1.0, 3.0, 9.5, 19.0, 21.0])),
        st.tuples(st.just("work"), workers),
        st.tuples(st.just("begin"), workers),
        st.tuples(st.sampled_from(["work", "renew", "end", "crash", "leave", "throttled"]), workers),
    ),
    max_size=60,
)


@dataclass
class Worker:
    """One process; a crash makes it another one, with another name, that knows nothing."""

    number: int
    offset_s: float
    lives: int = 0
    running: int = 0
    waiting: int = 0
    share: Share = field(default_factory=Share)
    held: int = 0
    leased_until: float = 0.0

    @property
    def owner(self) -> str:
        return f"w{self.number}-{self.lives}"


@dataclass
class World:
    terms: Terms
    fleet: list[Worker]
    book: Book = field(default_factory=Book)
    now: float = 1_000_000.0
    begun: list[float] = field(default_factory=list)

    def clock(self, worker: Worker) -> float:
        return self.now + worker.offset_s

    def do(self, what: str, value: float) -> None:
        if what == "pass":
            self.now += value
            return
        worker = self.fleet[int(value)]
        getattr(self, what)(worker)

    def work(self, worker: Worker) -> None:
        """As much as may be."""
        worker.waiting += 6
        self.renew(worker)
        for _ in range(6):
            self.begin(worker)

    def renew(self, worker: Worker) -> None:
        wish = Wish(owner=worker.owner, running=worker.running, waiting=worker.waiting)
        before = self.book.version
        self.book, worker.share = rules.renewed(self.book, wish, self.terms, self.clock(worker))
        assert self.book.version == before + 1
        worker.held = sum(hold.slots for hold in self.book.holds if hold.owner == worker.owner)
        worker.leased_until = self.clock(worker) + self.terms.lease_s

    def begin(self, worker: Worker) -> None:
        share, now = worker.share, self.clock(worker)
        may = share.not_before <= now < share.until and worker.running < share.slots
        if not (may and worker.waiting and share.calls != 0):
            return
        if share.calls is not None:
            worker.share = share.model_copy(update={"calls": share.calls - 1})
        worker.running, worker.waiting = worker.running + 1, worker.waiting - 1
        self.begun.append(self.now)

    def end(self, worker: Worker) -> None:
        worker.running = max(0, worker.running - 1)

    def crash(self, worker: Worker) -> None:
        worker.lives += 1
        worker.running = worker.waiting = 0
        worker.share, worker.leased_until = Share(), 0.0

    def leave(self, worker: Worker) -> None:
        self.book = rules.left(self.book, worker.owner)
        self.crash(worker)

    def throttled(self, worker: Worker) -> None:
        self.book = rules.throttled(self.book, None, "too many", self.clock(worker))

    def slots_in_use(self) -> int:
        """Calls under leases that their owners believe in.

        A worker that was stopped for longer than its lease may find that a call of its own has outlived it: that one
        isn't counted, and nothing new is begun for it.
        """
        return sum(
            min(worker.running, worker.held) for worker in self.fleet if self.clock(worker) < worker.leased_until
        )


@settings(max_examples=150, deadline=None)
@given(clocks, steps, st.integers(1, 6))
@example([-1.0, 1.0, 0.0, 0.0], [("work", 0), ("pass", 19.0), ("work", 1)], 1)
def test_never_more_slots_are_leased_than_the_vendor_has(
    offsets: list[float], script: list[tuple[str, float]], slots: int
) -> None:
    terms = Terms(limits=VendorLimits(concurrent=slots), lease_s=LEASE_S, skew_s=SKEW_S)
    world = World(terms, [Worker(number, offset) for number, offset in enumerate(offsets)])
    for what, value in script:
        world.do(what, value)
        assert sum(hold.slots for hold in world.book.holds) <= slots
        assert world.slots_in_use() <= slots


@settings(max_examples=150, deadline=None)
@given(clocks, steps, st.integers(1, 12), st.sampled_from([5.0, 10.0, 60.0]))
def test_in_no_window_more_calls_begin_than_the_vendor_allows(
    offsets: list[float], script: list[tuple[str, float]], calls: int, window_s: float
) -> None:
    terms = Terms(limits=VendorLimits(calls=calls, window_s=window_s), skew_s=SKEW_S)
    world = World(terms, [Worker(number, offset) for number, offset in enumerate(offsets)])
    for what, value in script:
        world.do(what, value)
    for first in world.begun:
        assert sum(first <= moment <= first + window_s for moment in world.begun) <= calls
    assert len(world.book.begun) <= 40


@given(
    st.integers(0, 200), st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 50)), st.integers()
)
def test_fair_shares_are_full_bounded_by_wishes_and_even(slots: int, wanted: dict[str, int], turn: int) -> None:
    shares = rules.fair_shares(slots, wanted, turn)
    assert sum(shares.values()) == min(slots, sum(wanted.values()))
    assert all(shares[owner] <= wanted[owner] for owner in wanted)
    unsatisfied = [shares[owner] for owner in wanted if shares[owner] < wanted[owner]]
    if unsatisfied:
        assert max(shares.values()) - min(unsatisfied) <= 1


@given(st.integers(1, 5), st.integers(6, 12))
def test_the_odd_slots_go_round_so_that_nobody_waits_for_ever(slots: int, count: int) -> None:
    wanted = {f"w{number:02}": 9 for number in range(count)}
    served = {
        owner for turn in range(count) for owner, share in rules.fair_shares(slots, wanted, turn).items() if share
    }
    assert served == set(wanted)
