"""What a provider may offer beside the interface of `base`, and what the worker gives it for that.

The worker looks for each of these by `isinstance`; a provider that lacks one simply isn't asked.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class VendorLimits:
    """What a vendor allows one account, over all workers of it together; data of the vendor's module.

    Attributes:
        concurrent: calls (or the vendor's jobs) at once; None = as many as wanted.
        calls: that may begin within any `window_s`; None = as many as wanted.
        window_s: seconds that `calls` counts over.
    """

    concurrent: int | None = None
    calls: int | None = None
    window_s: float = 60.0


@runtime_checkable
class Limited(Protocol):
    """A provider whose vendor limits calls; the worker and its replicas keep the limits together, before `generate`."""

    @property
    def limits(self) -> VendorLimits:
        """As documented by the vendor; settings of the worker may override them."""
        ...


@runtime_checkable
class Cancels(Protocol):
    """A provider whose vendor can be told that a job is not wanted any more."""

    async def cancel(self, vendor_job_id: str) -> bool:
        """Ask the vendor to stop a job; True when he says that it is stopped and will not be charged.

        The worker goes on waiting for the job's end whatever is answered here: `generate` or `resume` tells it.

        Raises:
            ProviderError: the vendor can't be reached or doesn't understand.
        """
        ...


class CallbackHints(Protocol):
    """Tells a poll that the vendor's webhook has come, on whichever replica."""

    async def wait(self, vendor_job_id: str, timeout_s: float) -> bool:
        """Sleep until the vendor has called back for this job, at most `timeout_s` seconds; False when it hasn't.

        A hint and no more: the vendor is asked for the result as after any pause. A job whose callback is already in
        is answered with True once; after that the pauses are whole again, so that a poll never spins.
        """
        ...


@runtime_checkable
class Hinted(Protocol):
    """A provider that polls, and that may be woken by callbacks. Without hints it sleeps between its polls."""

    def use_hints(self, hints: CallbackHints) -> None:
        """Called once, before `start`."""
        ...
