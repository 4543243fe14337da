"""What a status means, and when to come back."""

from datetime import UTC, datetime

import pytest

from services.generation.providers import reply_errors
from services.generation.providers.errors import Configuration, InvalidRequest, Outage, OutcomeUnknown, Throttled
from services.generation.providers.exchange import HttpReply, UnreadableReplyError, decoded
from services.generation.providers.secret_words import without_key

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WORDS = b'{"error": {"message": "no"}}'
KEY = "sk-proj-abcdefghijklmnop-wxyz"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (302, b"", Configuration),
        (400, WORDS, InvalidRequest),
        (401, WORDS, Configuration),
        (402, WORDS, Configuration),
        (403, b"<html>", Configuration),
        (404, b"", InvalidRequest),
        (408, WORDS, OutcomeUnknown),
        (409, WORDS, InvalidRequest),
        (429, b"", Throttled),
        (500, WORDS, Outage),
        (500, b"<html>", OutcomeUnknown),
        (500, b"", OutcomeUnknown),
        (501, WORDS, Outage),
        (502, WORDS, OutcomeUnknown),
        (503, b"<html>", Outage),
        (504, b"", OutcomeUnknown),
        (524, b"<html>", OutcomeUnknown),
        (529, WORDS, Outage),
        (799, b"", OutcomeUnknown),
    ],
)
def test_a_status_has_one_meaning(status: int, body: bytes, kind: type) -> None:
    assert type(reply_errors.by_status(HttpReply(status, body=body), "words")) is kind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "Mon, 23 Nov 2026 12:01:30 GMT"}, 90),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "2026-11-23"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "99999999"}, 3600),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "7", "retry-after-ms": "x"}, 7),
        ({"retry-after": "7, 7"}, 7),
        ({"retry-after": "7s"}, 7),
        ({"retry-after": "Mon, 23 Nov 2026 11:00:30 GMT", "date": "Mon, 23 Nov 2026 11:00:00 GMT"}, 30),
        ({"retry-after": "Mon, 23 Nov 2026 12:00:30 GMT", "date": "yesterday"}, 30),
    ],
)
def test_the_wait_is_read_in_seconds_milliseconds_and_dates(headers: dict[str, str], seconds: float | None) -> None:
    assert reply_errors.retry_after_s(HttpReply(429, headers), NOW) == seconds


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (WORDS, "no"),
        (b'{"message": "nope"}', "nope"),
        (b'{"detail": "because"}', "because"),
        (b'{"errors": ["first", "second"]}', "first"),
        (b'[{"message": "in a list"}]', "in a list"),
        (b'{"detail": [{"msg": "field required"}]}', "field required"),
        (b"<html>", "'<html>'"),
        (b"", "no words"),
    ],
)
def test_the_vendors_words_are_found_where_they_usually_are(body: bytes, words: str) -> None:
    assert reply_errors.usual_message(HttpReply(400, body=body)) == words


def test_a_redirect_says_where_it_leads_and_nothing_secret_of_it() -> None:
    there = {"location": "https://user:word@api.vendor.example/v1/images?key=secret#x"}
    told = str(reply_errors.by_status(HttpReply(301, there), "no words"))
    assert "'https://api.vendor.example/v1/images'" in told
    assert "secret" not in told
    assert "word@" not in told
    for location in ("", "http://[::1", "/v1/"):
        assert reply_errors.by_status(HttpReply(308, {"location": location}), "no words")


def test_what_servers_write_around_and_into_json_is_read_all_the_same() -> None:
    assert HttpReply(200, body=b'\xef\xbb\xbf{"a": 1}').at("a") == 1
    reply = HttpReply(200, body=b'{"changed": [NaN, -Infinity], "seed": Infinity, "said": "NaN"}')
    assert reply.at("changed") == [None, None]
    assert reply.number("seed") is None
    assert reply.at("said") == "NaN"


@pytest.mark.parametrize("text", ["nan", "inf", "-1e999", "1e16", "", "x"])
def test_a_number_that_nobody_can_reckon_with_is_none(text: str) -> None:
    assert HttpReply(200, body=f'{{"n": "{text}"}}'.encode()).number("n") is None


@pytest.mark.parametrize("text", ["+/+/AA==", "-_-_AA==", "+/+/AA", "+/+/\r\nAA==\n", "data:image/png;base64,+/+/AA=="])
def test_base64_is_read_in_lines_without_padding_and_of_both_alphabets(text: str) -> None:
    assert decoded(text) == b"\xfb\xff\xbf\x00"


@pytest.mark.parametrize("text", ["string!", "A", "é"])
def test_what_is_no_base64_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableReplyError, match="base64"):
        decoded(text)


def test_absurd_json_is_unreadable_and_nothing_worse() -> None:
    for body in (b"[" * 100_000, b"[" * 70 + b"]" * 70, b'{"a":', b"\xff\xfe", b""):
        with pytest.raises(UnreadableReplyError):
            HttpReply(200, body=body).at("a")
        assert not HttpReply(200, body=body).is_json


def test_a_path_that_is_not_there_is_none_or_unreadable() -> None:
    reply = HttpReply(200, body=b'{"data": [{"n": 5, "s": "6", "e": "", "t": true, "o": {}}]}')
    assert reply.at("data", 0, "n") == 5
    assert reply.at("data", 7, "n") is None
    assert reply.at("data", "n") is None
    assert reply.number("data", 0, "s") == 6
    assert reply.number("data", 0, "t") is None
    assert reply.number("data", 0, "o") is None
    assert reply.text("data", 0, "n") == "5"
    for name in ("e", "t", "o", "absent"):
        with pytest.raises(UnreadableReplyError, match=rf"data\.0\.{name}"):
            reply.text("data", 0, name)


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        "Incorrect API key provided: sk-pro****************wxyz.",
        f"headers: {{'authorization': 'Bearer {KEY}'}}",
        "the key *****wxyz is wrong",
    ],
)
def test_a_key_is_masked_also_where_the_vendor_shows_its_ends(text: str) -> None:
    clean = without_key(text, KEY)
    assert "wxyz" not in clean
    assert "sk-pro" not in clean
    assert "***" in clean


def test_other_words_stay() -> None:
    assert without_key("a picture of a skater", KEY) == "a picture of a skater"
    assert without_key("short keys: abc", "abc") == "short keys: ***"
