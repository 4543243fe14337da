"""Sends a vendor's calls and turns everything that isn't a good answer into a `ProviderError`.

What a call without a good answer means for money:

    nothing was sent (no connection to be had)                     Outage           not charged
    sent, and no answer, or a 2xx that broke off                   OutcomeUnknown   unknown
    408, 502, 504 and the like: a proxy's words, it may go on      OutcomeUnknown   unknown
    another status than 2xx, also with a broken body               the vendor's error, not charged
    2xx, whole, but unreadable or too large:
        of a vendor that answers with the image                    UnusableImage    charged: it was made, and is lost
        of a vendor with jobs                                      OutcomeUnknown   a job may run that nobody knows

A call that costs nothing is never in doubt.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import SecretStr

from services.chassis.clock import Clock
from services.generation.providers import reply_errors
from services.generation.providers.errors import (
    Configuration,
    Outage,
    OutcomeUnknown,
    ProviderError,
    Throttled,
    UnusableImage,
)
from services.generation.providers.exchange import HttpCall, HttpReply, UnreadableReplyError
from services.generation.providers.host_rules import ForbiddenUrlError
from services.generation.providers.secret_words import without_key
from services.generation.providers.vendor import Vendor
from services.generation.providers.vendor_http import BrokenReplyError, NoAnswerError, NotSentError, VendorHttp

Failure = Callable[[HttpReply], ProviderError]
T = TypeVar("T")
_ABOUT_THE_KEY: Final = frozenset({401, 403})


class VendorCalls:
    """A vendor's calls, errors included.

    Args:
        vendor: whose.
        http: its client.
        key: kept out of every message.
        clock: for dates in `Retry-After`.
    """

    def __init__(self, vendor: Vendor, http: VendorHttp, key: SecretStr, clock: Clock) -> None:
        self._vendor = vendor
        self._http = http
        self._key = key
        self._clock = clock

    async def ask(self, call: HttpCall, limit_s: float, failure: Failure | None = None) -> HttpReply:
        """The 2xx reply to a call.

        Args:
            call: of the vendor's module.
            limit_s: seconds for the whole of it.
            failure: the meaning of another status; None = `Vendor.failure`.

        Raises:
            ProviderError: everything else.
        """
        try:
            reply = await self._http.send(call, limit_s)
        except ForbiddenUrlError as error:
            raise Outage(f"{self._vendor.name} sends us to {error}") from None
        except NotSentError as error:
            raise Outage(self._clean(f"{self._vendor.name} can't be reached: {error}")) from None
        except NoAnswerError as error:
            raise self._no_answer(call, f"{self._vendor.name}: {error}") from None
        except BrokenReplyError as error:
            if not error.reply.good:
                raise self._failed(call, error.reply, failure) from None
            if error.too_large and call.costs:
                raise self._lost(f"{self._vendor.name}: {error}") from None
            raise self._no_answer(call, f"{self._vendor.name}: {error}") from None
        if not reply.good:
            raise self._failed(call, reply, failure)
        return reply

    def understood(self, call: HttpCall, read: Callable[[], T]) -> T:
        """What `read` makes of a 2xx reply to `call`.

        Raises:
            ProviderError: what the vendor says in it, or that it can't be read.
        """
        try:
            return read()
        except UnreadableReplyError as error:
            message = f"{self._vendor.name}: {error}"
            raise (self._lost(message) if call.costs else Outage(self._clean(message))) from None
        except ProviderError as error:
            raise self._cleaned(error) from None

    def _failed(self, call: HttpCall, reply: HttpReply, failure: Failure | None) -> ProviderError:
        try:
            error = (failure or self._vendor.failure)(reply)
        except UnreadableReplyError:
            error = reply_errors.by_status(reply, reply.excerpt)
        if isinstance(error, OutcomeUnknown) and not call.costs and failure is None:
            error = Outage(str(error))
        if isinstance(error, Configuration) and reply.status in _ABOUT_THE_KEY:
            error = Configuration(f"{error} (the key is in {self._vendor.key_variable})")
        if isinstance(error, Throttled | Outage) and error.retry_after_s is None:
            error.retry_after_s = reply_errors.retry_after_s(reply, self._clock.now())
        return self._cleaned(error)

    def _no_answer(self, call: HttpCall, message: str) -> ProviderError:
        kind = OutcomeUnknown if call.costs else Outage
        return kind(self._clean(message))

    def _lost(self, message: str) -> ProviderError:
        """A paid call was carried out, and its answer can't be used."""
        if self._vendor.has_jobs:
            return OutcomeUnknown(self._clean(message))
        return UnusableImage(self._clean(message), charged=True)

    def _cleaned(self, error: ProviderError) -> ProviderError:
        error.args = (self._clean(str(error)),)
        return error

    def _clean(self, text: str) -> str:
        key = self._key.get_secret_value()
        clean = without_key(text, key)
        for header in self._vendor.authorization(key).values():
            # A key may travel in another form: basic authentication is base64.
            sent = header.rpartition(" ")[2]
            clean = clean if sent == key else without_key(clean, sent)
        return clean
