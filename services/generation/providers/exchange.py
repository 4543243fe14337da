"""What a vendor module says and hears: calls and replies as plain values, without a client, a clock or a key."""

import base64
import binascii
import codecs
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import orjson

_DEPTH: Final = 64
_EXCERPT: Final = 300
#: Larger numbers in a reply are somebody's mistake, and fit into no database.
_GREATEST: Final = 1e15
#: What Python's own servers (ComfyUI) write into documents, and JSON doesn't have.
_NO_NUMBERS: Final = re.compile(rb"(?<=[\[:,\s])-?(?:NaN|Infinity)(?=[\s,\]}])")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_WEBP: Final = (b"RIFF", b"WEBP")
_SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


#: What a client of ours can undo; asked for is `identity` alone, since images don't shrink.
_ENCODINGS: Final = frozenset({"identity", "gzip", "deflate"})


class UnreadableReplyError(ValueError):
    """A reply isn't what the vendor's documentation says; names what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class File:
    """A part of a multipart body."""

    name: str
    """Field's name; several may have the same."""
    filename: str
    data: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class JsonBody:
    """A JSON document."""

    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MultipartBody:
    """`multipart/form-data`, the fields first. Without a file it is multipart nevertheless."""

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class FormBody:
    """`application/x-www-form-urlencoded`."""

    fields: tuple[tuple[str, str], ...]


Body = JsonBody | MultipartBody | FormBody


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request. The driver adds the key, and nothing else.

    Attributes:
        method: of HTTP.
        url: a path below the vendor's base URL (`/images/edits`), or a whole URL that the vendor gave us; that one must
            be on a host of `Vendor.api_hosts` (with the key) or `Vendor.file_hosts` (without).
        headers: beside the key; never a secret.
        body: None = none.
        costs: carrying it out may cost money: it is never repeated, and without an answer it is in doubt.
        signed: False = the key is not sent (uploads to a signed URL).
        parameters: what goes into the record of the image; None = the driver takes the plain values of the body.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: str
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    costs: bool = False
    signed: bool = True
    parameters: Mapping[str, Any] | None = None


def get(url: str) -> HttpCall:
    """A look at something, free and repeatable."""
    return HttpCall("GET", url)


def paid_post(url: str, body: Body, headers: Mapping[str, str] | None = None) -> HttpCall:
    """The call that makes the image."""
    return HttpCall("POST", url, body, headers or {}, costs=True)


@dataclass(frozen=True)
class HttpReply:
    """A whole answer; `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def good(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of the status

    @cached_property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON. `NaN` and infinities are None.

        Raises:
            UnreadableReplyError: it is none, or nested absurdly deep.
        """
        body = self.body.removeprefix(codecs.BOM_UTF8)
        try:
            value = orjson.loads(_NO_NUMBERS.sub(b"null", body) if b"NaN" in body or b"Infinity" in body else body)
        except orjson.JSONDecodeError as error:
            raise UnreadableReplyError(f"the reply is no JSON ({error.msg}): {self.excerpt}") from None
        if _deeper(value, _DEPTH):
            raise UnreadableReplyError(f"the reply is nested more than {_DEPTH} levels deep")
        return value

    def at(self, *path: str | int) -> Any:  # noqa: ANN401 - JSON
        """What is at a path of the JSON document, e.g. `at("data", 0, "b64_json")`; None when it isn't there.

        Raises:
            UnreadableReplyError: the body is no JSON.
        """
        return at(self.document, *path)

    def text(self, *path: str | int) -> str:
        """The string (or number, as a string) at a path.

        Raises:
            UnreadableReplyError: there is none, or it is empty.
        """
        found = self.at(*path)
        if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
            raise UnreadableReplyError(f"{_dotted(path)}: {_short(found)}, allowed is a text")
        return str(found)

    def word(self, *path: str | int) -> str:
        """The string at a path, to compare with those that are known; empty when there is none."""
        found = self.at(*path)
        return found if isinstance(found, str) else ""

    def number(self, *path: str | int) -> float | None:
        """The number at a path, also where it came as a string; None when there is none that can be believed."""
        return believed(self.at(*path))

    @property
    def is_json(self) -> bool:
        """Whether the body can be read as a JSON object or list."""
        try:
            return isinstance(self.document, dict | list)
        except UnreadableReplyError:
            return False

    @property
    def excerpt(self) -> str:
        """The beginning of the body, for people."""
        return repr(self.body[:_EXCERPT].decode("utf-8", "replace"))


def unread_encoding(headers: Mapping[str, str]) -> str | None:
    """An encoding of a body that can't be undone here (`br`, `zstd`); None = it can be read.

    Args:
        headers: by lower-case name; several encodings stand in the order in which they were applied.
    """
    named = (name.strip().lower() for name in headers.get("content-encoding", "").split(","))
    return next((name for name in named if name and name not in _ENCODINGS), None)


def at(document: Any, *path: str | int) -> Any:  # noqa: ANN401 - JSON
    """What is at a path of a JSON value; None when it isn't there."""
    for step in path:
        if isinstance(step, int) and isinstance(document, list) and -len(document) <= step < len(document):
            document = document[step]
        elif isinstance(step, str) and isinstance(document, dict):
            document = document.get(step)
        else:
            return None
    return document


def believed(found: Any) -> float | None:  # noqa: ANN401 - JSON
    """A JSON value as a number, also where it is a text; None when it is none, or none between ±10^15."""
    try:
        number = None if found is None or isinstance(found, bool) else float(found)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) and abs(number) <= _GREATEST else None


def is_picture(data: bytes) -> bool:
    """Whether a file begins as a PNG, JPEG or WebP does, whatever its content type says."""
    return data.startswith(_SIGNATURES) or (data[:4], data[8:12]) == _WEBP


def decoded(text: str) -> bytes:
    """Bytes of base64, also of a data URL, in lines, of the URL-safe alphabet or without its padding.

    Raises:
        UnreadableReplyError: it is none.
    """
    plain = text.partition(",")[2] if text.startswith("data:") else text
    try:
        compact = "".join(plain.split()).translate(_URL_SAFE).rstrip("=")
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableReplyError(f"an image that is no base64: {text[:40]!r}") from None


def _deeper(value: Any, levels: int) -> bool:  # noqa: ANN401 - JSON
    level = [value]
    for _ in range(levels):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return False
    return True


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in path)


def _short(value: Any) -> str:  # noqa: ANN401 - JSON
    return repr(value)[:60]


def names_in(items: Any, key: str) -> frozenset[str]:  # noqa: ANN401 - JSON
    """The texts under `key` of a list of JSON objects; whatever else is in it is passed over."""
    found = (at(item, key) for item in (items if isinstance(items, list) else ()))
    return frozenset(name for name in found if isinstance(name, str))
