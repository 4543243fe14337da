"""Settings of the provider `diffusers`: which models lie where, and how they are run."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings, SettingsError

#: Families of models by the class that a model's `model_index.json` names.
FAMILIES: Final = {"StableDiffusionXLPipeline": "sdxl", "StableDiffusionPipeline": "sd15"}
_NEEDED: Final = ("torch", "diffusers", "transformers", "peft", "accelerate", "safetensors")
_INSTALL: Final = "pip install '.[diffusers]'"
_PATHS: Final = ("path", "ip_adapter", "image_encoder")

GuideKind = Literal["depth", "pose", "line"]


class LocalModel(BaseModel):
    """One model on this machine's disk. Every file is of the safetensors format: pickled ones can run code."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    path: Path
    """Folder in the layout of diffusers, with `model_index.json`: Stable Diffusion 1.5, SDXL or a tuned one."""
    ip_adapter: Path | None = None
    """File of an IP-Adapter of the same family; None = reference images are left out."""
    image_encoder: Path | None = None
    """Folder of the image encoder that the IP-Adapter was trained with."""
    controlnets: dict[GuideKind, Path] = Field(default_factory=dict)
    """Folders of ControlNet models by the guide that they read: `depth`, `pose`, `line`."""
    sizes: tuple[tuple[int, int], ...] = ()
    """Sizes that are painted, in pixels, multiples of 8; empty = those that the family was trained on."""
    steps: int = Field(default=30, ge=1, le=200)
    """Sampling steps where a request names none."""
    cfg_scale: float = Field(default=6.0, ge=0, le=30)
    """Guidance where a request names none."""
    guide_scale: float = Field(default=0.6, ge=0, le=2)
    """How hard guides are held to."""
    references: int = Field(default=4, ge=0, le=16)
    """Most reference images of one call."""
    adapters: int = Field(default=4, ge=0, le=16)
    """Most LoRA adapters and embeddings of one call."""


class DiffusersSettings(Settings):
    """Environment variables with the prefix `ICE_DIFFUSERS_`."""

    model_config = SettingsConfigDict(
        env_prefix="ICE_DIFFUSERS_", frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )

    models: dict[str, LocalModel] = Field(default_factory=dict)
    """Models by their names in the router's catalogue, a JSON object: `{"sdxl-base-1.0": {"path": "/models/sdxl"}}`."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:[0-9]+)?)$")
    """Where they run: auto, cpu, mps, cuda or cuda:1. Start a worker per card."""
    precision: Literal["auto", "bf16", "fp16", "fp32"] = "auto"
    """Of the weights; auto = bf16 on a card that has it, else fp16; fp32 on a processor."""
    max_batch: int = Field(default=4, ge=1, le=64)
    """Most images painted at once; 1 = each alone."""
    batch_wait_s: float = Field(default=0.2, ge=0, le=60)
    """Longest that an image waits for company while the painter is idle."""
    batch_adapters: int = Field(default=4, ge=1, le=64)
    """Most different LoRA adapters within a batch."""
    hot_adapters: int = Field(default=8, ge=1, le=256)
    """LoRA adapters that stay loaded, the longest unused goes first; at least those of a batch."""
    attention_slicing: bool = False
    """Less memory, slower."""
    vae_tiling: bool = False
    """Decode large images in tiles: less memory, rarely a seam."""
    compile: bool = False
    """Compile the network: minutes at the first image of every size, faster after that."""
    stalled_s: float = Field(default=600.0, gt=0, le=7200)
    """A painter that gives no sign of life for so long is ended and started anew."""

    def check(self) -> None:
        """See that the provider can be started: nothing is imported or loaded.

        Raises:
            SettingsError: no model, a path that isn't there, a family that isn't known, a library that isn't installed.
        """
        if not self.models:
            raise SettingsError(
                "ICE_DIFFUSERS_MODELS: empty, and provider diffusers needs it: allowed is a JSON object of models"
            )
        for name, model in self.models.items():
            family_of(name, model)
            _check_files(name, model)
        missing = [library for library in _NEEDED if find_spec(library) is None]
        if missing:
            raise SettingsError(f"provider diffusers needs {', '.join(missing)}, not installed here: {_INSTALL}")


def family_of(name: str, model: LocalModel) -> str:
    """`sdxl` or `sd15`, as the model's own index says.

    Raises:
        SettingsError: there is no such model, or none of these families.
    """
    where = f"ICE_DIFFUSERS_MODELS: {name}.path: '{model.path}'"
    index = model.path / "model_index.json"
    try:
        kind = json.loads(index.read_text(encoding="utf-8")).get("_class_name")
    except OSError:
        raise SettingsError(f"{where}: has no model_index.json, allowed is a model's folder") from None
    except (ValueError, AttributeError):
        raise SettingsError(f"{where}: its model_index.json can't be read, allowed is a JSON object") from None
    family = FAMILIES.get(kind) if isinstance(kind, str) else None
    if family is None:
        raise SettingsError(f"{where}: is a {kind!r}, allowed is one of: {', '.join(FAMILIES)}")
    return family


def _check_files(name: str, model: LocalModel) -> None:
    about = f"ICE_DIFFUSERS_MODELS: {name}"
    found = {key: getattr(model, key) for key in _PATHS}
    found |= {f"controlnets.{kind}": path for kind, path in model.controlnets.items()}
    for key, path in found.items():
        if path is not None and not path.exists():
            raise SettingsError(f"{about}.{key}: '{path}' doesn't exist")
    if model.ip_adapter is not None and model.ip_adapter.suffix != ".safetensors":
        raise SettingsError(f"{about}.ip_adapter: '{model.ip_adapter}', allowed is a .safetensors file")
    if (model.ip_adapter is None) != (model.image_encoder is None):
        raise SettingsError(f"{about}: ip_adapter and image_encoder go together, allowed is both or none")
    wrong = [size for size in model.sizes if min(size) < 64 or size[0] % 8 or size[1] % 8]  # noqa: PLR2004 - pixels
    if wrong:
        raise SettingsError(f"{about}.sizes: {list(wrong[0])}, allowed are multiples of 8 from 64 on")
