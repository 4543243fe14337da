"""What a vendor module is: data and pure functions. `vendor_provider.py` does everything that touches the world.

README.md says how to add one.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Final, Literal

from schemas.bible import Lora
from schemas.conditioning import Degradation
from services.generation.providers import reply_errors
from services.generation.providers.errors import Configuration, InvalidRequest, OutcomeUnknown, ProviderError
from services.generation.providers.exchange import HttpCall, HttpReply, UnreadableReplyError
from services.generation.providers.sizes import Size, Sizes

MEBIBYTE = 1024 * 1024
#: Role of a picture that the image is begun with; its strength says how much of it stays.
INIT: Final = "init"
_JOB_ID: Final = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """Reference images that a model takes; the driver scales and re-encodes what is too large.

    Attributes:
        most: images per call.
        max_bytes: of one file.
        max_side: pixels.
        max_pixels: width × height.
        formats: Pillow's names of what is taken, the preferred for re-encoding first.
        strength: whether each can be given a strength.
    """

    most: int
    max_bytes: int = 10 * MEBIBYTE
    max_side: int = 4096
    max_pixels: int = 9_437_184
    formats: tuple[str, ...] = ("PNG", "JPEG", "WEBP")
    strength: bool = False


@dataclass(frozen=True, slots=True)
class Guidance:
    """A picture of the composition that a model takes.

    Attributes:
        kind: pass of the storyboard: `depth`, `pose` or `line`.
        beside_references: it is taken beside the references; else it takes the place of the last one.
        beside_start: it is taken beside a picture to begin with; else that one gives way.
    """

    kind: Literal["depth", "pose", "line"]
    beside_references: bool = False
    beside_start: bool = False


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """What a model takes and costs. A None or 0 means: takes none.

    Attributes:
        sizes: that it makes.
        prompt_max_chars: longest prompt.
        price_usd_micros: usual cost of one image, used where the vendor doesn't tell the real one.
        seeds: least and greatest seed.
        negative_prompt: whether it takes one.
        references: limits, or None.
        start: limits of a picture to begin with (role `init`), or None. It counts as no reference.
        loras: adapters per call.
        lora_base: model family that an adapter must be trained for, where it says so, e.g. `sdxl`; None = any.
        lora_ids: pattern of the vendor's own ids of adapters; others are left out. None = any.
        steps: least and most sampling steps.
        cfg_scale: least and greatest guidance.
        retires: first day on which the vendor no longer answers.
        successor: model to use after that.
        guide: the picture that holds it to a composition, or None.
        options: whatever else the vendor's module wants to know of a model.
    """

    sizes: Sizes
    prompt_max_chars: int
    price_usd_micros: int
    seeds: tuple[int, int] | None = None
    negative_prompt: bool = False
    references: ReferenceLimits | None = None
    start: ReferenceLimits | None = None
    loras: int = 0
    lora_base: str | None = None
    lora_ids: str | None = None
    steps: tuple[int, int] | None = None
    cfg_scale: tuple[float, float] | None = None
    retires: date | None = None
    successor: str | None = None
    guide: Guidance | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference image within the model's limits.

    Attributes:
        data: bytes of the file.
        mime_type: `image/png`, `image/jpeg` or `image/webp`.
        width: pixels.
        height: pixels.
        role: `character`, `location`, `continuity`, `prop`, `composition` or `init`.
        entity_id: what it shows.
        strength: how hard to hold to it, 0 to 1; None = the model's default.
        uploaded: the vendor's id or URL of it, when the vendor wants references uploaded first.
        loss: why it isn't the part of the picture that was asked for, but all of it; empty = it is what was asked for.
    """

    data: bytes
    mime_type: str
    width: int
    height: int
    role: str
    entity_id: str | None = None
    strength: float | None = None
    uploaded: str | None = None
    loss: str = ""

    @property
    def extension(self) -> str:
        """Of a file of this type: `png`, `jpg` or `webp`."""
        return self.mime_type.removeprefix("image/").replace("jpeg", "jpg")


@dataclass(frozen=True, slots=True)
class VendorJob:
    """What a model is asked, already within its traits: nothing that it doesn't take is in here.

    `size` is to be asked of the vendor; `width` and `height` are what is delivered in the end.
    """

    generation_id: str
    model: str
    traits: ModelTraits
    prompt: str
    negative_prompt: str
    width: int
    height: int
    size: Size
    seed: int | None
    references: tuple[Reference, ...]
    loras: tuple[Lora, ...]
    steps: int | None
    cfg_scale: float | None
    degradations: tuple[Degradation, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """An image: its bytes, or the URL where the driver fetches them (on a host of `Vendor.file_hosts`).

    Attributes:
        data: of the file; None when `url` is given.
        url: where it lies.
        cost_usd_micros: what the vendor says it cost; None = it doesn't say.
        seed: the vendor says it used, when one was sent; None = the one sent.
        vendor_job_id: of the call, when the vendor can be asked for it later.
        parameters: added to the record of the image; JSON values.
    """

    data: bytes | None = None
    url: str | None = None
    cost_usd_micros: int | None = None
    seed: int | None = None
    vendor_job_id: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pending:
    """The vendor has taken the job and works on it.

    Attributes:
        vendor_job_id: 1 to 200 characters; all that is left after a crash.
        poll_after_s: when to look again, at the earliest.
        cost_usd_micros: as the vendor said it on accepting; None = not yet.
    """

    vendor_job_id: str
    poll_after_s: float = 2.0
    cost_usd_micros: int | None = None

    def __post_init__(self) -> None:
        # It goes into the ledger, into events and into the paths of polls.
        if not _JOB_ID.fullmatch(self.vendor_job_id) or ".." in self.vendor_job_id:
            raise UnreadableReplyError(f"job id: {self.vendor_job_id[:60]!r}, allowed are 1 to 200 visible characters")


@dataclass(frozen=True, slots=True)
class Look:
    """The job has ended, and its result lies elsewhere: the reply to this free call goes to `read_poll` again."""

    call: HttpCall


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The vendor's id of an uploaded reference; `then` is a second call that carries the bytes, where it takes two."""

    reference: str
    then: HttpCall | None = None


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


class Vendor(ABC):
    """One vendor's API. Subclasses hold data and pure functions, and no state.

    Raised by any of the functions that read a reply: `ProviderError` for what the vendor says in it,
    `UnreadableReplyError` for a reply that isn't what its documentation promises.
    """

    name: ClassVar[str]
    """Slug of the provider; its settings are `<key_variable>` and `ICE_<NAME>_BASE_URL`."""
    key_variable: ClassVar[str]
    """Environment variable with the key, e.g. `OPENAI_API_KEY`."""
    base_url: ClassVar[str]
    """`https://host/…`, without a slash at its end; replaced by `ICE_<NAME>_BASE_URL`."""
    models: Mapping[str, ModelTraits]
    """By the vendor's own names, retired ones included: these are answered here, with what replaces them."""
    api_hosts: ClassVar[tuple[str, ...]] = ()
    """Hosts of whole URLs, beside the base URL's, that get the key: `api.x.ai`, or `.x.ai` for all below."""
    file_hosts: tuple[str, ...] = ()
    """Hosts that images are fetched from and references uploaded to, without the key."""
    limits: ClassVar[VendorLimits] = VendorLimits()
    """What the vendor allows an account."""
    slots: ClassVar[int] = 8
    """Calls at once that keep a worker busy."""
    reply_timeout_s: ClassVar[float] = 120.0
    """Longest wait for the answer to one call; long for vendors that answer with the image."""
    job_timeout_s: ClassVar[float] = 600.0
    """Longest that a job is polled for at a stretch; then the worker comes back to it."""
    has_jobs: bool = False
    """`submit` is answered with a job that is polled for. False: with the image itself."""
    free: bool = False
    """Nothing is ever charged; then `submit` must say `costs=False`."""
    probe_finds_nothing: bool = False
    """`probe` asks for what doesn't exist, as the vendor has nothing free: that it isn't found says the key is good."""
    wants_uploads: ClassVar[bool] = False
    """References are uploaded by calls of their own (`upload`) before `submit`."""

    def authorization(self, key: str) -> Mapping[str, str]:
        """Headers that carry the key."""
        return {"authorization": f"Bearer {key}"}

    @abstractmethod
    def probe(self) -> HttpCall:
        """A free call that fails when the key or the vendor is no good."""

    def listed(self, reply: HttpReply) -> frozenset[str] | None:
        """Our models that a 2xx reply to `probe` names as this account's; None = it names no models."""
        del reply
        return None

    @abstractmethod
    def submit(self, job: VendorJob) -> HttpCall:
        """The call that makes the image, `costs=True`."""

    @abstractmethod
    def read(self, job: VendorJob, reply: HttpReply) -> Made | Pending:
        """The meaning of a 2xx reply to `submit`, and to `poll` unless `read_poll` says otherwise."""

    def poll(self, vendor_job_id: str) -> HttpCall:
        """Ask how a job is; only for vendors with jobs."""
        raise ValueError(f"{self.name}: has no jobs, so there is none {vendor_job_id!r}")

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending | Look:
        """The meaning of a 2xx reply to `poll`. After a crash `job` comes without its references."""
        del vendor_job_id
        return self.read(job, reply)

    def cancel(self, vendor_job_id: str) -> HttpCall | None:
        """Call the job off; None = can't be."""
        del vendor_job_id
        return None

    def stopped(self, reply: HttpReply) -> bool:
        """Whether a 2xx reply to `cancel` says that the job is stopped and will not be charged."""
        del reply
        return False

    def upload(self, reference: Reference) -> HttpCall:
        """The first call of an upload; only with `wants_uploads`."""
        raise ValueError(f"{self.name}: takes no uploads, so not this one of {len(reference.data)} bytes")

    def read_upload(self, reference: Reference, reply: HttpReply) -> Uploaded:
        """The meaning of a 2xx reply to `upload`."""
        raise ValueError(f"{self.name}: takes no uploads ({len(reference.data)} bytes, status {reply.status})")

    def failure(self, reply: HttpReply) -> ProviderError:
        """The meaning of a reply that isn't 2xx. Override it for the vendor's codes, and end with this one.

        A status of which it isn't sure whether the call was carried out (502, 504, a 5xx without a readable error) must
        stay with `by_status`: the driver makes an `OutcomeUnknown` of it where the call costs.
        """
        return reply_errors.by_status(reply, self.error_message(reply))

    def poll_failure(self, reply: HttpReply) -> ProviderError:
        """As `failure`, for `poll` and `Look`. The driver repeats what isn't a word about the job itself.

        What is about the asking (key, address, unknown job) is made an `OutcomeUnknown` here: the job may be well.
        """
        error = self.failure(reply)
        if isinstance(error, Configuration | InvalidRequest):
            return OutcomeUnknown(str(error))
        return error

    def error_message(self, reply: HttpReply) -> str:
        """The vendor's words for people; never a key."""
        return reply_errors.usual_message(reply)

    def price(self, job: VendorJob) -> int:
        """Expected cost of the job in millionths of a US dollar, for when the vendor doesn't say."""
        return job.traits.price_usd_micros
