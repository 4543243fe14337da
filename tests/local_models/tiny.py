"""Tiny models with random weights, written in the very layouts that real ones have: a second each, a few megabytes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch  # noqa: TID251 - real models, in an environment of their own
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

WIDTH = 32
START, END = "<|startoftext|>", "<|endoftext|>"
IMAGE = 32


def sdxl(folder: Path) -> Path:
    """Stable Diffusion XL."""
    torch.manual_seed(1)
    vocabulary = _vocabulary()
    StableDiffusionXLPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_text(vocabulary)),
        text_encoder_2=CLIPTextModelWithProjection(_text(vocabulary)),
        tokenizer=vocabulary,
        tokenizer_2=vocabulary,
        unet=_unet(sdxl=True),
        scheduler=_schedule(),
        image_encoder=None,
        feature_extractor=CLIPImageProcessor(crop_size=IMAGE, size=IMAGE),
    ).save_pretrained(folder)
    return folder


def sd15(folder: Path) -> Path:
    """Stable Diffusion 1.5."""
    torch.manual_seed(2)
    vocabulary = _vocabulary()
    StableDiffusionPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(_text(vocabulary)),
        tokenizer=vocabulary,
        unet=_unet(sdxl=False),
        scheduler=_schedule(),
        safety_checker=None,
        feature_extractor=CLIPImageProcessor(crop_size=IMAGE, size=IMAGE),
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def image_encoder(folder: Path) -> Path:
    """The encoder of an IP-Adapter."""
    torch.manual_seed(3)
    config = CLIPVisionConfig(
        hidden_size=WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=37,
        image_size=IMAGE,
        patch_size=8,
    )
    CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


def ip_adapter(file: Path, model: Path, *, strong: float = 1.0) -> Path:
    """An IP-Adapter for a model of this module, in the layout of its authors."""
    torch.manual_seed(4)
    network = UNet2DConditionModel.from_pretrained(model, subfolder="unet")
    words = network.config.cross_attention_dim
    tensors = {
        "image_proj.proj.weight": torch.randn(4 * words, WIDTH) * 0.2,
        "image_proj.proj.bias": torch.zeros(4 * words),
        "image_proj.norm.weight": torch.ones(words),
        "image_proj.norm.bias": torch.zeros(words),
    }
    number = 1
    for name, layer in network.named_modules():
        if name.endswith("attn2"):
            for kind in ("k", "v"):
                shape = (layer.to_q.out_features, words)
                tensors[f"ip_adapter.{number}.to_{kind}_ip.weight"] = torch.randn(shape) * 0.3 * strong
            number += 2
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, file)
    return file


def controlnet(folder: Path, model: Path, seed: int) -> Path:
    """A ControlNet for a model of this module, with outlets that aren't zero."""
    torch.manual_seed(seed)
    network = UNet2DConditionModel.from_pretrained(model, subfolder="unet")
    made = ControlNetModel.from_unet(network, conditioning_embedding_out_channels=(4, 8, 8, 8))
    for layer in (*made.controlnet_down_blocks, made.controlnet_mid_block, made.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(layer.weight, std=0.1)
    made.save_pretrained(folder)
    return folder


def lora(file: Path, model: Path, seed: int, *, family: str = "sdxl", reads: bool = False, strong: float = 0.5) -> Path:
    """A LoRA adapter for a model of this module.

    Args:
        file: to write.
        model: folder of the model.
        seed: of its weights.
        family: of the model.
        reads: it changes how words are read too: cross-attention's keys and values, and the text encoder.
        strong: deviation of its weights.
    """
    kinds = ["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_out.0", "conv1"]
    network = UNet2DConditionModel.from_pretrained(model, subfolder="unet")
    layers = {"unet_lora_layers": _adapter(network, kinds + ["attn2.to_k", "attn2.to_v"] * reads, seed, strong)}
    if reads:
        encoder = CLIPTextModel.from_pretrained(model, subfolder="text_encoder")
        layers["text_encoder_lora_layers"] = _adapter(encoder, ["q_proj", "v_proj"], seed + 1, strong)
    save = (
        StableDiffusionXLPipeline.save_lora_weights if family == "sdxl" else StableDiffusionPipeline.save_lora_weights
    )
    save(file.parent, weight_name=file.name, safe_serialization=True, **layers)
    return file


def dora(lora: Path, file: Path) -> Path:
    """A LoRA adapter as one whose layers are scaled too."""
    tensors = load_file(lora)
    first = next(name for name in tensors if name.endswith("lora_B.weight"))
    magnitude = first.replace("lora_B.weight", "lora_magnitude_vector")
    save_file({**tensors, magnitude: torch.ones(tensors[first].shape[0])}, file)
    return file


def embedding(file: Path, seed: int, *, second: bool, vectors: int = 2) -> Path:
    """A textual inversion: for SDXL's two encoders, or for the one of 1.5."""
    torch.manual_seed(seed)
    tensors = {"clip_l": torch.randn(vectors, WIDTH) * 3}
    if second:
        tensors["clip_g"] = torch.randn(vectors, WIDTH) * 3
    save_file(tensors if second else {"emb_params": tensors["clip_l"]}, file)
    return file


def _adapter(network: Any, layers: Sequence[str], seed: int, strong: float) -> dict[str, Any]:
    torch.manual_seed(seed)
    network.add_adapter(LoraConfig(r=4, lora_alpha=4, target_modules=list(layers), init_lora_weights=False))
    for name, weights in network.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weights, std=strong)
    tensors: dict[str, Any] = get_peft_model_state_dict(network)
    return tensors


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
        sample_size=64,
    )


def _unet(*, sdxl: bool) -> UNet2DConditionModel:
    more: dict[str, Any] = {}
    if sdxl:
        more = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
            "transformer_layers_per_block": (1, 1),
            "use_linear_projection": True,
        }
    return UNet2DConditionModel(
        block_out_channels=(16, 32),
        layers_per_block=1,
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        norm_num_groups=4,
        cross_attention_dim=2 * WIDTH if sdxl else WIDTH,
        **more,
    )


def _text(vocabulary: CLIPTokenizer) -> CLIPTextConfig:
    return CLIPTextConfig(
        bos_token_id=vocabulary.bos_token_id,
        eos_token_id=vocabulary.eos_token_id,
        pad_token_id=vocabulary.pad_token_id,
        hidden_size=WIDTH,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=3,
        vocab_size=len(vocabulary),
        projection_dim=WIDTH,
    )


def _schedule() -> EulerDiscreteScheduler:
    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"
    )


def _vocabulary() -> CLIPTokenizer:
    """CLIP's way of reading with the letters alone: every letter is a token, and so is the comma."""
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), START, END]
    return CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=[],
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=77,
    )


Builder = Callable[[Path], Path]
