"""A frame divided among its characters: whose prompt, adapters and pictures belong where. Pure."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from schemas.bible import Costume
from schemas.conditioning import CharacterConditioning
from schemas.emphasis import literal
from schemas.vocabulary import WeightForm
from services.generation.providers.local.embeddings import applied
from services.generation.providers.regions import CharacterRegion
from services.generation.providers.vendor import Reference, VendorJob

#: Masks are laid over latents of an eighth of the size; twice as fine is fine enough.
_FINENESS: Final = 4
#: Who is hidden by others more than that keeps the whole box: better a leak than nobody.
_LEAST_LEFT: Final = 0.35
_PHRASE: Final = 400
#: Features that say how somebody looks, the telling ones first.
_LOOKS: Final = ("age", "gender", "sex", "ethnicity", "skin", "hair", "eyes", "face", "build")
BACKGROUND: Final = "background"
_PLAIN: Final = str.maketrans({"(": None, ")": None, "<": None, ">": None, "\\": None})


@dataclass(frozen=True, slots=True)
class Guide:
    """A picture of the storyboard to hold to.

    Attributes:
        kind: `pose`, `depth`, `lineart`; or `canny`, whose lines the server finds itself.
        picture: of the size of the frame, uploaded where the server wants that.
    """

    kind: str
    picture: Reference


@dataclass(frozen=True, slots=True)
class Part:
    """One visible character's part of the frame.

    Attributes:
        character_id: entry in the bible.
        prompt: who is there, in words.
        lora_ids: of the job's adapters, those that are its alone.
        mask: white where it is.
    """

    character_id: str
    prompt: str
    lora_ids: tuple[str, ...]
    mask: Reference


@dataclass(frozen=True, slots=True)
class LocalJob(VendorJob):
    """A vendor's job with the characters' parts of the frame.

    Attributes:
        parts: of the visible characters, the nearest to the camera first.
        background: mask of what no character covers; None without parts.
        guides: of the storyboard.
        gear: what the server has that it was prepared for.
        server: that server's address.
    """

    parts: tuple[Part, ...] = ()
    background: Reference | None = None
    guides: tuple[Guide, ...] = ()
    gear: object = None
    server: str = ""

    def mask_of(self, reference: Reference) -> Reference | None:
        """Where a reference may work: its character's part, the background for a place; None = everywhere."""
        if reference.role == "character":
            return next((part.mask for part in self.parts if part.character_id == reference.entity_id), None)
        return self.background if reference.role == "location" else None

    @property
    def divided(self) -> bool:
        """Whether several characters must be kept apart."""
        return len(self.parts) > 1

    def lora_owner(self, lora_id: str) -> str | None:
        """The only character that an adapter is of; None where it is of several, or of nobody in the frame."""
        owners = [part.character_id for part in self.parts if lora_id in part.lora_ids]
        return owners[0] if len(owners) == 1 else None


def with_parts(job: VendorJob, regions: Sequence[CharacterRegion], cast: Iterable[CharacterConditioning]) -> LocalJob:
    """The job with a part for every region, masks not uploaded yet."""
    known = {member.character_id: member for member in cast}
    boxes = [_box(region, job.size) for region in regions]
    masks = _apart(boxes)
    sent = {lora.lora_id for lora in job.loras}
    parts = tuple(
        Part(
            region.character_id,
            _words(known[region.character_id], job),
            tuple(lora_id for lora_id in region.lora_ids if lora_id in sent),
            _reference(mask, region.character_id),
        )
        for region, mask in zip(regions, masks, strict=True)
    )
    values = {name: getattr(job, name) for name in VendorJob.__dataclass_fields__}
    return LocalJob(**values, parts=parts, background=_background(boxes))


def uploaded(job: LocalJob, names: Sequence[Reference]) -> LocalJob:
    """The job with its masks and guides as they came from the server, in the order of `pictures`."""
    given = iter(names)
    parts = tuple(replace(part, mask=next(given)) for part in job.parts)
    background = next(given) if job.background is not None else None
    guides = tuple(replace(guide, picture=next(given)) for guide in job.guides)
    return replace(job, parts=parts, background=background, guides=guides)


def pictures(job: LocalJob) -> tuple[Reference, ...]:
    """Masks and guides, in the order that `uploaded` wants them."""
    background = () if job.background is None else (job.background,)
    return (*(part.mask for part in job.parts), *background, *(guide.picture for guide in job.guides))


def _box(region: CharacterRegion, size: tuple[int, int]) -> Image.Image:
    width, height = max(8, size[0] // _FINENESS), max(8, size[1] // _FINENESS)
    mask = Image.new("L", (width, height), 0)
    edges = (region.left * width, region.top * height, region.right * width - 1, region.bottom * height - 1)
    left, top, right, bottom = (round(edge) for edge in edges)
    ImageDraw.Draw(mask).rectangle((left, top, max(left, right), max(top, bottom)), fill=255)
    return mask


def _apart(boxes: Sequence[Image.Image]) -> list[Image.Image]:
    """The boxes without what nearer ones cover."""
    found: list[Image.Image] = []
    for number, box in enumerate(boxes):
        free = box
        for nearer in boxes[:number]:
            free = ImageChops.subtract(free, nearer)
        found.append(free if _area(free) >= _LEAST_LEFT * _area(box) else box)
    return found


def _area(mask: Image.Image) -> int:
    return mask.histogram()[255]


def _background(boxes: Sequence[Image.Image]) -> Reference | None:
    if not boxes:
        return None
    covered = boxes[0]
    for box in boxes[1:]:
        covered = ImageChops.lighter(covered, box)
    # A close-up has no background left; then the place may work everywhere, lest it works nowhere.
    free = ImageChops.invert(covered)
    return _reference(free if _area(free) else Image.new("L", covered.size, 255), BACKGROUND)


def _reference(mask: Image.Image, owner: str) -> Reference:
    out = io.BytesIO()
    soft = mask.filter(ImageFilter.BoxBlur(max(1, min(mask.size) // 64)))
    # Servers read a colour channel or the whole picture: RGB is understood by all of them.
    soft.convert("RGB").save(out, "PNG")
    return Reference(out.getvalue(), "image/png", *mask.size, role="mask", entity_id=owner)


def _words(member: CharacterConditioning, job: VendorJob) -> str:
    """One character as comma-separated phrases, its adapters' trigger words first."""
    looks = {name.casefold(): value for name, value in {**member.appearance, **member.changing}.items()}
    first = [name for name in _LOOKS if name in looks]
    features = [_feature(name, looks[name]) for name in (*first, *(name for name in looks if name not in first))]
    own = {lora.lora_id for lora in member.loras}
    # Of textual inversions the server's own words are told, not those that wake them elsewhere.
    triggers = [word for lora in applied(job.loras) if lora.lora_id in own for word in lora.trigger_words]
    words = [*triggers, *features, _dressed(member.costume), member.expression, member.action, _brief(member, features)]
    text = ", ".join(dict.fromkeys(word.strip() for word in words if word.strip()))[:_PHRASE]
    # Brackets would be read as weights, angle brackets as tags of the server's own, `embedding:` as the name of a file.
    return literal(text.translate(_PLAIN), WeightForm.COMFY)


def _brief(member: CharacterConditioning, features: Sequence[str]) -> str:
    return "" if features else member.description.split(".")[0]


def _feature(name: str, value: str | tuple[str, ...]) -> str:
    text = value if isinstance(value, str) else " and ".join(value)
    return text if name in text.casefold() or name in {"age", "gender", "sex", "build"} else f"{text} {name}"


def _dressed(costume: Costume) -> str:
    pieces = [f"{item.colour} {item.name}".strip() for item in (*costume.garments, *costume.accessories)]
    text = ", ".join(pieces) or costume.description
    return f"wearing {text}" if text else ""
