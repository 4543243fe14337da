"""How far a replay is, in a file: the command, what it reads, and up to where everything was acknowledged."""

import json
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.chassis.reading import RawRecord
from services.cli.exits import CliError, Exit
from services.cli.files import read_file, write_file
from services.cli.replay.asking import Ask
from services.cli.replay.bounds import Span, Window
from services.cli.replay.tally import Tally

#: Form of a replay's id: it is part of a file's name.
REPLAY_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
_LIMIT: Final = 1024 * 1024
_EVERY_S: Final = 1.0


class Journal(BaseModel):
    """One unfinished replay. A finished one has none."""

    model_config = ConfigDict(extra="forbid")

    journal: Literal[1] = 1
    """Version of this form."""
    replay_id: str = Field(pattern=REPLAY_ID)
    started_at: datetime
    kafka_bootstrap: str
    kafka_topic_prefix: str
    ask: Ask
    whole: dict[int, Span]
    """All of the topic asked for, fixed at the start."""
    spans: dict[int, Span]
    """What can be asked for of it."""
    window: Window = Window()
    """Times that its records must have."""
    source_spans: dict[int, Span]
    """What is read of the topic that the events come from."""
    done: dict[int, int] = Field(default_factory=dict)
    """By partition of the source: everything below this offset was acknowledged, or isn't to be sent."""
    tally: Tally = Field(default_factory=Tally)

    @property
    def left(self) -> dict[int, Span]:
        """What of the source is still to be read."""
        return {
            part: Span(max(span.first, self.done.get(part, span.first)), span.end)
            for part, span in self.source_spans.items()
        }

    @property
    def total(self) -> int:
        """Records of the source from first to last."""
        return sum(span.end - span.first for span in self.source_spans.values())

    def pass_over(self, records: Sequence[RawRecord]) -> None:
        """Note that everything up to these records is done with."""
        for record in records:
            self.done[record.partition] = max(self.done.get(record.partition, 0), record.offset + 1)
        self.tally.read += len(records)


class JournalFile:
    """Keeps a journal, written whole at most once a second; None = nowhere."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.path = _path(folder, journal.replay_id)
        self.journal = journal
        self._saved_at = 0.0

    def save(self, *, now: bool = False) -> None:
        """Write it, unless it was written less than a second ago.

        Raises:
            CliError: it can't be written.
        """
        if now or time.monotonic() - self._saved_at >= _EVERY_S:
            write_file(self.path, self.journal.model_dump_json(indent=1).encode())
            self._saved_at = time.monotonic()

    def finished(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)


def _path(folder: Path, replay_id: str) -> Path:
    return folder / f"{replay_id}.json"


def unfinished(folder: Path) -> list[str]:
    """Ids of the replays that have a journal."""
    return sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []


def read_journal(folder: Path, replay_id: str) -> Journal:
    """The journal of an unfinished replay.

    Raises:
        CliError: there is none, or it isn't one.
    """
    path, known = _path(folder, replay_id), unfinished(folder)
    if replay_id not in known:
        raise CliError(
            f"replay {replay_id!r}: no unfinished replay of that id in {folder}; allowed is "
            f"{', '.join(known) or 'none, there are no unfinished ones'}",
            code=Exit.INVALID,
            mend="a replay begins at its first record again with the options of the first time and --id",
        )
    try:
        body: dict[str, Any] = json.loads(read_file(path, _LIMIT))
        return Journal.model_validate(body)
    except (ValueError, ValidationError) as error:
        raise CliError(f"{path}: not a journal of this version ({error})", code=Exit.INVALID) from error
