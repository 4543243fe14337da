"""Dead letters: what they say, when they are handled, and that the original comes out of them unchanged."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.chassis.dead_letters import OURS, RETRIED_AT, dead_letter, was_retried
from services.chassis.publishing import Outgoing
from services.cli.app import app
from services.cli.dead_letters import (
    Handled,
    How,
    Letter,
    Marker,
    details,
    marker,
    original,
    preview,
    read,
    retried,
    summary,
)
from services.cli.exits import Exit

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TOPIC = "env.shot.planned.v1"


@dataclass
class Record:
    """A record as a consumer gets it."""

    topic: str = TOPIC
    partition: int = 3
    offset: int = 41
    timestamp: int = 1_772_600_767_000
    key: bytes | None = b"p/s"
    value: bytes | None = b"\xff not json"
    headers: tuple[tuple[str, bytes], ...] = (("ce_type", b"film.shot.planned"), ("twice", b"1"), ("twice", b"\xfe"))


def stored(sent: Outgoing, offset: int) -> Record:
    return Record(sent.topic, 0, offset, 1_772_600_767_000, sent.key, sent.value, sent.headers)


def letter_of(record: Record, *, error: str = "no", offset: int = 7) -> Letter:
    sent = dead_letter(record, ValueError(error), stage="handle", group="env.ice.prompt_builder", attempts=3, now=NOW)
    found = read(stored(sent, offset))
    assert isinstance(found, Letter)
    return found


def test_the_original_comes_out_of_its_letter_unchanged() -> None:
    record = Record()
    assert original(letter_of(record)) == Outgoing(record.topic, record.key, record.value, record.headers)


def test_a_retry_is_known_by_one_header_which_no_further_letter_keeps() -> None:
    record = Record()
    again = retried(letter_of(record), NOW)
    assert again.headers[:-1] == record.headers
    second = stored(again, 42)
    assert (was_retried(record), was_retried(second)) == (False, True)
    assert original(letter_of(second)).headers == record.headers


def test_a_record_without_key_and_value_stays_without() -> None:
    out = original(letter_of(Record(key=None, value=None)))
    assert (out.key, out.value) == (None, None)


def test_a_letter_is_open_until_its_marker_follows_and_the_first_marker_counts() -> None:
    letter = letter_of(Record())
    fold = Handled(asked={7, 8, 9})
    fold.add(letter)
    assert fold.markers == {}
    hows: tuple[How, How] = ("retried", "dropped")
    for how in hows:
        sent = marker(letter, how, by="ana@studio", now=NOW)
        assert (sent.topic, sent.key) == (letter.topic, b"handled/7")
        fold.add(read(stored(sent, 8)))
    assert fold.markers == {7: "retried"}
    assert fold.present == {7}


def test_an_original_that_looks_like_a_marker_is_a_letter() -> None:
    forged = Record(key=b"handled/1", headers=(("x-handled", b"dropped"), ("x-handled-offset", b"1")))
    assert isinstance(read(stored(Outgoing(TOPIC + ".dlq", forged.key, b"", forged.headers), 2)), Marker)
    assert letter_of(forged).offset == 7


@pytest.mark.parametrize("number", [b"", b"-1", b"one", "¹".encode()])
def test_a_marker_of_no_offset_marks_nothing(number: bytes) -> None:
    assert isinstance(read(Record(headers=(("x-handled", b"dropped"), ("x-handled-offset", number)))), Letter)


def test_a_list_tells_where_why_and_how_often_with_a_short_reason() -> None:
    told = summary(letter_of(Record(), error="x" * 500 + "\x1b[31m"), "shot.planned.v1")
    assert told.pop("reason") == "x" * 159 + "…"
    assert told == {
        "topic": "shot.planned.v1",
        "offset": 7,
        "key": "p/s",
        "stage": "handle",
        "consumer_group": "env.ice.prompt_builder",
        "error": "ValueError",
        "attempts": 3,
        "failed_at": "2026-03-04T05:06:07Z",
    }


def test_a_letter_that_the_chassis_did_not_write_is_told_as_far_as_it_goes() -> None:
    bare = read(Record(topic=TOPIC + ".dlq", headers=()))
    assert isinstance(bare, Letter)
    told = summary(bare, "shot.planned.v1")
    assert (told["attempts"], told["error"], told["failed_at"]) == (None, None, "2026-03-04T05:06:07Z")
    assert bare.destination == TOPIC


def test_details_keep_every_byte_and_header() -> None:
    told = details(letter_of(Record()), "shot.planned.v1", "dropped")
    assert base64.b64decode(told["value_base64"]) == Record().value
    assert told["headers"] == [["ce_type", "film.shot.planned"], ["twice", "1"], ["twice", "\\xfe"]]
    assert told["diagnostics"].keys() == OURS - {RETRIED_AT}
    assert (told["original_partition"], told["original_offset"], told["handled"]) == ("3", "41", "dropped")
    assert json.dumps(told, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, "none", ""),
        (b'{"a": [1]}', "json", '{\n  "a": [\n    1\n  ]\n}'),
        (b'"\\ud800"', "json", '"\\ud800"'),
        (b"[" * 100_000, "text", "[" * 2_048 + "…"),
        (b"stop \x1b[2J", "text", "stop \\x1b[2J"),
        (b"\xff\x00", "hex", "ff 00"),
        (b"a" * 2_047 + "é".encode(), "text", "a" * 2_047 + "…"),
    ],
)
def test_bytes_are_shown_so_that_no_terminal_is_steered(value: bytes | None, kind: str, text: str) -> None:
    assert preview(value) == (kind, text)


@pytest.mark.parametrize(
    ("stage", "found"),
    [("handle", True), ("prompt_builder", True), ("env.ice.prompt_builder", True), ("decode", False), ("", False)],
)
def test_a_stage_is_a_step_a_group_or_a_service(stage: str, found: bool) -> None:
    assert letter_of(Record()).came_from(stage) is found


@pytest.fixture
def _no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICE_LOCAL_FOLDER", str(tmp_path / "stack"))
    monkeypatch.setenv("ICE_KAFKA_BOOTSTRAP", "127.0.0.1:9")


@pytest.mark.usefixtures("_no_engine")
@pytest.mark.parametrize(
    "arguments",
    [("list",), ("show", "shot.planned.v1", "0"), ("retry", "--all"), ("drop", "shot.planned.v1", "0", "--yes")],
    ids=" ".join,
)
def test_without_a_broker_it_is_3_with_the_mend(arguments: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(app, ["dlq", *arguments, "--json"])
    assert (ran.exit_code, ran.stdout) == (Exit.UNREACHABLE, "")
    assert "ice up" in ran.stderr


@pytest.mark.usefixtures("_no_engine")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "--topic", "shot.planed.v1"), "did you mean 'shot.planned.v1'?"),
        (("retry",), "--all"),
        (("retry", "shot.planned.v1"), "--all"),
        (("retry", "shot.planned.v1", "0", "--all"), "--all"),
        (("retry", "shot.planned.v1", "0", "--stage", "decode"), "--stage"),
        (("drop", "shot.planned.v1", "0"), "--yes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_a_command_that_does_not_say_which_is_2_and_does_nothing(arguments: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(app, ["dlq", *arguments])
    assert ran.exit_code == Exit.INVALID
    assert said in ran.stderr
