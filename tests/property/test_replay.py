"""Wherever a replay is cut short, taking it up again sends each event once in effect, under the same id."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import topics
from schemas.base import Event
from schemas.envelope import REPLAYED_FROM, to_headers
from schemas.shot import ShotPlanned
from services.chassis.publishing import Delivery, EventPublisher, Outgoing
from services.chassis.settings import ServiceSettings
from services.chassis.wire import engine_wire
from services.cli.exits import CliError
from services.cli.replay.asking import Ask
from services.cli.replay.bounds import Span
from services.cli.replay.choosing import Choice, EventReader
from services.cli.replay.facts import rank_of
from services.cli.replay.journal import Journal, JournalFile, read_journal, unfinished
from services.cli.replay.newest import NewestMakings
from services.cli.replay.sending import Maker, Pace, Sender
from tests import builders

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Killed(BaseException):
    """The process dies here: nothing after it is run, nothing is saved."""


@dataclass
class Record:
    """A record of shot.planned.v1."""

    partition: int
    offset: int
    value: bytes
    headers: Sequence[tuple[str, bytes]]
    key: bytes = b"k"
    topic: str = topics.SHOT_PLANNED
    timestamp: int = 0


@dataclass
class Broker:
    """Takes records until its luck runs out: then it refuses a call, or the sender dies after the call was taken."""

    calls: list[str]
    taken: list[Outgoing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._words = EventPublisher(ServiceSettings(), "cli", wire=engine_wire())

    def outgoing(self, event: Event, *, replayed_from: str | None = None) -> Outgoing:
        return self._words.outgoing(event, replayed_from=replayed_from)

    async def begin(self, outgoing: Sequence[Outgoing]) -> list[Delivery]:
        fate = self.calls.pop(0) if self.calls and outgoing else "taken"
        kept = outgoing[: len(outgoing) // 2] if fate == "refused" else outgoing
        self.taken += kept
        if fate == "killed":
            raise Killed
        loop = asyncio.get_running_loop()
        deliveries = [Delivery(item, loop.create_future()) for item in outgoing]
        for delivery in deliveries[: len(kept)]:
            delivery.acknowledged.set_result(None)
        return deliveries

    async def unacknowledged(self, deliveries: Sequence[Delivery]) -> list[Outgoing]:
        return [item.outgoing for item in deliveries if not item.acknowledged.done()]


def record(partition: int, offset: int, shot: int, revision: int, *, copy: bool) -> Record:
    plan = builders.planned(builders.shot(shot_id=f"sh{shot}"), revision=revision)
    headers = to_headers(plan, source="planner", time=NOW, replayed_from="t:0:0" if copy else None)
    return Record(partition, offset, plan.model_dump_json().encode(), headers)


@st.composite
def topic_of(draw: st.DrawFn) -> list[list[Record]]:
    """Two partitions; a shot keeps to its own."""
    parts: list[list[Record]] = []
    for partition in range(2):
        rows = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3), st.booleans()), max_size=12))
        parts.append(
            [record(partition, at, partition * 10 + row[0], row[1], copy=row[2]) for at, row in enumerate(rows)]
        )
    return parts


async def batches(parts: list[list[Record]], left: dict[int, Span], size: int) -> AsyncIterator[Sequence[Any]]:
    for partition, span in left.items():
        rows = parts[partition][span.first : span.end]
        for start in range(0, len(rows), size):
            yield rows[start : start + size]


def chosen(parts: list[list[Record]], events: EventReader) -> Choice:
    newest = NewestMakings()
    for row in (row for rows in parts for row in rows):
        received = events.read(row)
        rank = rank_of(received.event)  # type: ignore[union-attr] # all are readable
        if rank is not None and received.envelope.replayed_from is None:  # type: ignore[union-attr] # likewise
            newest.offer(rank, row.partition, row.offset, wanted=True)
    return Choice(newest.chosen())


async def run_until_finished(parts: list[list[Record]], ask: Ask, fates: list[str], size: int, folder: Path) -> Broker:
    broker, events = Broker(list(fates)), EventReader("", (ask.topic,))
    spans = {partition: Span(0, len(rows)) for partition, rows in enumerate(parts)}
    journal = Journal(
        replay_id="r",
        started_at=NOW,
        kafka_bootstrap="b",
        kafka_topic_prefix="",
        ask=ask,
        whole=spans,
        spans=spans,
        source_spans=spans,
    )
    JournalFile(folder, journal).save(now=True)
    while unfinished(folder):
        file = JournalFile(folder, read_journal(folder, "r"))
        choice = chosen(parts, events) if ask.regenerate else Choice()
        sender = Sender(broker, Maker(events, choice, file.journal, compacted=False), file, Pace(None))
        try:
            await sender.send(batches(parts, file.journal.left, size), lambda _: None)
        except CliError:
            file.save(now=True)
        except Killed:
            continue
        else:
            file.finished()
    return broker


def event_ids(broker: Broker) -> list[str]:
    return [dict(item.headers)["ce_id"].decode() for item in broker.taken]


@settings(max_examples=60, deadline=None)
@given(
    parts=topic_of(),
    regenerate=st.booleans(),
    fates=st.lists(st.sampled_from(["taken", "refused", "killed"]), max_size=8),
    size=st.integers(1, 5),
)
def test_a_replay_taken_up_again_sends_the_same_events_as_one_that_went_through(
    parts: list[list[Record]], regenerate: bool, fates: list[str], size: int
) -> None:
    ask = Ask(topic=topics.SHOT_PLANNED, regenerate=regenerate)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        through = asyncio.run(run_until_finished(parts, ask, [], size, Path(one)))
        cut = asyncio.run(run_until_finished(parts, ask, fates, size, Path(other)))
    originals = [row for rows in parts for row in rows if REPLAYED_FROM not in dict(row.headers)]
    if regenerate:
        plans = [ShotPlanned.model_validate_json(item.value or b"") for item in through.taken]
        revisions = {plan.shot.shot_id: plan.revision for plan in plans}
        assert len(plans) == len(revisions)
        highest: dict[str, int] = {}
        for row in originals:
            plan = ShotPlanned.model_validate_json(row.value)
            highest[plan.shot.shot_id] = max(plan.revision, highest.get(plan.shot.shot_id, 0))
        assert revisions == highest
    else:
        assert [item.value for item in through.taken] == [row.value for row in originals]
    assert set(event_ids(cut)) == set(event_ids(through))
    assert all(REPLAYED_FROM in dict(item.headers) for item in cut.taken)
