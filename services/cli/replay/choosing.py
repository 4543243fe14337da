"""The first pass: which records of the source are to be sent. One small entry per subject is kept, never a body."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas import topics as names
from schemas.base import Event
from schemas.envelope import REPLAYED_FROM, EnvelopeError
from schemas.registry import NewerVersionError, UnreadableEventError
from services.chassis.bindings import OnBatch, Received
from services.chassis.reading import RawRecord, Reader
from services.chassis.wire import engine_wire
from services.cli.replay.bounds import Span
from services.cli.replay.facts import about_a_shot, facts_of, matches, rank_of
from services.cli.replay.journal import Journal
from services.cli.replay.newest import Chosen, NewestMakings, NewestRecords
from services.cli.replay.records import Spans, TopicRecords
from services.cli.replay.tally import Tally, Trouble

_SHOWN: Final = 20

Noted = Callable[[str, int], None]
"""Told how many more records of which topic were read."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that is no event, or one of a version to come."""

    kind: Trouble
    reason: str


class EventReader:
    """From records to events, or to what is wrong with them."""

    def __init__(self, prefix: str, topics: Iterable[str]) -> None:
        self._reader = Reader(engine_wire(), prefix, [OnBatch(tuple(dict.fromkeys(topics)), _nothing)])

    def read(self, record: RawRecord) -> Received | Broken:
        """The event of a record."""
        try:
            return self._reader.read(record)
        except NewerVersionError as error:
            return Broken("newer", str(error))
        except (EnvelopeError, UnreadableEventError) as error:
            return Broken("unreadable", str(error))


def is_copy(record: RawRecord) -> bool:
    """Whether a replay sent it; told by its headers, so that copies needn't be decoded."""
    return any(name == REPLAYED_FROM for name, _ in record.headers)


async def _nothing(_: Sequence[Received]) -> Sequence[Event]:
    return ()


@dataclass(slots=True)
class Choice:
    """What the first pass found.

    Attributes:
        chosen: offsets to send; None = every record that is asked for.
        missing: subjects that were asked for and that the source doesn't hold.
    """

    chosen: Chosen | None = None
    missing: list[str] = field(default_factory=list)

    def takes(self, record: RawRecord) -> bool:
        """Whether a record is to be sent as far as its place says it."""
        return self.chosen is None or record.offset in self.chosen.get(record.partition, ())


class Chooser:
    """Reads what has to be known before the first event is sent."""

    def __init__(self, records: TopicRecords, events: EventReader, journal: Journal, noted: Noted) -> None:
        self._records = records
        self._events = events
        self._journal = journal
        self._ask = journal.ask
        self._noted = noted

    async def newest_records(self) -> Choice:
        """For a compacted topic: the newest record of each key, if it lies within what is asked for."""
        newest, spans, whole = NewestRecords(), self._journal.spans, self._journal.whole
        topic = self._ask.topic
        async for batch in self._records.batches(topic, _to_the_end(spans, whole)):
            for record in batch:
                if record.key is None:
                    continue
                span = spans[record.partition]
                wanted = span.first <= record.offset < span.end and self._in_time(record) and record.value is not None
                newest.offer(record.key, record.partition, record.offset, wanted=wanted)
            self._noted(topic, len(batch))
        return Choice(newest.chosen())

    async def newest_makings(self, tally: Tally) -> Choice:
        """For new takes: the newest making of each shot that is asked for; what can't be sent is counted in `tally`."""
        ask, source, asked = self._ask, self._journal.source_spans, None
        if ask.source != ask.topic or ask.bounded:
            asked = await self._subjects(tally)
        newest = NewestMakings()
        async for batch in self._records.batches(ask.source, source):
            for record in batch:
                self._offer(newest, record, asked, tally)
            self._noted(ask.source, len(batch))
        missing = sorted(subject for subject in asked or () if not _held(newest, subject))
        return Choice(newest.chosen(), missing)

    def _offer(self, newest: NewestMakings, record: RawRecord, asked: set[str] | None, tally: Tally) -> None:
        if is_copy(record):
            tally.copies += 1
            return
        received = self._events.read(record)
        if isinstance(received, Broken):
            tally.trouble(received.kind, record.partition, record.offset, received.reason)
            return
        rank, facts = rank_of(received.event), facts_of(received.event)
        if rank is None or (asked is not None and not asked & {rank.subject, facts.shot_key}):
            return
        newest.offer(rank, record.partition, record.offset, wanted=matches(self._ask, facts))

    async def _subjects(self, tally: Tally) -> set[str]:
        """Shots that the range of the topic is about; single frames where events tell them and prompts are sent."""
        ask, found = self._ask, set[str]()
        by_role = ask.source not in {ask.topic, names.SHOT_PLANNED}
        async for batch in self._records.batches(ask.topic, self._journal.spans):
            for record in filter(self._may_ask, batch):
                received = self._events.read(record)
                if isinstance(received, Broken):
                    if ask.source != ask.topic:
                        tally.trouble(received.kind, record.partition, record.offset, received.reason)
                    continue
                facts = facts_of(received.event)
                if facts.shot_id is not None and about_a_shot(received.event) and matches(ask, facts):
                    found.add(f"{facts.shot_key}/{facts.role}" if by_role and facts.role else facts.shot_key)
            self._noted(ask.topic, len(batch))
        return found

    def _in_time(self, record: RawRecord) -> bool:
        return self._journal.window.holds(record.timestamp)

    def _may_ask(self, record: RawRecord) -> bool:
        return self._in_time(record) and not is_copy(record)


def _held(newest: NewestMakings, subject: str) -> bool:
    roles = ("", "/single", "/start", "/end")
    return any(newest.has(subject + role) for role in roles)


def _to_the_end(spans: Spans, whole: Spans) -> Spans:
    return {part: Span(span.first, whole[part].end) for part, span in spans.items()}
