"""Real safetensors files, tiny, written by hand: the format's own, so that no library is needed to make them."""

import json
import math
from collections.abc import Mapping, Sequence

Shapes = Mapping[str, Sequence[int]]

#: Tensors of a LoRA by family, in the words of the trainers that make such files.
LORAS: Mapping[str, Shapes] = {
    "sd15": {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": (2, 768),
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight": (4, 2),
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.alpha": (),
    },
    "sd21": {
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight": (2, 1024),
        "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.up.weight": (4, 2),
    },
    "sdxl": {
        "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight": (2, 2048),
        "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_B.weight": (4, 2),
    },
    "sd3": {"transformer.transformer_blocks.0.attn.to_k.lora_A.weight": (2, 1536)},
    "flux": {"transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": (2, 3072)},
}
#: Tensors of a textual inversion by family.
INVERSIONS: Mapping[str, Shapes] = {
    "sd15": {"emb_params": (1, 768)},
    "sd21": {"<radha>": (1024,)},
    "sdxl": {"clip_l": (1, 768), "clip_g": (1, 1280)},
}


def safetensors(shapes: Shapes, metadata: Mapping[str, str] | None = None, *, fill: int = 0) -> bytes:
    """A file of 16-bit floats; `fill` (0 to 255) is every byte of them, so that two files can differ."""
    header: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    return with_header(header, bytes([fill]) * end)


def with_header(header: object, body: bytes = b"") -> bytes:
    """A file with this header, right or wrong; filled up to eight bytes as the reference writer does."""
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def lora(family: str = "sdxl", *, fill: int = 0, metadata: Mapping[str, str] | None = None) -> bytes:
    """A LoRA of one cross-attention projection."""
    return safetensors(LORAS[family], metadata, fill=fill)


def inversion(family: str = "sdxl", *, fill: int = 0) -> bytes:
    """A textual inversion of one vector per text encoder."""
    return safetensors(INVERSIONS[family], fill=fill)
