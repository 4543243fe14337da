"""What the contract suite needs to know of a vendor beyond its own data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import SecretStr

from services.generation.providers.local.pool import ServerPool
from services.generation.providers.local.vendor import LocalVendor
from services.generation.providers.references import ReferenceReader
from services.generation.providers.vendor import ModelTraits, Vendor
from services.generation.providers.vendor_provider import VendorProvider
from tests.fakes.vendors.fake import FakeVendor

T = TypeVar("T")
Driver = VendorProvider | ServerPool


class Inline:
    """CPU work at once."""

    async def run(self, work: Callable[[], T]) -> T:
        return work()


@dataclass(frozen=True, slots=True)
class VendorCase:
    """A vendor under the contract.

    Attributes:
        vendor: makes its module's class.
        fake: makes its fake.
        retired: a model that is answered here, with its `successor`; "" = the vendor has none.
        successor: see `retired`.
        base_path: of the fake's API below the server's root, as in the vendor's base URL.
        stops: a cancelled job is stopped for certain.
        throttle_tells: a throttled call is told how long to wait.
        locked_out_s: the vendor says nothing, and its documentation says to stay away so long.
        tells_cost: the vendor says what a call costs, so that the driver's cost is the bill's.
        least_references: some models are made for editing and need so many.
        inline_results: a job ends with bytes instead of a URL.
        refused_job: the `Job.outcome` that the fake tells as a refusal; "" = a job is never refused.
        failed_job: the `Job.outcome` that the fake tells as a failure.
        shown: it is a vendor that exists, and is served by `python -m tests.fakes`.
        driver: makes the pool of servers of one's own; None = a vendor's driver.
        address_variable: switches such servers on, instead of a key.
        refuses: it has a content policy.
    """

    vendor: Callable[[], Vendor]
    fake: Callable[[], FakeVendor]
    retired: str = ""
    successor: str = ""
    base_path: str = ""
    stops: bool = False
    throttle_tells: bool = True
    locked_out_s: float | None = None
    tells_cost: bool = True
    least_references: int = 0
    inline_results: bool = False
    refused_job: str = ""
    failed_job: str = ""
    shown: bool = True
    driver: Callable[..., ServerPool] | None = None
    address_variable: str = ""
    refuses: bool = True

    @property
    def name(self) -> str:
        return self.vendor().name

    @property
    def free(self) -> bool:
        """Nothing is charged, so nothing is ever in doubt."""
        return self.vendor().free

    def provider(self, key: str, references: ReferenceReader, address: str, **changes: Any) -> Driver:
        """A driver for the fake at an address."""
        vendor = self.vendor()
        if self.driver is None:
            return VendorProvider(vendor, SecretStr(key), references, base_url=address, **changes)
        assert isinstance(vendor, LocalVendor)
        return self.driver(vendor, SecretStr(key), references, Inline(), [address], **changes)

    def settings(self, key: str, address: str) -> dict[str, str]:
        """Environment variables with which the engine finds the fake."""
        found = {self.vendor().key_variable: key}
        found[self.address_variable or f"ICE_{self.name.upper().replace('-', '_')}_BASE_URL"] = address
        return found

    def models(self, wanted: Callable[[ModelTraits], object] = lambda _: True) -> list[str]:
        """Models that aren't retired and have a trait."""
        return [name for name, traits in self.vendor().models.items() if traits.retires is None and wanted(traits)]
