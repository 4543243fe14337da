"""A film as one picture: every keyframe in story order, by scene, captioned like a storyboard.

This is the only place where text meets images: it stands beside the frames, never in them. Deterministic: the same
frames give the same picture.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from services.cli.lettering import Colour, Lettering
from services.cli.movement_icons import movement_icon

WIDTH: Final = 2400
MAX_BYTES: Final = 2_000_000
PAGE: Final = 120
"""Frames on one sheet at most; a longer film takes several, cut between scenes."""
_MARGIN: Final = 84
_GUTTER: Final = 34
FEW: Final = 20
"""Up to so many frames are shown four in a row, more of them five."""
_RATIO: Final = 9 / 16
_CAPTION: Final = 104
_SLUG: Final = 64
_SLUG_TWO_LINES: Final = 94
_ROW_GAP: Final = 46
_HEADER: Final = 318
_FOOTER: Final = 96
_NAME_GAP: Final = 18
_QUALITIES: Final = (90, 84, 76, 64, 50)
_HALF_COLOUR: Final = 80

_GROUND: Final[Colour] = (17, 18, 21)
_MATTE: Final[Colour] = (8, 8, 10)
_EDGE: Final[Colour] = (46, 48, 54)
_WHITE: Final[Colour] = (240, 238, 232)
_GREY: Final[Colour] = (150, 152, 158)
_FAINT: Final[Colour] = (112, 114, 122)
_ACCENT: Final[Colour] = (226, 176, 88)
_BAD: Final[Colour] = (206, 84, 72)


@dataclass(frozen=True, slots=True)
class SheetFrame:
    """One keyframe on the sheet; words as people read them."""

    scene_id: str
    scene_title: str
    code: str
    role: str
    """`single`, `start` or `end`."""
    image: bytes | None
    """Any raster format; None when there is no keyframe."""
    missing: str = ""
    """Why there is no picture, e.g. `failed`."""
    size: str = ""
    angle: str = ""
    movement: str = ""
    """Word of the vocabulary; also chooses the icon."""
    duration_s: float = 0.0
    cast: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetFilm:
    """A film's sheet: its title, the line below it and the frames in story order."""

    title: str
    facts: tuple[str, ...]
    """Short facts for the line below the title, e.g. `32 shots`."""
    frames: tuple[SheetFrame, ...]


@dataclass(frozen=True, slots=True)
class _Slot:
    """A frame's place in the grid."""

    frame: SheetFrame
    row: int
    column: int
    leads: int
    """Cells of its scene in this row when it is the first of them, else 0."""
    continued: bool
    """Whether its scene began in a row above."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A frame's place in the picture; `y` is the top of the image."""

    slot: _Slot
    x: int
    y: int

    @property
    def frame(self) -> SheetFrame:
        return self.slot.frame


class _Sheet:
    """Where things go; one row of scenes after the other."""

    def __init__(self, film: SheetFilm, pens: "_Pens") -> None:
        self.columns = 4 if len(film.frames) <= FEW else 5
        self.cell_w = (WIDTH - 2 * _MARGIN - (self.columns - 1) * _GUTTER) // self.columns
        self.cell_h = round(self.cell_w * _RATIO)
        slots = tuple(_slots(film.frames, self.columns))
        self.slug_h: dict[int, int] = {}
        for slot in slots:
            fits = not slot.leads or self.title_fits(slot, pens)
            self.slug_h[slot.row] = max(self.slug_h.get(slot.row, 0), _SLUG if fits else _SLUG_TWO_LINES)
        tops = [_HEADER]
        for row in sorted(self.slug_h):
            tops.append(tops[-1] + self.slug_h[row] + self.cell_h + _CAPTION + _ROW_GAP)
        self.height = tops[-1] + _FOOTER - _ROW_GAP
        self.cells = tuple(
            _Cell(slot, _MARGIN + slot.column * (self.cell_w + _GUTTER), tops[slot.row] + self.slug_h[slot.row])
            for slot in slots
        )

    def block_w(self, slot: _Slot) -> int:
        """Width of the scene's cells in this row."""
        return slot.leads * (self.cell_w + _GUTTER) - _GUTTER

    def title_fits(self, slot: _Slot, pens: "_Pens") -> bool:
        """Whether the scene's title stands beside its name."""
        used = pens.scene.width(_scene_name(slot)) + _NAME_GAP
        return pens.slug.width(slot.frame.scene_title) <= self.block_w(slot) - used


def _scene_name(slot: _Slot) -> str:
    return f"{slot.frame.scene_id} (cont.)".upper() if slot.continued else slot.frame.scene_id.upper()


def _slots(frames: Sequence[SheetFrame], columns: int) -> Iterator[_Slot]:
    column = row = 0
    for _, group in groupby(frames, key=lambda frame: frame.scene_id):
        scene = list(group)
        # A scene stands beside the one before it when it fits whole, else it begins a row.
        if column and column + len(scene) > columns:
            column, row = 0, row + 1
        place = 0
        while place < len(scene):
            taken = _taken(scene[place:], columns - column)
            for number in range(taken):
                leads = taken if number == 0 else 0
                yield _Slot(scene[place + number], row, column + number, leads, continued=place > 0)
            place += taken
            column += taken
            if column >= columns or place < len(scene):
                column, row = 0, row + 1


def _taken(frames: Sequence[SheetFrame], room: int) -> int:
    """How many of the frames stand in a row that has `room` cells: a start and its end stay together."""
    taken = min(len(frames), room)
    splits = 1 < taken < len(frames) and frames[taken - 1].role == "start"
    return taken - 1 if splits else taken


class _Pens:
    """The sizes of text of a sheet."""

    def __init__(self) -> None:
        self.title = Lettering(84, weight=1)
        self.facts = Lettering(25, tracking=2.5)
        self.scene = Lettering(23, tracking=2, weight=0)
        self.slug = Lettering(27)
        self.code = Lettering(25)
        self.small = Lettering(22)


def contact_sheet(film: SheetFilm) -> Image.Image:
    """Draw a film's sheet, 2400 pixels wide."""
    pens = _Pens()
    sheet = _Sheet(film, pens)
    image = Image.new("RGB", (WIDTH, sheet.height), _GROUND)
    canvas = ImageDraw.Draw(image)
    _footer(canvas, sheet, pens)
    tints: list[Colour] = []
    for number, cell in enumerate(sheet.cells):
        tints.append(_frame(image, canvas, sheet, cell, pens))
        if cell.slot.leads:
            _slug(canvas, sheet, cell, pens)
        _caption(image, canvas, sheet, cell, pens)
        if _pair_follows(sheet.cells, number):
            _arrow(canvas, cell.x + sheet.cell_w + _GUTTER // 2, cell.y + sheet.cell_h // 2)
    _header(canvas, film, pens, tints)
    return image


def pages(film: SheetFilm) -> tuple[SheetFilm, ...]:
    """The film in sheets of at most `PAGE` frames, cut between scenes where a scene is no longer than a sheet."""
    found: list[list[SheetFrame]] = [[]]
    for _, group in groupby(film.frames, key=lambda frame: frame.scene_id):
        scene = list(group)
        if found[-1] and len(found[-1]) + len(scene) > PAGE:
            found.append([])
        while len(found[-1]) + len(scene) > PAGE:
            # An end frame never opens a sheet: it goes with its start.
            cut = PAGE - 1 if scene[PAGE].role == "end" else PAGE
            found[-1] += scene[:cut]
            scene = scene[cut:]
            found.append([])
        found[-1] += scene
    if len(found) == 1:
        return (film,)
    return tuple(
        SheetFilm(film.title, (*film.facts, f"sheet {number} of {len(found)}"), tuple(frames))
        for number, frames in enumerate(found, start=1)
    )


def sheet_bytes(film: SheetFilm) -> bytes:
    """The sheet as a JPEG of at most 2 MB, as good as that allows."""
    image = contact_sheet(film)
    for quality in _QUALITIES:
        data = _jpeg(image, quality)
        if len(data) <= MAX_BYTES:
            return data
    while True:
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4), Image.Resampling.LANCZOS)
        data = _jpeg(image, _QUALITIES[-1])
        if len(data) <= MAX_BYTES:
            return data


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    # Colour in full where there is room: half of it blurs red and gold letters.
    image.save(out, "JPEG", quality=quality, optimize=True, subsampling=0 if quality > _HALF_COLOUR else 2)
    return out.getvalue()


def _pair_follows(cells: Sequence[_Cell], number: int) -> bool:
    if number + 1 >= len(cells):
        return False
    here, after = cells[number], cells[number + 1]
    same = here.frame.code == after.frame.code and here.y == after.y
    return same and (here.frame.role, after.frame.role) == ("start", "end")


def _header(canvas: ImageDraw.ImageDraw, film: SheetFilm, pens: _Pens, tints: Sequence[Colour]) -> None:
    right = WIDTH - _MARGIN
    pens.title.draw(canvas, (_MARGIN - 4, 150), pens.title.fitted(film.title, right - _MARGIN), _WHITE)
    x = float(_MARGIN)
    for number, fact in enumerate(film.facts):
        if number:
            x = pens.facts.draw(canvas, (x + 14, 208), "/", _FAINT) + 12
        x = pens.facts.draw(canvas, (x, 208), fact.upper(), _GREY)
    # The film's colours at a glance: one stripe per frame.
    span = right - _MARGIN
    for number, tint in enumerate(tints):
        left = _MARGIN + round(span * number / len(tints))
        canvas.rectangle((left, 240, _MARGIN + round(span * (number + 1) / len(tints)) - 1, 253), fill=tint)


def _footer(canvas: ImageDraw.ImageDraw, sheet: _Sheet, pens: _Pens) -> None:
    y = sheet.height - 42
    text = "Image Creation Engine"
    pens.small.draw(canvas, (WIDTH - _MARGIN - pens.small.width(text), y), text, _FAINT)


def _slug(canvas: ImageDraw.ImageDraw, sheet: _Sheet, cell: _Cell, pens: _Pens) -> None:
    slot = cell.slot
    width = sheet.block_w(slot)
    top = cell.y - sheet.slug_h[slot.row]
    canvas.line((cell.x, top + 8, cell.x + width, top + 8), fill=_EDGE, width=2)
    canvas.line((cell.x, top + 8, cell.x + 56, top + 8), fill=_ACCENT, width=4)
    after = pens.scene.draw(canvas, (cell.x, top + 44), pens.scene.fitted(_scene_name(slot), width), _ACCENT)
    at = (after + _NAME_GAP, top + 45) if sheet.title_fits(slot, pens) else (cell.x, top + 77)
    pens.slug.draw(canvas, at, pens.slug.fitted(slot.frame.scene_title, width), _WHITE)


def _frame(image: Image.Image, canvas: ImageDraw.ImageDraw, sheet: _Sheet, cell: _Cell, pens: _Pens) -> Colour:
    """Draw a keyframe whole in its cell, other ratios on a matte; returns its mean colour."""
    box = (cell.x, cell.y, cell.x + sheet.cell_w, cell.y + sheet.cell_h)
    canvas.rectangle(box, fill=_MATTE)
    picture = _picture(cell.frame.image)
    tint: Colour = _EDGE
    if picture is None:
        canvas.line((box[0], box[1], box[2], box[3]), fill=_EDGE, width=2)
        canvas.line((box[0], box[3], box[2], box[1]), fill=_EDGE, width=2)
        word = (cell.frame.missing or "no picture").upper()
        x = cell.x + (sheet.cell_w - pens.facts.width(word)) / 2
        y = cell.y + sheet.cell_h // 2
        canvas.rectangle((x - 18, y - 32, x + pens.facts.width(word) + 16, y + 20), fill=_MATTE)
        pens.facts.draw(canvas, (x, y + 8), word, _BAD)
    else:
        fitted = ImageOps.contain(picture, (sheet.cell_w, sheet.cell_h), Image.Resampling.LANCZOS)
        image.paste(fitted, (cell.x + (sheet.cell_w - fitted.width) // 2, cell.y + (sheet.cell_h - fitted.height) // 2))
        mean = fitted.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        if isinstance(mean, tuple):
            tint = (int(mean[0]), int(mean[1]), int(mean[2]))
    canvas.rectangle(box, outline=_EDGE, width=1)
    return tint


def _picture(data: bytes | None) -> Image.Image | None:
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", (1200, 1200))
            return opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _caption(image: Image.Image, canvas: ImageDraw.ImageDraw, sheet: _Sheet, cell: _Cell, pens: _Pens) -> None:
    frame, x, right = cell.frame, cell.x, cell.x + sheet.cell_w
    base = cell.y + sheet.cell_h + 34
    length = f"{frame.duration_s:.1f} s" if frame.role != "end" and frame.duration_s else ""
    room = sheet.cell_w - pens.small.width(length) - 20
    role = "" if frame.role == "single" else frame.role
    after = pens.code.draw(canvas, (x, base), pens.code.fitted(frame.code, room - pens.small.width(role) - 14), _WHITE)
    pens.small.draw(canvas, (after + 12, base), role, _ACCENT)
    pens.small.draw(canvas, (right - pens.small.width(length), base), length, _GREY)
    if frame.role == "end":
        return
    movement = frame.movement.replace("-", " ")
    move_at = right - pens.small.width(movement)
    lens = " · ".join(word.replace("-", " ") for word in (frame.size, frame.angle) if word)
    pens.small.draw(canvas, (x, base + 31), pens.small.fitted(lens, move_at - x - 56), _GREY)
    if movement:
        pens.small.draw(canvas, (move_at, base + 31), movement, _GREY)
        icon = movement_icon(frame.movement, 26, _ACCENT)
        image.paste(icon, (round(move_at - 36), base + 11), icon)
    pens.small.draw(canvas, (x, base + 61), pens.small.fitted(", ".join(frame.cast), sheet.cell_w), _FAINT)


def _arrow(canvas: ImageDraw.ImageDraw, x: int, y: int) -> None:
    """From a start frame to its end frame."""
    reach = _GUTTER // 2 - 4
    canvas.line((x - reach, y, x + reach, y), fill=_ACCENT, width=4)
    canvas.polygon([(x + reach + 2, y), (x + reach - 11, y - 9), (x + reach - 11, y + 9)], fill=_ACCENT)
