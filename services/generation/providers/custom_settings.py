"""An endpoint of one's own, described by settings alone: its request as a template, its answers as paths. No code runs.

Left out, everything is as OpenAI's Images API has it, which many servers speak.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.generation.providers.sizes import SizeList, SizeRange
from services.generation.providers.vendor import ModelTraits, ReferenceLimits

#: What a template may hold, in braces.
PLACEHOLDERS: Final = frozenset(
    {
        "model",
        "prompt",
        "negative_prompt",
        "width",
        "height",
        "size",
        "seed",
        "steps",
        "cfg_scale",
        "references",
        "reference",
        "references_base64",
        "reference_base64",
    }
)
_REFERENCES: Final = frozenset(name for name in PLACEHOLDERS if name.startswith("reference"))
PLACEHOLDER: Final = re.compile(r"\{([a-z0-9_]+)\}")
_JOB: Final = "{job}"
_MOST_DEPTH: Final = 16
_LARGEST: Final = 16_384

Path = Annotated[str, StringConstraints(pattern=r"^/[^\s?#]*$", max_length=500)]
"""Below the base URL."""
Place = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$", max_length=200)]
"""Where a value is in a JSON document: `data.0.url`."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class CustomApi(_Part):
    """How an endpoint is asked, and how it answers."""

    path: Path = "/images/generations"
    """Of the call that makes an image, a POST of JSON."""
    body: dict[str, Any] = Field(
        default={"model": "{model}", "prompt": "{prompt}", "n": 1, "size": "{size}"}, min_length=1
    )
    """Template of its body. A text that is one placeholder becomes its value; it is left out where the job has none."""
    key_header: str = Field(default="authorization", pattern=r"^[A-Za-z0-9-]{1,64}$")
    """Header that carries CUSTOM_API_KEY, if there is one."""
    key_prefix: str = Field(default="Bearer ", pattern=r"^[ -~]{0,32}$")
    """Put before the key."""
    image: Place | None = "data.0.b64_json"
    """Place of the image in the answer, as base64 or a data URL. An answer that is an image needs none."""
    url: Place | None = "data.0.url"
    """Place of the image's URL, where there is none in `image`."""
    job: Place | None = None
    """Place of the job's id in the answer to the call; None = it answers with the image."""
    poll: str | None = Field(default=None, pattern=r"^(/[^\s?#{}]*\{job\}[^\s#{}]*|\{job\})$")
    """Path that the job is asked for at, with `{job}` in it; `{job}` alone where the id is a whole URL."""
    status: Place | None = "status"
    """Place of the job's state; None = it is done when the image is there."""
    done: tuple[Word, ...] = ("done", "complete", "completed", "succeeded", "success", "ready")
    """States of a job that has its image; case is ignored in all of them."""
    failed: tuple[Word, ...] = ("failed", "error", "canceled", "cancelled")
    """States of a job that will have none, and isn't charged."""
    refused: tuple[Word, ...] = ("moderated", "refused")
    """States of a job that the content policy has ended."""
    refusals: tuple[Word, ...] = ("content_policy", "content policy", "moderation")
    """Words in an error that make it a refusal."""
    cost_usd: Place | None = None
    """Place of the cost in US dollars."""
    seed: Place | None = None
    """Place of the seed that was used."""
    probe: Path = "/models"
    """Something free that fails when the key is wrong."""
    probe_finds_nothing: bool = False
    """That it isn't found is well, too."""
    free: bool = False
    """Nothing is ever charged: a call whose answer is lost is repeated, and never in doubt."""

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if self.image is None and self.url is None:
            raise ValueError("image, url: null, allowed is a place for one of them at least")
        if (self.job is None) is not (self.poll is None):
            raise ValueError(f"job: {self.job!r}, poll: {self.poll!r}, allowed are both or none")
        unknown = sorted(self.placeholders - PLACEHOLDERS)
        if unknown:
            allowed = ", ".join(sorted(PLACEHOLDERS))
            raise ValueError(f"body: {{{unknown[0]}}}, allowed placeholders are: {allowed}")
        if "prompt" not in self.placeholders:
            raise ValueError("body: no {prompt}, allowed is a template that has it")
        return self

    @property
    def placeholders(self) -> frozenset[str]:
        """Those in the body."""
        return frozenset(name for text in _texts(self.body) for name in PLACEHOLDER.findall(text))


class CustomModel(_Part):
    """What a model of the endpoint takes and costs; its card in the router's catalogue must not promise more."""

    price_usd_micros: int = Field(ge=0)
    """Of one image, in millionths of a US dollar."""
    name: Word | None = None
    """The endpoint's own name of it; None = the name that it has here."""
    prompt_max_chars: int = Field(default=4000, ge=50, le=1_000_000)
    sizes: tuple[tuple[int, int], ...] = ()
    """The only sizes that it makes; empty = any within the next four."""
    min_side: int = Field(default=256, ge=1, le=_LARGEST)
    max_side: int = Field(default=2048, ge=1, le=_LARGEST)
    step: int = Field(default=8, ge=1, le=1024)
    max_pixels: int = Field(default=4_194_304, ge=1)
    seeds: tuple[int, int] | None = None
    """Least and greatest; None = it takes none. So for the others."""
    negative_prompt: bool = False
    references: int = Field(default=0, ge=0, le=64)
    """Reference images that it takes."""
    steps: tuple[int, int] | None = None
    cfg_scale: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("seeds", "steps", "cfg_scale"):
            bounds = getattr(self, name)
            if bounds is not None and not 0 <= bounds[0] <= bounds[1]:
                raise ValueError(f"{name}: {bounds}, allowed are a least from 0 on and a greatest not below it")
        if any(not 1 <= side <= _LARGEST for size in self.sizes for side in size):
            raise ValueError(f"sizes: {self.sizes}, allowed are sides from 1 to {_LARGEST} pixels")
        if not self.sizes:
            self._range().nearest(1024, 1024)
        return self

    def traits(self, model: str) -> ModelTraits:
        """As the driver needs them; `model` is the name that it has here."""
        return ModelTraits(
            sizes=SizeList(self.sizes) if self.sizes else self._range(),
            prompt_max_chars=self.prompt_max_chars,
            price_usd_micros=self.price_usd_micros,
            seeds=self.seeds,
            negative_prompt=self.negative_prompt,
            references=ReferenceLimits(most=self.references, max_side=2048) if self.references else None,
            steps=self.steps,
            cfg_scale=self.cfg_scale,
            options={"name": self.name or model},
        )

    def wanting(self, placeholders: frozenset[str]) -> str | None:
        """A placeholder that the template lacks for what the model takes; None = it lacks nothing."""
        needs = {
            "seed": self.seeds is not None,
            "negative_prompt": self.negative_prompt,
            "steps": self.steps is not None,
            "cfg_scale": self.cfg_scale is not None,
            "references": self.references > 0 and not placeholders & _REFERENCES,
            "size": len(self.sizes) != 1 and not {"width", "height"} <= placeholders,
        }
        return next((name for name, needed in needs.items() if needed and name not in placeholders), None)

    def _range(self) -> SizeRange:
        return SizeRange(self.min_side, self.max_side, self.step, max_pixels=self.max_pixels)


def check_custom(api: CustomApi, models: Mapping[str, CustomModel]) -> None:
    """See that the template can say what the models take.

    Raises:
        ValueError: names the model and what is missing.
    """
    for name, model in models.items():
        missing = model.wanting(api.placeholders)
        if missing is not None:
            raise ValueError(f"ICE_CUSTOM_API.body: no {{{missing}}}, and ICE_CUSTOM_MODELS.{name} takes it")
        if api.free and model.price_usd_micros:
            raise ValueError(
                f"ICE_CUSTOM_MODELS.{name}.price_usd_micros: allowed is 0 where ICE_CUSTOM_API.free is true"
            )


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    if depth > _MOST_DEPTH:
        raise ValueError(f"body: nested more than {_MOST_DEPTH} levels deep")
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item, depth + 1)
