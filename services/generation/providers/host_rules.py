"""Which URLs a vendor may send us to, and which of them get the key. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

_PORTS: Final = {"https": 443, "http": 80}
_MAX_URL: Final = 4096
#: Resolvers raise errors of all kinds for other names; internationalised ones are no vendor's.
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_FOREIGN: Final = "xn--"


class ForbiddenUrlError(ValueError):
    """A URL that isn't asked: another host, scheme or port than allowed. Says which host, never the query."""


@dataclass(frozen=True, slots=True)
class HostRules:
    """The hosts of one vendor.

    Attributes:
        base_url: where paths lead, without a slash at its end.
        trusted: the operator has set `base_url` himself: its origin may be http, on any port and on a private address,
            and serves files, too.
        api_hosts: further hosts that get the key; `.bfl.ai` means all names below `bfl.ai`.
        file_hosts: hosts of images and uploads, asked without the key.
    """

    base_url: str
    trusted: bool = False
    api_hosts: tuple[str, ...] = ()
    file_hosts: tuple[str, ...] = ()

    def api_url(self, url: str) -> str:
        """The whole URL of a call that gets the key.

        Raises:
            ForbiddenUrlError: it leads elsewhere.
        """
        if url.startswith("/"):
            return self.base_url + url
        return self._checked(url, (_host(urlsplit(self.base_url)), *self.api_hosts))

    def file_url(self, url: str) -> str:
        """The URL of an image or an upload.

        Raises:
            ForbiddenUrlError: it leads elsewhere.
        """
        return self._checked(url, self.file_hosts)

    @property
    def exempt(self) -> frozenset[tuple[str, int]]:
        """Host and port that may be on a private address."""
        return frozenset({_origin(urlsplit(self.base_url))[1:]}) if self.trusted else frozenset()

    def _checked(self, url: str, hosts: tuple[str, ...]) -> str:
        try:
            parts = urlsplit(url)
            origin = _origin(parts)
        except ValueError:
            raise ForbiddenUrlError("a URL that can't be read") from None
        if len(url) > _MAX_URL or not (url.isascii() and url.isprintable()) or " " in url:
            raise ForbiddenUrlError(f"a URL on {parts.hostname!r} that is too long or has odd characters")
        if self.trusted and origin == _origin(urlsplit(self.base_url)):
            return url
        scheme, host, port = origin
        if scheme != "https" or port != _PORTS["https"] or parts.username is not None or parts.password is not None:
            raise ForbiddenUrlError(f"a URL on {host!r}: allowed is https on its usual port, without a user")
        usual = _NAME.fullmatch(host) is not None and _FOREIGN not in host
        if not usual or not any(_matches(host, allowed) for allowed in hosts):
            allowed = ", ".join(hosts) or "none"
            raise ForbiddenUrlError(f"a URL on host {host!r}, allowed is one of: {allowed}")
        return url


def is_address(url: str) -> bool:
    """Whether an operator's own address can be asked: http(s), a host, a port that exists; no user, query or spaces."""
    try:
        parts = urlsplit(url)
        scheme, host, _ = _origin(parts)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not any(mark in url for mark in " ?#@\\")
    return (
        plain
        and url.startswith(f"{scheme}://")
        and scheme in _PORTS
        and (":" in host or _NAME.fullmatch(host) is not None)
    )


def _matches(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return (parts.scheme.lower(), _host(parts), parts.port or _PORTS.get(parts.scheme.lower(), 0))
