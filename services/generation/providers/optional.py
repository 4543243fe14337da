"""What a provider may offer beside the interface of `base`, and what the worker gives it for that.

The worker looks for each of these by `isinstance`; a provider that lacks one simply isn't asked.
"""

from typing import Protocol, runtime_checkable

from services.generation.providers.base import ImageJob
from services.generation.providers.vendor import VendorLimits

__all__ = ["CallbackHints", "Cancels", "Hinted", "Limited", "Prepares", "VendorLimits"]


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


@runtime_checkable
class Prepares(Protocol):
    """A provider that has work to do before the call that costs: references to read, scale and upload."""

    async def prepare(self, job: ImageJob) -> ImageJob:
        """Do that work, before the ledger says `sending`. It costs nothing and may be repeated.

        `generate` does it itself for a job that wasn't prepared; then an object store that is away ends the call.

        Returns:
            The job to give to `generate`; it holds the bytes of the references.

        Raises:
            Transient: the object store is away; nothing was sent.
            ProviderError: the job can't be carried out; never in doubt, never charged.
        """
        ...
