"""Loads models from this machine's disk, never from elsewhere, and never a pickled file."""

from typing import Any, Final

import torch  # noqa: TID251 - the painter's own process
from diffusers import (
    ControlNetModel,
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetInpaintPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLControlNetImg2ImgPipeline,
    StableDiffusionXLControlNetInpaintPipeline,
    StableDiffusionXLControlNetPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
)
from transformers import CLIPVisionModelWithProjection

from services.generation.providers.diffusers.diffusers_settings import DiffusersSettings, LocalModel, family_of
from services.generation.providers.diffusers.orders import Order
from services.generation.providers.diffusers.painter.adapters import Shelf

#: Pipelines by family, then by what they begin with; the second of each pair takes guides.
_PIPELINES: Final[dict[tuple[str, str], tuple[Any, Any]]] = {
    ("sdxl", "noise"): (StableDiffusionXLPipeline, StableDiffusionXLControlNetPipeline),
    ("sdxl", "image"): (StableDiffusionXLImg2ImgPipeline, StableDiffusionXLControlNetImg2ImgPipeline),
    ("sdxl", "repaint"): (StableDiffusionXLInpaintPipeline, StableDiffusionXLControlNetInpaintPipeline),
    ("sd15", "noise"): (StableDiffusionPipeline, StableDiffusionControlNetPipeline),
    ("sd15", "image"): (StableDiffusionImg2ImgPipeline, StableDiffusionControlNetImg2ImgPipeline),
    ("sd15", "repaint"): (StableDiffusionInpaintPipeline, StableDiffusionControlNetInpaintPipeline),
}
_PRECISIONS: Final = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def device_of(settings: DiffusersSettings) -> torch.device:
    """Where to paint; `auto` is the first card, else the processor."""
    if settings.device != "auto":
        return torch.device(settings.device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def precision_of(settings: DiffusersSettings, device: torch.device) -> torch.dtype:
    """Of the weights."""
    if settings.precision != "auto":
        return _PRECISIONS[settings.precision]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.float16 if device.type == "mps" else torch.float32


class Model:
    """One loaded model with its pipelines, which share all weights.

    Attributes:
        pipeline: that begins with noise and takes no guides; what prompts and references are encoded with.
        shelf: its adapters.
        references: whether it has an IP-Adapter.
    """

    def __init__(self, name: str, given: LocalModel, settings: DiffusersSettings) -> None:
        self.name = name
        self.given = given
        self.family = family_of(name, given)
        self.device = device_of(settings)
        self.dtype = precision_of(settings, self.device)
        self.pipeline = self._loaded(settings)
        self.references = given.ip_adapter is not None
        self._guides: dict[str, Any] = {kind: self._control(str(path)) for kind, path in given.controlnets.items()}
        self._made: dict[tuple[str, tuple[str, ...]], Any] = {("noise", ()): self.pipeline}
        self.shelf = Shelf(self.pipeline, name, max(settings.hot_adapters, settings.batch_adapters))

    def pipeline_for(self, order: Order) -> Any:  # noqa: ANN401 - a diffusers pipeline
        """The pipeline that an order of this key goes through.

        Raises:
            ValueError: a guide that this model has no ControlNet for.
        """
        kinds = tuple(sorted(order.guides))
        missing = [kind for kind in kinds if kind not in self._guides]
        if missing:
            raise ValueError(
                f"guides: {', '.join(missing)}, allowed by {self.name}: {', '.join(self._guides) or 'none'}"
            )
        begin = "noise" if order.start is None else "image" if order.start.repaint is None else "repaint"
        if (begin, kinds) not in self._made:
            self._made[begin, kinds] = self._pipeline(begin, kinds)
        return self._made[begin, kinds]

    def _pipeline(self, begin: str, kinds: tuple[str, ...]) -> Any:  # noqa: ANN401 - a diffusers pipeline
        plain, guided = _PIPELINES[self.family, begin]
        parts = dict(self.pipeline.components)
        if kinds:
            parts["controlnet"] = [self._guides[kind] for kind in kinds]
        if self.family == "sdxl":
            parts["force_zeros_for_empty_prompt"] = self.pipeline.config.force_zeros_for_empty_prompt
            parts["add_watermarker"] = False
        else:
            parts["requires_safety_checker"] = False
        return _quiet((guided if kinds else plain)(**parts))

    def _loaded(self, settings: DiffusersSettings) -> Any:  # noqa: ANN401 - a diffusers pipeline
        plain, _ = _PIPELINES[self.family, "noise"]
        extras = {"add_watermarker": False} if self.family == "sdxl" else {"safety_checker": None}
        pipeline = plain.from_pretrained(
            str(self.given.path), local_files_only=True, use_safetensors=True, dtype=self.dtype, **extras
        )
        if self.given.ip_adapter is not None:
            self._add_references(pipeline)
        pipeline.to(self.device)
        if settings.attention_slicing:
            _slice(pipeline.unet)
        if settings.vae_tiling:
            pipeline.vae.enable_tiling()
        if settings.compile:
            pipeline.unet.compile()
        return _quiet(pipeline)

    def _add_references(self, pipeline: Any) -> None:  # noqa: ANN401 - a diffusers pipeline
        file, folder = self.given.ip_adapter, self.given.image_encoder
        if file is None or folder is None:
            return
        encoder = CLIPVisionModelWithProjection.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, dtype=self.dtype
        )
        pipeline.register_modules(image_encoder=encoder)
        # With an encoder in place the loader reads the weights' file alone.
        pipeline.load_ip_adapter(
            str(file.parent), subfolder="", weight_name=file.name, image_encoder_folder=None, local_files_only=True
        )
        pipeline.set_ip_adapter_scale(1.0)

    def _control(self, path: str) -> Any:  # noqa: ANN401 - a diffusers model
        model = ControlNetModel.from_pretrained(path, local_files_only=True, use_safetensors=True, dtype=self.dtype)
        return model.to(self.device)


def _slice(network: Any) -> None:  # noqa: ANN401 - a diffusers model
    """Self-attention in halves of its heads.

    The pipeline's own switch takes every attention, and with it the references' part in that of the words; which is
    small anyway, for it looks at some hundred words instead of thousands of places.
    """
    for name, layer in network.named_modules():
        if name.endswith("attn1"):
            layer.set_attention_slice(max(1, layer.sliceable_head_dim // 2))


def _quiet(pipeline: Any) -> Any:  # noqa: ANN401 - a diffusers pipeline
    """Without progress bars, and taking the references' embeddings of a batch as they are.

    diffusers means one set of references for all images of a call and repeats what it is given for each of them; ours
    are each image's own already.
    """
    pipeline.set_progress_bar_config(disable=True)
    pipeline.prepare_ip_adapter_image_embeds = _as_given
    return pipeline


def _as_given(_images: object, embeddings: list[torch.Tensor], *_: object) -> list[torch.Tensor]:
    return embeddings
