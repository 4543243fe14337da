"""Models on a server of one's own, as its operator describes them. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.generation.providers.sizes import SizeRange
from services.generation.providers.vendor import MEBIBYTE, ModelTraits, ReferenceLimits

_SIZES: Final = {
    "sdxl": SizeRange(min_side=512, max_side=2048, step=8, max_pixels=2_359_296),
    "sd15": SizeRange(min_side=256, max_side=1536, step=8, max_pixels=1_048_576),
}
_MAX_SEED: Final = 4_294_967_295
_PROMPT_CHARS: Final = 4000


class LocalModel(BaseModel):
    """One model of the catalogue, and what a server needs to know to draw with it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    checkpoint: str = Field(default="sd_xl_base_1.0.safetensors", min_length=1, max_length=300)
    """File in the server's folder of checkpoints, with its subfolder where it has one."""
    base: Literal["sdxl", "sd15"] = "sdxl"
    """Family: decides about sizes, and which adapters, control models and IP-Adapters fit."""
    sampler: str = Field(default="", max_length=100)
    """The server's own name of a sampler; empty = `dpmpp_2m` (ComfyUI), `DPM++ 2M` (A1111)."""
    scheduler: str = Field(default="", max_length=100)
    """The server's own name of a noise schedule; empty = `karras` (ComfyUI), `Karras` (A1111)."""
    steps: int = Field(default=30, ge=1, le=150)
    """Sampling steps where the request names none."""
    cfg_scale: float = Field(default=6.0, ge=1, le=30)
    """Guidance scale where the request names none."""
    clip_skip: int = Field(default=1, ge=1, le=12)
    """Layers of CLIP from its end at which to read the prompt; 1 = the last."""
    references: int = Field(default=4, ge=0, le=8)
    """Reference images per call, where the server has an IP-Adapter."""
    loras: int = Field(default=4, ge=0, le=16)
    """Adapters per call."""
    ip_adapter: str = Field(default="", max_length=200)
    """ComfyUI: preset of its unified loader; A1111: model of its ControlNet. Empty = the first that fits."""
    guide_strength: float = Field(default=0.7, ge=0, le=2)
    """How hard to hold to the storyboard's pose, depth or lines, where the film wants that."""
    guide_end: float = Field(default=0.6, gt=0, le=1)
    """Share of the steps in which that guide works."""

    def traits(self) -> ModelTraits:
        """What it takes on a server that has everything."""
        return ModelTraits(
            sizes=_SIZES[self.base],
            prompt_max_chars=_PROMPT_CHARS,
            price_usd_micros=0,
            seeds=(0, _MAX_SEED),
            negative_prompt=True,
            references=self.reference_limits,
            start=ReferenceLimits(most=1, max_bytes=16 * MEBIBYTE, max_side=2048, strength=True),
            loras=self.loras,
            lora_base=self.base,
            steps=(1, 150),
            cfg_scale=(1.0, 30.0),
            options={"local": self},
        )

    @property
    def reference_limits(self) -> ReferenceLimits | None:
        """Of its IP-Adapter, which looks at 224 to 336 pixels a side."""
        if not self.references:
            return None
        return ReferenceLimits(most=self.references, max_bytes=8 * MEBIBYTE, max_side=1024, strength=True)


def local_model(traits: ModelTraits) -> LocalModel:
    """The model behind traits that `LocalModel.traits` made."""
    found = traits.options["local"]
    if not isinstance(found, LocalModel):
        raise TypeError(f"options: {type(found).__name__}, allowed is a LocalModel")
    return found


def default_models(name: str) -> Mapping[str, LocalModel]:
    """What a server is taken to have where its operator says nothing: SDXL 1.0."""
    return {f"{name}-sdxl": LocalModel()}
