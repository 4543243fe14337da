"""Which model family an adapter was trained for, and what kind it is, by what its file says. Pure.

Two witnesses: the metadata that trainers leave (`modelspec.architecture` of Stability's ModelSpec,
`ss_base_model_version` of kohya's scripts), and the tensors. The tensors decide where both speak, since they must fit
the model: the width of the text that cross-attention reads is 768 in Stable Diffusion 1, 1,024 in 2, 2,048 in XL.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from schemas.adapter.file_format import BadAdapterFileError, Header
from schemas.bible.v1 import AdapterKind

#: Families that files are told apart by. A file that tells none may be registered under any slug.
FAMILIES: Final = ("sd15", "sd21", "sdxl", "sd3", "flux")

_BY_TEXT_WIDTH: Final = {768: "sd15", 1024: "sd21", 2048: "sdxl"}
#: Width of textual inversions' vectors; 1,280 is the second encoder of XL.
_BY_VECTOR_WIDTH: Final = {768: "sd15", 1024: "sd21", 1280: "sdxl"}

#: Beginnings of the words in metadata, the longer first.
_WORDS: Final = (
    ("stable-diffusion-xl", "sdxl"),
    ("stable-diffusion-v1", "sd15"),
    ("stable-diffusion-v2", "sd21"),
    ("stable-diffusion-3", "sd3"),
    ("sdxl", "sdxl"),
    ("sd_xl", "sdxl"),
    ("sd_v1", "sd15"),
    ("sd_1", "sd15"),
    ("sd1", "sd15"),
    ("sd_v2", "sd21"),
    ("sd2", "sd21"),
    ("sd3", "sd3"),
    ("flux", "flux"),
)
_ALIASES: Final = {
    **dict.fromkeys(("sd1", "sd1-5", "sd-1-5", "sd-v1", "stable-diffusion-v1-5", "stable-diffusion"), "sd15"),
    **dict.fromkeys(("sd2", "sd2-1", "sd-2-1", "sd20", "stable-diffusion-v2-1"), "sd21"),
    **dict.fromkeys(("xl", "sd-xl", "sdxl-1-0", "stable-diffusion-xl", "pony", "illustrious"), "sdxl"),
    **dict.fromkeys(("sd35", "sd3-5", "stable-diffusion-3"), "sd3"),
    **dict.fromkeys(("flux1", "flux-1", "flux-dev", "flux-1-dev", "flux-schnell"), "flux"),
}

_CROSS_ATTENTION: Final = re.compile(
    r"attn2[._](processor[._])?to_[kv](_lora)?[._](lora[._])?(down|A)(\.default)?\.weight$|attn2[._]to_[kv]\.hada_w1_b$"
)
_LOW_RANK: Final = re.compile(r"(lora[._](down|up|A|B|mid)|_lora\.(down|up)|hada_w|lokr_w|dora_scale|\.alpha$)")
_DOUBLE_BLOCKS: Final = re.compile(r"(^|[._])(double_blocks|single_blocks|single_transformer_blocks)[._]")
_JOINT_BLOCKS: Final = re.compile(r"(^|[._])joint_blocks[._]|^transformer[._]transformer_blocks[._]")
_SECOND_ENCODER: Final = re.compile(r"^(lora_te2_|text_encoder_2\.)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells.

    Attributes:
        kind: LoRA or textual inversion.
        family: model family; None = it doesn't tell.
        by: what told it, for people.
        trigger: the words that the trainer noted, if any.
    """

    kind: AdapterKind
    family: str | None
    by: str
    trigger: str | None = None


def family_named(word: str) -> str:
    """A family by any of its usual names, as a slug: `SDXL 1.0` → `sdxl`; an unknown word comes back as a slug."""
    slug = re.sub(r"[^a-z0-9]+", "-", word.strip().lower()).strip("-")
    return _ALIASES.get(slug, slug)


def judged(header: Header) -> Told:
    """Kind and family of a file.

    Raises:
        BadAdapterFileError: neither a LoRA nor a textual inversion.
    """
    vectors = _vectors(header)
    trigger = header.metadata.get("modelspec.trigger_phrase") or None
    if vectors:
        return Told(AdapterKind.TEXTUAL_INVERSION, *_first(header, _vector_family, _metadata_family), trigger)
    if not any(_LOW_RANK.search(name) for name in header.tensors):
        names = ", ".join(sorted(header.tensors)[:3])
        raise BadAdapterFileError(
            f"file: tensors {names[:200]} …; allowed are those of a LoRA (lora_down, lora_A …) or of a textual "
            "inversion (a few vectors); a whole model is no adapter"
        )
    return Told(AdapterKind.LORA, *_first(header, _tensor_family, _metadata_family), trigger)


def checked(header: Header, *, kind: AdapterKind, base: str) -> Told:
    """What the file tells, if it doesn't contradict what is said of it.

    Raises:
        BadAdapterFileError: another kind or another family; the message says how that is known.
    """
    told = judged(header)
    if told.kind is not kind:
        raise BadAdapterFileError(f"kind: {kind.value}; the file is a {told.kind.value} by its tensors")
    if told.family is not None and told.family != base:
        raise BadAdapterFileError(f"base: {base}; the file was trained for {told.family} by {told.by}")
    return told


Witness = Callable[[Header], tuple[str | None, str]]


def _first(header: Header, *witnesses: Witness) -> tuple[str | None, str]:
    for witness in witnesses:
        family, by = witness(header)
        if family is not None:
            return family, by
    return None, "nothing in it"


def _vectors(header: Header) -> bool:
    """A few rows of one of the text encoders' widths, and nothing else."""
    widths = {*_BY_VECTOR_WIDTH}
    return len(header.tensors) <= 4 and all(  # noqa: PLR2004 - one per text encoder, and a step counter at most
        1 <= len(tensor.shape) <= 2 and tensor.shape[-1] in widths and not _LOW_RANK.search(name)  # noqa: PLR2004
        for name, tensor in header.tensors.items()
    )


def _vector_family(header: Header) -> tuple[str | None, str]:
    widths = {tensor.shape[-1] for tensor in header.tensors.values()}
    # Both encoders of XL together, or the second alone.
    width = 1280 if 1280 in widths else min(widths)  # noqa: PLR2004 - see above
    return _BY_VECTOR_WIDTH.get(width), f"its vectors of {width}"


def _tensor_family(header: Header) -> tuple[str | None, str]:
    names = header.tensors
    if _any(_DOUBLE_BLOCKS, names):
        return "flux", "the names of its tensors"
    if _any(_JOINT_BLOCKS, names):
        return "sd3", "the names of its tensors"
    if _any(_SECOND_ENCODER, names):
        return "sdxl", "its second text encoder"
    for name, tensor in names.items():
        if _CROSS_ATTENTION.search(name) and len(tensor.shape) in {2, 4}:
            width = tensor.shape[1]
            if width in _BY_TEXT_WIDTH:
                return _BY_TEXT_WIDTH[width], f"its cross-attention of width {width}"
    return None, ""


def _metadata_family(header: Header) -> tuple[str | None, str]:
    for key in ("modelspec.architecture", "ss_base_model_version"):
        word = header.metadata.get(key, "").lower()
        family = next((family for start, family in _WORDS if word.startswith(start)), None)
        if family is not None:
            return family, f"{key} {word[:60]}"
    return None, ""


def _any(pattern: re.Pattern[str], names: Iterable[str]) -> bool:
    return any(pattern.search(name) for name in names)
