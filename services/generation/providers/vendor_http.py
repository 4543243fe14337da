"""One pooled client per provider: sends calls, says how far each came, bounds what comes back, keeps the key."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import orjson
from pydantic import SecretStr

from services.generation.providers.exchange import (
    Body,
    FormBody,
    HttpCall,
    HttpReply,
    JsonBody,
    MultipartBody,
    unread_encoding,
)
from services.generation.providers.guarded_transport import GuardedBackend, SpreadTransport
from services.generation.providers.host_rules import HostRules
from services.generation.providers.vendor import MEBIBYTE, Vendor

#: Four images of 64 MiB would be too many, one in base64 fits.
MAX_REPLY_BYTES: Final = 96 * MEBIBYTE
_CONNECT_S: Final = 10.0
_SENT: Final = "send_request_headers.started"
# Httpx tells whole URLs at INFO, and those of images and uploads carry signatures.
logging.getLogger("httpx").setLevel(logging.WARNING)


class NotSentError(Exception):
    """No byte of the request has left this machine."""


class NoAnswerError(Exception):
    """Sent, at least in part, and no answer came."""


class BrokenReplyError(Exception):
    """An answer began, and broke off, became too large or can't be read; `reply` is its head without a body."""

    def __init__(self, message: str, reply: HttpReply, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.reply = reply
        self.too_large = too_large


@dataclass(slots=True)
class _Progress:
    """How far a request came, told by the connection itself; `head` is the answer without its body."""

    sent: bool = False
    head: HttpReply | None = None

    async def trace(self, name: str, info: Mapping[str, Any]) -> None:
        del info
        self.sent = self.sent or name.endswith(_SENT)

    def ended(self, message: str) -> Exception:
        if self.head is not None:
            return BrokenReplyError(f"the answer broke off: {message}", self.head)
        return NoAnswerError(message) if self.sent else NotSentError(message)


class VendorHttp:
    """A vendor's client. Opened by `start`, closed by `stop`.

    Args:
        vendor: whose.
        rules: where it may go.
        key: sent with signed calls only.
        connections: most at once.
    """

    def __init__(self, vendor: Vendor, rules: HostRules, key: SecretStr, connections: int) -> None:
        self._vendor = vendor
        self._rules = rules
        self._key = key
        self._connections = connections
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Make the client; the first connection comes with the first call."""
        self._client = httpx.AsyncClient(
            transport=SpreadTransport(GuardedBackend(self._rules.exempt), self._connections),
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "image-creation-engine", "accept-encoding": "identity"},
        )

    async def stop(self) -> None:
        """Close every connection. A second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(self, call: HttpCall, limit_s: float) -> HttpReply:
        """Send a call and read its whole answer, whatever its status. Redirects are answers.

        Raises:
            ForbiddenUrlError: the call leads where it must not.
            NotSentError: nothing was sent.
            NoAnswerError: nothing came within `limit_s` seconds or ever.
            BrokenReplyError: less, or more, came than an answer.
        """
        url = self._rules.api_url(call.url) if call.signed else self._rules.file_url(call.url)
        key = self._vendor.authorization(self._key.get_secret_value()) if call.signed else {}
        body, content = _content(call.body)
        headers = {**body, **call.headers, **key}
        return await self.exchange(call.method, url, headers, limit_s, MAX_REPLY_BYTES, **content)

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        limit_s: float,
        max_bytes: int,
        **content: Any,  # noqa: ANN401 - httpx checks its own arguments
    ) -> HttpReply:
        """As `send`, for a URL that was checked already."""
        if self._client is None:
            raise NotSentError("the client isn't open; start() was not called or stop() was")
        progress, timeout = _Progress(), httpx.Timeout(limit_s, connect=min(_CONNECT_S, limit_s))
        try:
            request = self._client.build_request(
                method, url, headers=dict(headers), timeout=timeout, extensions={"trace": progress.trace}, **content
            )
            async with asyncio.timeout(limit_s):
                return await _answer(self._client, request, progress, max_bytes)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise progress.ended(f"no answer within {limit_s:g} s ({type(error).__name__})") from None
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL, UnicodeError) as error:
            # The last two: an address that the operator has set, and that no resolver knows what to make of.
            raise progress.ended(f"{type(error).__name__}: {error}") from None


async def _answer(client: httpx.AsyncClient, request: httpx.Request, progress: _Progress, max_bytes: int) -> HttpReply:
    response = await client.send(request, stream=True)
    try:
        headers = {name.lower(): value for name, value in response.headers.items()}
        progress.head = head = HttpReply(response.status_code, headers)
        encoding = unread_encoding(headers)
        if encoding is not None:
            # Httpx would hand its bytes over as they are, and a paid image would pass for a broken one.
            allowed = "allowed is identity, which was asked for, gzip or deflate"
            raise BrokenReplyError(f"the answer can't be read: content-encoding {encoding[:40]!r}, {allowed}", head)
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > max_bytes:
                raise BrokenReplyError(f"the answer has more than {max_bytes} bytes", head, too_large=True)
        return HttpReply(head.status, headers, bytes(body))
    finally:
        await response.aclose()


def _content(body: Body | None) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and httpx's arguments of a body."""
    if isinstance(body, JsonBody):
        return {"content-type": "application/json"}, {"content": orjson.dumps(body.value)}
    if isinstance(body, MultipartBody):
        # A field as a part without a file name: so the body is multipart even without a file.
        fields = [(name, (None, value.encode())) for name, value in body.fields]
        files = [(file.name, (file.filename, file.data, file.mime_type)) for file in body.files]
        return {}, {"files": [*fields, *files]}
    if isinstance(body, FormBody):
        return {"content-type": "application/x-www-form-urlencoded"}, {"content": urlencode(body.fields)}
    return {}, {}
