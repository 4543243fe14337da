"""What a provider may offer beside the interface of `base`, and what the worker gives it for that.

The worker looks for each of these by `isinstance`; a provider that lacks one simply isn't asked.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from services.chassis.health import Check
from services.generation.providers.base import ImageJob
from services.generation.providers.vendor import VendorLimits

__all__ = [
    "CallbackHints",
    "Cancels",
    "Equipped",
    "Hinted",
    "Interrupts",
    "Limited",
    "Prepares",
    "Tells",
    "VendorLimits",
]


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


@runtime_checkable
class Interrupts(Protocol):
    """A provider that makes images itself, and can give one up that isn't wanted any more."""

    async def interrupt(self, generation_id: str) -> bool:
        """Give a call up: its `generate` ends soon, with a `ProviderError` where it had no image yet.

        Returns:
            False when there is no such call.
        """
        ...


@runtime_checkable
class Tells(Protocol):
    """A provider that has more to tell in `/readyz` than whether it is up."""

    @property
    def checks(self) -> dict[str, Check]:
        """By name; answers at once, asks nobody."""
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


@runtime_checkable
class Equipped(Protocol):
    """A provider whose models and their abilities depend on what lies on its servers, and change while it runs.

    The worker looks again now and then (`ping`), and announces what has changed.
    """

    @property
    def lacks(self) -> Mapping[str, tuple[str, ...]]:
        """By model, what it can't do though the router's card says so: `references`, `composition-guide`."""
        ...
