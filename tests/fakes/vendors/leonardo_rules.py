"""What Leonardo takes, as its guides say it: fields, sizes, seeds, guidances and elements of each model."""

import re
from collections.abc import Callable
from typing import Any, Final

from tests.fakes.vendors.fake import Order

PRICES: Final = {
    "phoenix-v1.0": 14_700,
    "kino-xl": 11_000,
    "flux-dev": 12_300,
    "lucid-origin": 15_200,
    "lucid-realism": 15_200,
    "flux-kontext-pro": 41_000,
    "nano-banana-2": 46_000,
    "seedream-4.5": 34_000,
}
_SIZES: Final = {
    "phoenix-v1.0": (32, 2048),
    "kino-xl": (32, 1536),
    "flux-dev": (480, 2048),
    "lucid-origin": (32, 3840),
    "lucid-realism": (32, 2496),
    "flux-kontext-pro": (32, 2048),
}
_PAIRS: Final = {(1024, 1024), (1376, 768), (768, 1376), (1264, 848), (848, 1264)}
_SDXL: Final = {"edge": 1, "pose": 1, "depth": 1, "style": 4, "content": 1, "character": 1, "image_to_image": 1}
_GUIDANCES: Final[dict[str, dict[str, int]]] = {
    "phoenix-v1.0": {"style": 4, "content": 1, "character": 1, "image_to_image": 1},
    "kino-xl": _SDXL,
    "flux-dev": {"style": 1, "content": 1},
    "lucid-origin": {"style": 1, "content": 1},
    "lucid-realism": {"style": 1, "content": 1},
    "flux-kontext-pro": {"image_reference": 4},
    "nano-banana-2": {"image_reference": 6},
    "seedream-4.5": {"image_reference": 6},
}
#: What a picture to begin with is called.
_START: Final = "image_to_image"
_PROMPT: Final = {"kino-xl": 1500, "nano-banana-2": 9999}
_NEGATIVE: Final = frozenset({"phoenix-v1.0", "kino-xl"})
_ELEMENTS: Final = frozenset({"kino-xl", "flux-dev"})
_KNOWN: Final = frozenset({"prompt", "width", "height", "quantity", "seed", "prompt_enhance", "guidances"})
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAX_SEED: Final = 2_147_483_637


class BadRequest(Exception):  # noqa: N818 - an answer, not a fault of the fake
    pass


def order_of(asked: dict[str, Any], uploaded: Callable[[str], bytes]) -> Order:
    """What a v2 call orders; `uploaded` are the bytes of an init image.

    Raises:
        BadRequest: what the vendor's validation would find.
    """
    model, given = asked.get("model", ""), asked.get("parameters")
    if set(asked) - {"model", "public", "parameters"} or model not in PRICES or not isinstance(given, dict):
        raise BadRequest(f"model: {model!r}")
    known = _KNOWN | ({"negative_prompt"} if model in _NEGATIVE else set())
    known |= {"user_elements", "platform_elements"} if model in _ELEMENTS else set()
    if set(given) - known:
        raise BadRequest(f"{min(set(given) - known)}: Unrecognized key")
    if not 1 <= len(given.get("prompt", "")) <= _PROMPT.get(model, 2000):
        raise BadRequest("prompt: wrong length")
    if given.get("prompt_enhance", "AUTO") not in {"AUTO", "ON", "OFF"} or not 1 <= given.get("quantity", 1) <= 8:
        raise BadRequest("quantity: 1 to 8; prompt_enhance: AUTO, ON or OFF")
    if not 0 <= given.get("seed", 0) <= _MAX_SEED:
        raise BadRequest("seed: too large")
    guidances = given.get("guidances", {})
    begins = _images(model, {kind: guides for kind, guides in guidances.items() if kind == _START})
    return Order(
        model=model,
        prompt=given["prompt"],
        size=_size(model, given),
        negative_prompt=given.get("negative_prompt", ""),
        seed=given.get("seed"),
        references=tuple(uploaded(name) for name in _images(model, guidances) if name not in begins),
        start=uploaded(begins[0]) if begins else None,
        loras=_elements(given),
        extras=asked,
    )


def order_of_v1(asked: dict[str, Any]) -> Order:
    """What a v1 call orders: the SDK's way.

    Raises:
        BadRequest: it breaks a rule of the v1 reference.
    """
    size = (asked.get("width", 1024), asked.get("height", 768))
    if not asked.get("prompt") or not 1 <= asked.get("num_images", 4) <= 4:
        raise BadRequest("prompt: required; num_images: 1 to 4")
    if any(side % 8 or not 32 <= side <= 1536 for side in size):
        raise BadRequest("width: 32 to 1536, multiples of 8")
    return Order(asked.get("modelId", "v1"), asked["prompt"], size, seed=asked.get("seed"), extras=asked)


def _size(model: str, given: dict[str, Any]) -> tuple[int, int]:
    size = (given.get("width", 1024), given.get("height", 1024))
    if model in _SIZES:
        least, most = _SIZES[model]
        if any(side % 8 or not least <= side <= most for side in size):
            raise BadRequest(f"width: {least} to {most}, multiples of 8")
    elif size not in _PAIRS:
        raise BadRequest("width: not one of the listed sizes")
    return size


def _images(model: str, guidances: dict[str, list[dict[str, Any]]]) -> list[str]:
    found = []
    for kind, guides in guidances.items():
        if len(guides) > _GUIDANCES[model].get(kind, 0):
            raise BadRequest(f"guidances.{kind}: too many")
        if [guide.get("order", place) for place, guide in enumerate(guides)] != list(range(len(guides))):
            raise BadRequest(f"guidances.{kind}: order")
        for guide in guides:
            levels = {"LOW", "MID", "HIGH"} | ({"ULTRA", "MAX"} if kind == "style" else set())
            if guide.get("strength", "MID") not in levels or set(guide) - {"image", "strength", "order"}:
                raise BadRequest(f"guidances.{kind}: strength")
            if guide["image"].get("type") != "UPLOADED" or set(guide["image"]) != {"id", "type"}:
                raise BadRequest(f"guidances.{kind}: image")
            found.append(guide["image"]["id"])
    return found


def _elements(given: dict[str, Any]) -> tuple[str, ...]:
    own, others = given.get("user_elements", []), given.get("platform_elements", [])
    told = [str(item["userLoraId"]) for item in own] + [item["akUUID"] for item in others]
    if any(not isinstance(item["userLoraId"], int) for item in own):
        raise BadRequest("user_elements: userLoraId must be a number")
    if any(not _UUID.fullmatch(item["akUUID"]) for item in others):
        raise BadRequest("platform_elements: akUUID must be a UUID")
    if max(len(own), len(others)) > 4 or any(not -2 <= item["weight"] <= 2 for item in (*own, *others)):
        raise BadRequest("elements: at most 4, weight -2 to 2")
    return tuple(told)
