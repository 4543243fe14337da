"""What a server of one's own adds to a vendor: it is free, and has what its operator has put there."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from schemas.generation import FailureKind
from services.generation.providers.errors import ProviderError
from services.generation.providers.exchange import HttpCall, HttpReply
from services.generation.providers.local.gear import Gear
from services.generation.providers.local.models import LocalModel, default_models
from services.generation.providers.vendor import ModelTraits, Vendor


class JobLostError(ProviderError):
    """The server knows nothing of the job any more: it was restarted. Nothing is lost by asking again."""

    kind = FailureKind.OUTAGE


class PictureLostError(ProviderError):
    """The server has lost a picture that was uploaded to it. Nothing is lost by asking again."""

    kind = FailureKind.OUTAGE


class LocalVendor(Vendor):
    """One kind of server.

    Args:
        models: by the names that the router's catalogue has them under; None = SDXL 1.0.
    """

    address_variable: ClassVar[str]
    """Environment variable with the servers' addresses."""
    slots = 2
    free = True

    def __init__(self, models: Mapping[str, LocalModel] | None = None) -> None:
        chosen = models or default_models(self.name)
        self.models: Mapping[str, ModelTraits] = {name: model.traits() for name, model in chosen.items()}

    def authorization(self, key: str) -> Mapping[str, str]:
        """None without a key: most such servers have none."""
        return super().authorization(key) if key else {}

    @abstractmethod
    def survey(self) -> tuple[HttpCall, ...]:
        """Calls that tell what a server has. The first must succeed; of the others, a server may know nothing."""

    @abstractmethod
    def gear(self, replies: Sequence[HttpReply | None]) -> Gear:
        """What replies to `survey` say, in its order; None = the server doesn't know that call."""

    @abstractmethod
    def queue(self) -> HttpCall:
        """A call that tells how much a server has to do."""

    @abstractmethod
    def waiting(self, reply: HttpReply) -> int:
        """Jobs that a reply to `queue` names, the running one included."""
