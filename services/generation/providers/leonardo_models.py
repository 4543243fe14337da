"""Leonardo's models as data: sizes, guidances, adapters and usual prices.

Of the vendor's v2 guides (captured 2026-10-08) and third-party clients; what a call costs is told in its reply, so the
prices are estimates. Unconfirmed: prompt lengths beyond Phoenix and FLUX Dev, and the listed sizes of partner models.
"""

from collections.abc import Mapping
from typing import Any, Final

from services.generation.providers.sizes import Size, SizeList, SizeRange, Sizes
from services.generation.providers.vendor import INIT, Guidance, ModelTraits, ReferenceLimits

#: FLUX takes no more; the other models do, and one limit for all keeps a seed the same when the model changes.
_SEEDS: Final = (0, 2_147_483_637)
_SIDE: Final = 2048
_ELEMENTS: Final = 4
#: An element of the user's own has a number, one of the platform's a UUID.
_ELEMENT_ID: Final = r"[1-9][0-9]{0,14}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TURNED: Final[tuple[Size, ...]] = ((1376, 768), (1264, 848))
_PARTNER: Final = SizeList(((1024, 1024), *_TURNED, *((height, width) for width, height in _TURNED)))
#: Which guidance carries a reference of a role, the best first. Style takes a look over, content the picture itself.
ROLE_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "character": ("character", "image_reference", "content"),
    "location": ("image_reference", "content", "style"),
    "continuity": ("image_reference", "style", "content"),
    "composition": ("edge", "image_reference", "content"),
    "prop": ("image_reference", "style", "content"),
    INIT: ("image_to_image",),
}
#: When nothing of a role's fits.
LAST_RESORT: Final = ("image_reference", "content", "style")


def _range(least: int, most: int, max_pixels: int | None = None) -> SizeRange:
    return SizeRange(min_side=least, max_side=most, step=8, max_pixels=max_pixels or most * most)


def _model(
    sizes: Sizes,
    price_usd_micros: int,
    guidances: tuple[str, ...],
    references: int = 1,
    **more: Any,  # noqa: ANN401 - traits
) -> ModelTraits:
    """A model; `guidances`: the kinds that it takes."""
    told: dict[str, Any] = {"prompt_max_chars": 2000, **more}
    return ModelTraits(
        sizes=sizes,
        price_usd_micros=price_usd_micros,
        seeds=_SEEDS,
        references=ReferenceLimits(most=references, max_side=_SIDE, strength=True),
        start=ReferenceLimits(most=1, max_side=_SIDE, strength=True) if "image_to_image" in guidances else None,
        options={"guidances": guidances},
        **told,
    )


def _elements(base: str) -> dict[str, Any]:
    """Traits of a model that takes adapters for this base."""
    return {"loras": _ELEMENTS, "lora_base": base, "lora_ids": _ELEMENT_ID}


_IMAGES: Final = ("image_reference",)
_LOOKS: Final = ("content", "style")

MODELS: Final[Mapping[str, ModelTraits]] = {
    "phoenix-v1.0": _model(
        _range(32, _SIDE), 15_000, ("character", "content", "style", "image_to_image"), negative_prompt=True
    ),
    "kino-xl": _model(
        _range(32, 1536),
        12_000,
        ("character", "content", "style", "edge", "image_to_image"),
        prompt_max_chars=1500,
        negative_prompt=True,
        guide=Guidance("line", beside_references=True),
        **_elements("sdxl"),
    ),
    "flux-dev": _model(_range(480, _SIDE), 12_000, _LOOKS, **_elements("flux")),
    "lucid-origin": _model(_range(32, 3840, 8_294_400), 15_000, _LOOKS),
    "lucid-realism": _model(_range(32, 2496), 15_000, _LOOKS),
    "flux-kontext-pro": _model(_range(32, _SIDE), 40_000, _IMAGES, references=4),
    "nano-banana-2": _model(_PARTNER, 45_000, _IMAGES, prompt_max_chars=9999, references=6),
    "seedream-4.5": _model(_PARTNER, 35_000, _IMAGES, references=6),
}
