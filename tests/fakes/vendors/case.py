"""What the contract suite needs to know of a vendor beyond its own data."""

from collections.abc import Callable
from dataclasses import dataclass

from services.generation.providers.vendor import ModelTraits, Vendor
from tests.fakes.vendors.fake import FakeVendor


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

    @property
    def name(self) -> str:
        return self.vendor().name

    def models(self, wanted: Callable[[ModelTraits], object] = lambda _: True) -> list[str]:
        """Models that aren't retired and have a trait."""
        return [name for name, traits in self.vendor().models.items() if traits.retires is None and wanted(traits)]
