"""Stability AI: Stable Image (v2beta: core, ultra, SD 3.5, control) and hosted SDXL (v1). Answers with the image.

Endpoints, fields and errors are of the vendor's v1 specification and of copies of its v2beta reference; credits of its
price page: one is 0.01 USD, failed calls are free. Checked 2026-11-23; the sizes of the aspect ratios, and whether an
account still has SDXL, are unconfirmed.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from services.generation.providers.errors import InvalidRequest, ProviderError, Refused
from services.generation.providers.exchange import (
    File,
    HttpCall,
    HttpReply,
    JsonBody,
    MultipartBody,
    UnreadableReplyError,
    decoded,
    get,
    is_picture,
    names_in,
    paid_post,
)
from services.generation.providers.sizes import RatioList, Size, SizeList
from services.generation.providers.vendor import (
    MEBIBYTE,
    Guidance,
    Made,
    ModelTraits,
    Reference,
    ReferenceLimits,
    Vendor,
    VendorJob,
    VendorLimits,
)

_CREDIT: Final = 10_000
_LOCKED_OUT_S: Final = 60.0
_FILTERED: Final = "CONTENT_FILTERED"
#: `invalid_language`: another vendor may read it, so the router goes on as after a refusal.
_REFUSALS: Final = frozenset({"content_moderation", "public_figure", "invalid_language", "invalid_prompts"})
_WIDEST: Final = 2.5
_HOLD: Final = 0.35

_BY_RATIO: Final = RatioList(
    (
        ("1:1", (1024, 1024)),
        ("16:9", (1344, 768)),
        ("9:16", (768, 1344)),
        ("21:9", (1536, 640)),
        ("9:21", (640, 1536)),
        ("3:2", (1216, 832)),
        ("2:3", (832, 1216)),
        ("5:4", (1088, 896)),
        ("4:5", (896, 1088)),
    )
)
_FLIPPED: Final[tuple[Size, ...]] = ((1152, 896), (1216, 832), (1344, 768), (1536, 640))
_TRAINED: Final = SizeList(((1024, 1024), *_FLIPPED, *((height, width) for width, height in _FLIPPED)))
#: The whole request may have 10 MiB.
_ONE: Final = ReferenceLimits(most=1, max_bytes=9 * MEBIBYTE, strength=True)


def _stable(
    tenths: int,
    path: str,
    *,
    guidance: bool = False,
    begins: bool = False,
    guide: Guidance | None = None,
    **options: object,
) -> ModelTraits:
    """A v2beta model: its price in tenths of a credit, and its path below `/v2beta/stable-image`.

    The one image that it takes is what it begins with (`begins`), or what controls it (`holds` among `options`).
    """
    return ModelTraits(
        sizes=_BY_RATIO,
        prompt_max_chars=10_000,
        price_usd_micros=tenths * _CREDIT // 10,
        seeds=(1, 4_294_967_294),
        negative_prompt=True,
        references=_ONE if "holds" in options else None,
        start=_ONE if begins else None,
        cfg_scale=(1.0, 10.0) if guidance else None,
        guide=guide,
        options={"path": path, **options},
    )


def _sd3(tenths: int, name: str) -> ModelTraits:
    return _stable(tenths, "generate/sd3", guidance=True, begins=True, fields={"model": name})


#: `holds`: the field that says how hard to hold to the image that controls.
MODELS: Final[Mapping[str, ModelTraits]] = {
    "stable-image-ultra": _stable(80, "generate/ultra", begins=True),
    "stable-image-core": _stable(30, "generate/core"),
    "sd3.5-large": _sd3(65, "sd3.5-large"),
    "sd3.5-large-turbo": _sd3(40, "sd3.5-large-turbo"),
    "sd3.5-medium": _sd3(35, "sd3.5-medium"),
    "sd3.5-flash": _sd3(25, "sd3.5-flash"),
    "stable-image-structure": _stable(50, "control/structure", guide=Guidance("depth"), holds="control_strength"),
    "stable-image-sketch": _stable(50, "control/sketch", guide=Guidance("line"), holds="control_strength"),
    "stable-image-style": _stable(50, "control/style", holds="fidelity", ratio=True),
    "stable-diffusion-xl-1024-v1-0": ModelTraits(
        sizes=_TRAINED,
        prompt_max_chars=2_000,
        price_usd_micros=9_000,
        seeds=(1, 4_294_967_295),
        negative_prompt=True,
        steps=(10, 50),
        cfg_scale=(0.0, 35.0),
        options={"engine": "stable-diffusion-xl-1024-v1-0"},
    ),
}


class Stability(Vendor):
    """Stability AI's REST API."""

    name = "stability"
    key_variable = "STABILITY_API_KEY"
    base_url = "https://api.stability.ai"
    models = MODELS
    limits: ClassVar[VendorLimits] = VendorLimits(calls=150, window_s=10)
    slots = 16
    reply_timeout_s: ClassVar[float] = 180.0

    def probe(self) -> HttpCall:
        """List the engines of v1: whether the key is good, and the account still has SDXL.

        V2beta documents nothing free to ask; balance, account and engines are documented for v1 alone.
        """
        return get("/v1/engines/list")

    def listed(self, reply: HttpReply) -> frozenset[str]:
        """Every model of v2beta, and of v1 what is listed."""
        engines = names_in(reply.document, "id")
        return frozenset(name for name, traits in MODELS.items() if "path" in traits.options or name in engines)

    def submit(self, job: VendorJob) -> HttpCall:
        """A v2beta call is multipart, also without a file; v1 takes JSON."""
        engine = job.traits.options.get("engine")
        return _v2beta(job) if engine is None else _v1(job, engine)

    def read(self, job: VendorJob, reply: HttpReply) -> Made:
        """The image as it is (v2beta) or in the first artifact (v1)."""
        if "engine" in job.traits.options:
            told = reply.at("artifacts", 0, "finishReason")
            data, seed = decoded(reply.text("artifacts", 0, "base64")), reply.number("artifacts", 0, "seed")
        elif is_picture(reply.body) or reply.headers.get("content-type", "").lower().startswith("image/"):
            told, data, seed = reply.headers.get("finish-reason"), reply.body, _seed(reply.headers.get("seed"))
        elif reply.is_json:
            # What it answers where a proxy has changed what is accepted.
            told, data, seed = reply.at("finish_reason"), decoded(reply.text("image")), reply.number("seed")
        else:
            kind = reply.headers.get("content-type") or "of no type"
            raise UnreadableReplyError(f"the reply is {kind}, allowed is an image")
        if told == _FILTERED:
            # 200 with a blurred picture: the vendor did the work, and nothing says that it is free.
            raise Refused(
                "the picture was blurred by the content filter", charged=True, cost_usd_micros=self.price(job)
            )
        if told == "ERROR":
            raise UnreadableReplyError("finish reason: ERROR, allowed is SUCCESS")
        return Made(data=data, seed=None if seed is None else int(seed))

    def failure(self, reply: HttpReply) -> ProviderError:
        """Stability's error names, else by status."""
        name = str(reply.at("name") or "") if reply.is_json else ""
        if name in _REFUSALS:
            return Refused(self.error_message(reply))
        if reply.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return InvalidRequest(f"{name or 'payload_too_large'}: {self.error_message(reply)}")
        error = super().failure(reply)
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            # More than 150 calls in 10 s lock the account out for a minute; no header says so.
            error.retry_after_s = _LOCKED_OUT_S
        return error


def _seed(told: str | None) -> int | None:
    return int(told) if told is not None and told.isdecimal() and told.isascii() else None


def _v2beta(job: VendorJob) -> HttpCall:
    options, reference = job.traits.options, next(iter(job.references), None)
    fields: dict[str, Any] = {"prompt": job.prompt, "output_format": "png", **options.get("fields", {})}
    if job.negative_prompt:
        fields["negative_prompt"] = job.negative_prompt
    if job.seed is not None:
        fields["seed"] = job.seed
    if job.cfg_scale is not None:
        fields["cfg_scale"] = job.cfg_scale
    holds = options.get("holds")
    if holds is not None and reference is None:
        raise ValueError("references: none, allowed is the one image that this model is controlled by")
    if holds is None or options.get("ratio"):
        fields["aspect_ratio"] = _BY_RATIO.name(job.size)
    files: tuple[File, ...] = ()
    if reference is not None:
        files = (_file(reference, job),)
        fields |= _guided(reference, holds, fields)
    body = MultipartBody(tuple((name, str(value)) for name, value in fields.items() if value is not None), files)
    return paid_post(f"/v2beta/stable-image/{options['path']}", body, {"accept": "image/*"})


def _guided(reference: Reference, holds: str | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that an image brings with it."""
    if holds is not None:
        return {} if reference.strength is None else {holds: reference.strength}
    # `strength` of image-to-image is how much is made anew: 0 leaves the image as it is.
    anew = {"strength": round(1 - (_HOLD if reference.strength is None else reference.strength), 4)}
    # SD 3.5 takes the ratio from the image and refuses to be told another.
    return {**anew, "mode": "image-to-image", "aspect_ratio": None} if "model" in fields else anew


def _file(reference: Reference, job: VendorJob) -> File:
    long, short = max(reference.width, reference.height), min(reference.width, reference.height)
    if "holds" in job.traits.options and long > _WIDEST * short:
        size = f"{reference.width}x{reference.height}"
        raise ValueError(f"reference {reference.role}: {size}, allowed is a ratio of 1:{_WIDEST} to {_WIDEST}:1")
    return File("image", f"{reference.role}.{reference.extension}", reference.data, reference.mime_type)


def _v1(job: VendorJob, engine: str) -> HttpCall:
    prompts = [{"text": job.prompt, "weight": 1}]
    if job.negative_prompt:
        prompts.append({"text": job.negative_prompt, "weight": -1})
    fields: dict[str, Any] = {"text_prompts": prompts, "width": job.size[0], "height": job.size[1], "samples": 1}
    optional = {"seed": job.seed, "steps": job.steps, "cfg_scale": job.cfg_scale}
    fields |= {name: value for name, value in optional.items() if value is not None}
    return paid_post(f"/v1/generation/{engine}/text-to-image", JsonBody(fields), {"accept": "application/json"})
