from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.chassis.dead_letters import DeadLetterBudget, dead_letter

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass
class Record:
    topic: str = "env.toy.asked.v1"
    partition: int = 3
    offset: int = 77
    timestamp: int = 0
    key: bytes | None = b"\xffkey"
    value: bytes | None = b"\xff\x00value"
    headers: list[tuple[str, bytes]] = field(default_factory=lambda: [("raw", b"\xff\xfe"), ("raw", b"2")])


def test_a_letter_has_the_original_bytes_key_and_headers() -> None:
    letter = dead_letter(Record(), ValueError("no"), stage="decode", group="g", attempts=0, now=NOW)
    assert letter.topic == "env.toy.asked.v1.dlq"
    assert letter.key == b"\xffkey"
    assert letter.value == b"\xff\x00value"
    assert letter.headers[:2] == (("raw", b"\xff\xfe"), ("raw", b"2"))


def test_a_letter_says_where_why_and_how_often() -> None:
    letter = dead_letter(Record(), ValueError("no"), stage="handle", group="ice.toy", attempts=3, now=NOW)
    assert dict(letter.headers[2:]) == {
        "x-original-topic": b"env.toy.asked.v1",
        "x-original-partition": b"3",
        "x-original-offset": b"77",
        "x-consumer-group": b"ice.toy",
        "x-attempt": b"3",
        "x-error-class": b"ValueError",
        "x-error-message": b"no",
        "x-stage": b"handle",
        "x-failed-at": b"2026-03-04T05:06:07Z",
    }


def test_any_error_text_becomes_utf8_of_bounded_length() -> None:
    letter = dead_letter(Record(), ValueError("\ud800" + "x" * 9_000), stage="handle", group="g", attempts=1, now=NOW)
    message = dict(letter.headers)["x-error-message"]
    assert message.decode().startswith("\\ud800xxx")
    assert len(message) < 2_100


def test_a_letter_that_fails_again_has_our_headers_once() -> None:
    first = dead_letter(Record(), ValueError("first"), stage="handle", group="g", attempts=1, now=NOW)
    again = Record(headers=list(first.headers))
    second = dead_letter(again, ValueError("second"), stage="handle", group="g", attempts=1, now=NOW)
    assert [value for name, value in second.headers if name == "x-error-message"] == [b"second"]
    assert len(second.headers) == len(first.headers)


def test_only_failures_in_a_row_use_up_the_budget() -> None:
    budget = DeadLetterBudget(3)
    assert [budget.failed(), budget.failed()] == [False, False]
    budget.succeeded()
    assert [budget.failed(), budget.failed(), budget.failed()] == [False, False, True]
