"""`ice dlq`: what failed for good, seen, tried again or given up."""

import difflib
import getpass
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from schemas import topics
from schemas.topics import DEAD_LETTER_SUFFIX
from services.chassis.clock import SystemClock
from services.chassis.failures import Transient
from services.chassis.publishing import Delivery, EventPublisher, Outgoing, UnpublishableError
from services.cli.dead_letter_topics import Box, DeadLetterTopics, opened
from services.cli.dead_letters import Handled, How, Letter, details, marker, printable, retried, summary
from services.cli.exits import CliError, Exit
from services.cli.output import Output
from services.cli.publishing import SOURCE
from services.cli.settings import CliSettings, broker_settings, read_settings, running_stack

_CHUNK: Final = 64
_COLUMNS: Final = ("topic", "offset", "key", "stage", "consumer_group", "error", "attempts", "failed_at", "reason")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which letters a command is about: some of one topic, or all that are open, narrowed by topic and stage."""

    topic: str | None = None
    offsets: Sequence[int] = ()
    stage: str | None = None


@dataclass(slots=True)
class Ended:
    """What became of them: (topic, offset) of each that is handled, and a line for each that is not."""

    handled: list[tuple[str, int]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


async def list_letters(output: Output, folder: Path | None, topic: str | None, limit: int) -> Exit:
    """Every open letter, at most `limit` of them shown."""
    names, count = _names(folder, topic), 0
    rows: list[dict[str, Any]] = []
    async with opened(broker_settings(folder)) as reader:
        for box in await reader.boxes(names):
            async for letter in reader.letters(box, await reader.handled(box)):
                count += 1
                if len(rows) < limit:
                    rows.append(summary(letter, box.topic))
    output.result({"open": count, "dead_letters": rows}, lambda: _table(rows) if rows else Text("no open dead letters"))
    if count > len(rows):
        output.note(f"{count - len(rows):,} more; narrow with --topic or raise --limit")
    return Exit.OK


async def show(output: Output, folder: Path | None, topic: str, offset: int) -> Exit:
    """One letter whole, handled or not."""
    (name,) = _names(folder, topic)
    async with opened(broker_settings(folder)) as reader:
        box = await _box(reader, name)
        letter = await reader.letter(box, offset)
        if letter is None:
            raise _missing(box, [offset])
        handled = await reader.handled(box, offset)
    value = details(letter, box.topic, handled.markers.get(offset))
    output.result(value, lambda: _sheet(value), whole_lines=True)
    return Exit.OK


async def retry(output: Output, folder: Path | None, asked: Asked) -> Exit:
    """Publish originals to where they failed, wait, then mark their letters as handled."""
    return await _settle(output, folder, asked, "retried")


async def drop(output: Output, folder: Path | None, asked: Asked) -> Exit:
    """Mark letters as handled and publish nothing."""
    return await _settle(output, folder, asked, "dropped")


async def _settle(output: Output, folder: Path | None, asked: Asked, how: How) -> Exit:
    settings, ended, names = broker_settings(folder), Ended(), _names(folder, asked.topic)
    async with opened(settings) as reader:
        boxes = [await _box(reader, names[0])] if asked.offsets else await reader.boxes(names)
        publisher = EventPublisher(settings, SOURCE)
        try:
            await publisher.start()
            for box in boxes:
                await _settle_box(reader, box, asked, _Hand(publisher, how, ended))
        except Transient as error:
            ended.failed.append(str(error))
        finally:
            await publisher.stop()
    value = {how: [{"topic": topic, "offset": offset} for topic, offset in ended.handled], "failed": ended.failed}
    count = len(ended.handled)
    output.result(value, lambda: Text(f"{how} {count:,} dead letter{'' if count == 1 else 's'}"))
    for line in ended.failed:
        output.error(line)
    return Exit.FAILED if ended.failed else Exit.OK


async def _settle_box(reader: DeadLetterTopics, box: Box, asked: Asked, hand: "_Hand") -> None:
    """Settle what is asked of one topic, a few letters at a time. Offsets are checked before any is touched."""
    first = min(asked.offsets, default=0)
    handled = await reader.handled(box, first, frozenset(asked.offsets))
    _check(box, asked.offsets, handled)
    chunk: list[Letter] = []
    async for letter in _wanted(reader.letters(box, handled, first), asked):
        chunk.append(letter)
        if len(chunk) == _CHUNK:
            await hand.settle(box, chunk)
            chunk = []
    await hand.settle(box, chunk)


async def _wanted(letters: AsyncIterator[Letter], asked: Asked) -> AsyncIterator[Letter]:
    async for letter in letters:
        named = not asked.offsets or letter.offset in asked.offsets
        if named and (asked.stage is None or letter.came_from(asked.stage)):
            yield letter


class _Hand:
    """Does to letters what is asked: publishes, then marks, so that a crash between repeats and never loses."""

    def __init__(self, publisher: EventPublisher, how: How, ended: Ended) -> None:
        self._publisher = publisher
        self._how = how
        self._ended = ended
        self._by = _who()
        self._sent: set[tuple[str, str, str]] = set()

    async def settle(self, box: Box, letters: Sequence[Letter]) -> None:
        """Settle these letters.

        Raises:
            Transient: the broker no longer acknowledges; those settled before are in `Ended`.
        """
        kept, lost = await self._published(box, letters) if self._how == "retried" else (letters, [])
        now = SystemClock().now()
        marks = await self._publisher.begin([marker(item, self._how, by=self._by, now=now) for item in kept])
        for letter, mark in zip(kept, marks, strict=True):
            if await self._lost(mark):
                raise Transient(f"{box.topic} {letter.offset}: not marked as {self._how}; it stays open")
            self._ended.handled.append((box.topic, letter.offset))
        if lost:
            raise Transient(f"{box.topic} {', '.join(map(str, lost))}: not acknowledged; they stay open, as all after")

    async def _published(self, box: Box, letters: Sequence[Letter]) -> tuple[list[Letter], list[int]]:
        """Those letters whose originals the broker has acknowledged, and the offsets of those it has not."""
        home = box.part.topic.removesuffix(DEAD_LETTER_SUFFIX)
        foreign = [letter for letter in letters if letter.destination != home]
        self._ended.failed.extend(
            f"{box.topic} {letter.offset}: says that it stood on {printable(letter.destination)!r}, allowed is {home!r}"
            for letter in foreign
        )
        sound = [letter for letter in letters if letter.destination == home]
        # Each consumer that gave a message up wrote a letter, and each reads what is published: once is for all.
        firsts = {_origin(letter): letter for letter in reversed(sound) if _origin(letter) not in self._sent}
        fresh = [letter for letter in sound if firsts.get(_origin(letter)) is letter]
        now = SystemClock().now()
        sent = await self._publisher.begin([retried(letter, now) for letter in fresh])
        unacknowledged: list[int] = []
        for letter, delivery in zip(fresh, sent, strict=True):
            try:
                lost = await self._lost(delivery)
            except UnpublishableError as error:
                self._ended.failed.append(f"{box.topic} {letter.offset}: {error}")
                continue
            if lost:
                unacknowledged.append(letter.offset)
            else:
                self._sent.add(_origin(letter))
        return [letter for letter in sound if _origin(letter) in self._sent], unacknowledged

    async def _lost(self, delivery: Delivery) -> list[Outgoing]:
        return await self._publisher.unacknowledged([delivery])


def _origin(letter: Letter) -> tuple[str, str, str]:
    """What tells originals apart; a letter that doesn't say where it stood is one of its own."""
    return (letter.topic, *(letter.origin or ("", str(letter.offset))))


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def _names(folder: Path | None, topic: str | None) -> list[str]:
    """Topics of the contract, or the one asked for."""
    stack = running_stack(folder)
    providers = stack.providers if stack is not None else read_settings(CliSettings).providers
    names = [spec.name for spec in topics.specs(providers)]
    if topic is None:
        return names
    asked = topic.removesuffix(DEAD_LETTER_SUFFIX)
    if asked not in names:
        near = difflib.get_close_matches(asked, names, 1)
        raise CliError(
            f"topic {topic!r}: the contract has no such topic" + (f"; did you mean {near[0]!r}?" if near else ""),
            code=Exit.INVALID,
            mend="`ice topics` lists them; ICE_PROVIDERS names the providers that have topics",
        )
    return [asked]


async def _box(reader: DeadLetterTopics, name: str) -> Box:
    found = await reader.boxes([name])
    if not found:
        raise CliError(
            f"topic {name + DEAD_LETTER_SUFFIX!r}: the broker has no such topic",
            code=Exit.INVALID,
            mend="make it with `ice topics --create`",
        )
    return found[0]


def _check(box: Box, offsets: Sequence[int], handled: Handled) -> None:
    missing = [offset for offset in offsets if offset not in handled.present]
    if missing:
        raise _missing(box, missing)
    done = [f"{offset} ({printable(handled.markers[offset])})" for offset in offsets if offset in handled.markers]
    if done:
        raise CliError(f"{box.topic}: already handled: {', '.join(done)}; nothing was done", code=Exit.INVALID)


def _missing(box: Box, offsets: Sequence[int]) -> CliError:
    told = ", ".join(str(offset) for offset in offsets)
    return CliError(
        f"{box.topic}: no dead letter at offset {told}; nothing was done",
        code=Exit.INVALID,
        mend=f"`ice dlq list --topic {box.topic}` lists those that are open",
    )


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in _COLUMNS:
        table.add_column(name.replace("_", " "), justify="right" if name in {"offset", "attempts"} else "left")
    for row in rows:
        table.add_row(*(Text(_cell(row[name])) for name in _COLUMNS))
    return table


def _cell(value: object) -> str:
    return "–" if value is None else printable(str(value))


def _sheet(value: dict[str, Any]) -> Text:
    """A letter for people: what failed, where it stood, its headers, its bytes."""
    lines = [
        f"{name.replace('_', ' '):<19}{_cell(value[name])}"
        for name in (*_COLUMNS, "original_topic", "original_partition", "original_offset", "handled", "bytes")
    ]
    lines += ["", "headers", *(f"  {printable(name)}: {printable(text)}" for name, text in value["headers"])]
    return Text("\n".join([*lines, "", f"value ({value['value_format']})", value["value"]]))
