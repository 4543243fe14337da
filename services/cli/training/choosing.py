"""Which pictures of a character may teach it, and what is said of each. Pure.

A caption names the trigger and what changes from picture to picture: view, pose, face, costume, place, light. What is
always so (the face, the hair) is left out, for the trainer then ties it to the trigger.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Answer = Mapping[str, Any]

#: Figures this small have no face to learn.
_TOO_FAR: Final = frozenset({"extreme-wide", "wide", "insert"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may teach the character.

    Attributes:
        uri: where it is.
        url: link to fetch it by.
        sha256: hash of its bytes; None = not known.
        caption: what changes in it, the trigger first.
        about: where it comes from, for the manifest.
    """

    uri: str
    url: str
    sha256: str | None
    caption: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A picture that is left out, and why."""

    about: Mapping[str, Any]
    reason: str


def trigger_of(character_id: str) -> str:
    """Words that no model knows, made from the character's id: `iceradha`."""
    return "ice" + "".join(letter for letter in character_id.lower() if letter.isalnum())


def chosen(answer: Answer, trigger: str, *, drafts: bool) -> tuple[list[Picture], list[Dropped]]:
    """The pictures of the gateway's answer that may be used, references first, and those that may not.

    Args:
        answer: character, references and keyframes, as the gateway tells them.
        trigger: words that stand for the character.
        drafts: whether frames that were drawn by code count too.
    """
    pictures: list[Picture] = []
    dropped: list[Dropped] = []
    character = answer["character"]
    for item, about, reason in _judged(answer, drafts=drafts):
        caption = _reference_caption if about["kind"] == "reference" else _frame_caption
        if reason is not None:
            dropped.append(Dropped(about, reason))
        else:
            picture = Picture(about["uri"], item["url"], about["sha256"], caption(item, character, trigger), about)
            pictures.append(picture)
    return pictures, dropped


def _judged(answer: Answer, *, drafts: bool) -> Iterator[tuple[Answer, dict[str, Any], str | None]]:
    for item in answer["references"]:
        about = {"kind": "reference", "uri": item["uri"], "sha256": item.get("sha256"), "view": item.get("view")}
        yield item, about, _unreachable(item) or ("a sheet of several views" if item.get("view") == "sheet" else None)
    for item in answer["keyframes"]:
        yield item, _about_frame(item, answer["character"]), _unreachable(item) or _unfit(item, drafts=drafts)


def _about_frame(item: Answer, character: Answer) -> dict[str, Any]:
    seen = next(member for member in item["cast"] if member["character_id"] == character["id"])
    return {
        "kind": "keyframe",
        "uri": item["asset"]["uri"],
        "sha256": item["asset"]["sha256"],
        "shot_id": item["shot"]["shot_id"],
        "revision": item["revision"],
        "regeneration_id": item["regeneration_id"],
        "frame_role": item["frame_role"],
        "run_id": item["run_id"],
        "model": item["model"],
        "bible_version": seen["bible_version"],
    }


def _unreachable(item: Answer) -> str | None:
    return None if item.get("url") else "not in the engine's object store"


def _unfit(item: Answer, *, drafts: bool) -> str | None:
    """Why a frame can't teach the character; None = it can."""
    if item["provenance"]["synthetic"] == "algorithmic" and not drafts:
        return "a draft, drawn by code (--drafts takes such frames too)"
    others = [member["name"] for member in item["cast"]][1:]
    if others:
        return f"shows {len(others) + 1} characters, and where each is isn't known"
    size = item["camera"]["shot_size"]
    return f"shot size {size}: the figure is too small" if size in _TOO_FAR else None


def _reference_caption(item: Answer, character: Answer, trigger: str) -> str:
    costume = item.get("costume_id")
    return _joined((trigger, _view(item.get("view")), _worn(character, costume) if costume else ""))


def _frame_caption(item: Answer, character: Answer, trigger: str) -> str:
    seen = next(member for member in item["cast"] if member["character_id"] == character["id"])
    camera, place, planned = item["camera"], item.get("location") or {}, item.get("planned") or {}
    member: Answer = next((one for one in planned.get("cast", ()) if one["character_id"] == character["id"]), {})
    facing = member.get("facing") or camera["facing"]
    return _joined(
        (
            trigger,
            f"{_words(camera['shot_size'])} shot"
            if "close-up" not in camera["shot_size"]
            else _words(camera["shot_size"]),
            _view(facing),
            "" if camera["angle"] == "eye-level" else f"{_words(camera['angle'])} angle",
            member.get("action") or item.get("action") or "",
            member.get("expression") or "",
            *_changing(member.get("changing") or {}),
            _worn(character, seen["costume_id"]),
            f"in {place['name']}" if place else "",
            _words(place.get("time_of_day") or ""),
            f"{_words(planned['lighting'])} light" if planned.get("lighting") else "",
        )
    )


def _changing(features: Mapping[str, Any]) -> list[str]:
    values = (value if isinstance(value, str) else ", ".join(value) for value in features.values())
    return [value for value in values if value]


def _view(view: str | None) -> str:
    return f"{_words(view)} view" if view else ""


def _worn(character: Answer, costume_id: str) -> str:
    """The costume in words; it changes, so it is said."""
    costume = next((item for item in character["wardrobe"] if item["costume_id"] == costume_id), None)
    if costume is not None:
        pieces = [*costume["garments"], *costume["accessories"]]
        named = ", ".join(f"{piece['colour']} {piece['name']}".strip() for piece in pieces)
        words = costume["description"] or named
        return f"wearing {words}" if words else ""
    attire = character["attire"]
    style, colours = attire.get("style"), attire.get("colors") or attire.get("colours") or ()
    shades = colours if isinstance(colours, str) else " and ".join(colours)
    worn = " ".join(str(word) for word in (shades, style) if word)
    return f"wearing {worn} clothes" if worn else ""


def _words(slug: str) -> str:
    return slug.replace("-", " ")


def _joined(parts: Iterable[str]) -> str:
    """One line; a trainer takes the comma for the end of a tag."""
    return ", ".join(" ".join(part.split()).strip(" ,.") for part in parts if part.strip())
