"""What a character wears in a shot, and why."""

from collections.abc import Iterable
from typing import Final

from schemas.bible import Character, Costume, Garment
from schemas.shot import CastMember, Shot

#: Costume id of clothes made from `attire`.
ATTIRE_COSTUME: Final = "attire"
_NAME_LIMIT: Final = 200
_PHRASE_LIMIT: Final = 500
_PIECES_LIMIT: Final = 24
_COLOURS: Final = frozenset({"colour", "colours", "color", "colors", "palette"})
_STYLES: Final = frozenset({"style", "type"})
_ACCESSORIES: Final = frozenset({"accessory", "accessories", "jewellery", "jewelry"})
#: Names that only say where a piece is worn; any other name is part of the piece: `{"sari": "red silk"}`.
_PLACES: Final = frozenset(
    {
        *("attire", "clothes", "clothing", "costume", "garment", "garments", "outfit", "wear"),
        *("bottom", "inner", "layer", "lower", "main", "outer", "outerwear", "top", "upper"),
        *("footwear", "headgear", "headwear", "shoes", "items", "pieces"),
    }
)

Value = str | tuple[str, ...]


def costume_worn(character: Character, member: CastMember, shot: Shot) -> tuple[Costume, str]:
    """The costume and its source: `shot`, `scene`, `sequence`, `default` or `attire`.

    A costume named by the shot wins, then the first of the wardrobe that names the scene, then the first that names
    the sequence, then the first that names neither. A wardrobe with none of them leaves the `attire`.

    Raises:
        KeyError: the shot names a costume that the wardrobe doesn't have.
    """
    wardrobe = character.wardrobe
    if member.costume_id is not None:
        if member.costume_id == ATTIRE_COSTUME and not _has(character, ATTIRE_COSTUME):
            return costume_from_attire(character), "shot"
        return {costume.costume_id: costume for costume in wardrobe}[member.costume_id], "shot"
    for costume in wardrobe:
        if shot.scene_id in costume.scenes:
            return costume, "scene"
    for costume in wardrobe:
        if shot.sequence_id is not None and shot.sequence_id in costume.sequences:
            return costume, "sequence"
    for costume in wardrobe:
        if not costume.scenes and not costume.sequences:
            return costume, "default"
    return costume_from_attire(character), "attire"


def knows_costume(character: Character, costume_id: str | None) -> bool:
    """Whether a shot may name this costume; None names none, and `attire` is always there."""
    return costume_id is None or costume_id == ATTIRE_COSTUME or _has(character, costume_id)


def _has(character: Character, costume_id: str) -> bool:
    return any(costume.costume_id == costume_id for costume in character.wardrobe)


def costume_from_attire(character: Character) -> Costume:
    """A costume made of `attire`: style and colours by their usual names, everything else as pieces.

    `{"style": "traditional Indian", "colors": ["red", "gold"]}` becomes `traditional Indian clothing in red and gold`.
    The first 24 garments and 24 accessories are kept as pieces; the description holds up to 500 characters.
    """
    styles, colours, accessories, pieces = [], [], [], []
    for name, value in character.attire.items():
        word = name.strip().lower()
        values = _values(value)
        if word in _STYLES:
            styles += values
        elif word in _COLOURS:
            colours += values
        elif word in _ACCESSORIES:
            accessories += values
        else:
            pieces += [_piece(word, item) for item in values]
    style, colour = _listed(styles), _listed(colours)
    garments = [_clip(piece, _NAME_LIMIT) for piece in pieces] or _clothing(style, colour)
    described = _listed(pieces) if pieces else (garments[0] if garments else "")
    if pieces and style:
        described = f"{style}: {described}"
    if colour:
        described = f"{described} in {colour}"
    if accessories:
        described = f"{described}, with {_listed(accessories)}" if described else _listed(accessories)
    return Costume(
        costume_id=ATTIRE_COSTUME,
        description=_clip(described, _PHRASE_LIMIT),
        garments=tuple(Garment(name=name, colour=_clip(colour, _PHRASE_LIMIT)) for name in garments[:_PIECES_LIMIT]),
        accessories=tuple(Garment(name=_clip(name, _NAME_LIMIT)) for name in accessories[:_PIECES_LIMIT]),
    )


def _piece(name: str, value: str) -> str:
    bare = name in _PLACES or name in value.lower()
    return value if bare else f"{value} {name}"


def _clothing(style: str, colour: str) -> list[str]:
    if style:
        return [_clip(f"{style} clothing", _NAME_LIMIT)]
    return ["clothing"] if colour else []


def _values(value: Value) -> list[str]:
    items = (value,) if isinstance(value, str) else value
    return [item.strip() for item in items if item.strip()]


def _listed(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *head, last = list(items) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
