"""What one server has: found out before anything is sent to it. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final, Protocol

from schemas.bible import Lora
from schemas.conditioning import Degradation
from services.generation.providers.errors import InvalidRequest
from services.generation.providers.local.embeddings import applied, is_embedding
from services.generation.providers.local.models import LocalModel
from services.generation.providers.local.parts import LocalJob
from services.generation.providers.vendor import VendorJob

_SHOWN: Final = 8
_PHRASE: Final = 500
#: How files name the family that they are for. SD 1.5's control models name theirs, or none at all.
_SDXL: Final = re.compile(r"xl", re.IGNORECASE)
_OTHER: Final = re.compile(r"xl|sd3|flux|qwen|hunyuan|kolors", re.IGNORECASE)
_KINDS: Final = {
    "pose": re.compile(r"pose", re.IGNORECASE),
    "depth": re.compile(r"depth", re.IGNORECASE),
    "lineart": re.compile(r"line|scribble|sketch", re.IGNORECASE),
    "canny": re.compile(r"canny", re.IGNORECASE),
}
_ALL_KINDS: Final = re.compile(r"union|promax", re.IGNORECASE)

#: What a model may lack on the servers that are there, as announced to the router.
REFERENCES: Final = "references"
COMPOSITION_GUIDE: Final = "composition-guide"
START_IMAGE: Final = "start-image"


class Gear(Protocol):
    """What a server has."""

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Names by which it can be asked for them."""
        ...

    @property
    def loras(self) -> tuple[str, ...]:
        """Names by which it can be asked for them."""
        ...

    @property
    def embeddings(self) -> tuple[str, ...] | None:
        """Textual inversions, by the names that a prompt calls them; None = it doesn't tell."""
        ...

    @property
    def controls(self) -> tuple[str, ...]:
        """Its control models."""
        ...

    @property
    def begins(self) -> bool:
        """Whether it can begin with a picture."""
        ...

    @property
    def parts_loras(self) -> bool:
        """Whether an adapter can be kept to a part of the frame."""
        ...

    @property
    def parts_prompts(self) -> bool:
        """Whether a prompt can be kept to a part of the frame."""
        ...

    def reads(self, model: LocalModel) -> bool:
        """Whether it has an IP-Adapter for that model, so that references can be shown to it."""
        ...


def file_of(wanted: str, names: Iterable[str]) -> str | None:
    """The server's name of a file: the very name, else the only one of that name in any folder, with any ending."""
    listed = list(names)
    for same in (_whole, _without_folder, _stem):
        found = [name for name in listed if same(name) == same(wanted)]
        if len(found) == 1 or (found and same is _whole):
            return found[0]
    return None


def _whole(name: str) -> str:
    # AUTOMATIC1111 adds the head of the file's hash; Windows has backslashes.
    return re.sub(r" \[[0-9a-f]+\]$", "", name).replace("\\", "/")


def _without_folder(name: str) -> str:
    return PurePosixPath(_whole(name)).name


def _stem(name: str) -> str:
    return re.sub(r"\.(safetensors|ckpt|pt|pth|bin|gguf)$", "", _without_folder(name)).casefold()


def control_for(kind: str, model: LocalModel, gear: Gear) -> str | None:
    """The control model of a server for a kind of guide, of the model's family; one for all kinds comes last."""
    fitting = [name for name in gear.controls if fits_base(name, model.base) and not _adapter(name)]
    own = [name for name in fitting if _KINDS[kind].search(name)]
    union = [name for name in fitting if _ALL_KINDS.search(name)]
    return next(iter([*own, *union]), None)


def is_union(name: str) -> bool:
    """Whether a control model takes guides of every kind."""
    return _ALL_KINDS.search(name) is not None


def fits_base(name: str, base: str) -> bool:
    """Whether a file's name says, or for SD 1.5 doesn't deny, that it is of the family."""
    return _SDXL.search(name) is not None if base == "sdxl" else _OTHER.search(name) is None


def guide_kinds(model: LocalModel, gear: Gear) -> tuple[str, ...]:
    """Kinds of the storyboard's guides that the server can hold a model to, best first."""
    return tuple(kind for kind in ("pose", "depth", "lineart") if control_for(kind, model, gear) is not None)


def lacks(model: LocalModel, gear: Gear) -> tuple[str, ...]:
    """What the model can't do on this server, though it could on another."""
    found = []
    if model.references and not gear.reads(model):
        found.append(REFERENCES)
    if not guide_kinds(model, gear):
        found.append(COMPOSITION_GUIDE)
    if not gear.begins:
        found.append(START_IMAGE)
    return tuple(found)


def with_loras_there(job: VendorJob, gear: Gear, where: str) -> VendorJob:
    """The job without adapters whose files the server doesn't have; each is listed with what there is.

    Raises:
        InvalidRequest: the bible says that one is required, so this server isn't to draw without it.
    """
    losses = {lora.lora_id: _missing(lora, gear, where) for lora in job.loras}
    for lora in job.loras:
        loss = losses[lora.lora_id]
        if loss is not None and lora.required:
            raise InvalidRequest(f"{loss.what}, which is required: {loss.reason}")
    kept = tuple(lora for lora in job.loras if losses[lora.lora_id] is None)
    return replace(job, loras=kept, degradations=(*job.degradations, *(loss for loss in losses.values() if loss)))


def _missing(lora: Lora, gear: Gear, where: str) -> Degradation | None:
    """Why an adapter can't be applied; None = it can."""
    what = f"adapter {lora.lora_id}"[:_PHRASE]
    there = gear.embeddings if is_embedding(lora) else gear.loras
    if there is None:
        reason = f"{where} doesn't tell which textual inversions it has"
        return Degradation(code="embedding-not-supported", what=what, reason=reason)
    if file_of(lora.lora_id, there) is not None:
        return None
    code = "embedding-missing" if is_embedding(lora) else "lora-missing"
    reason = f"no file of that name on {where}; it has {listed(there)}"
    return Degradation(code=code, what=what, reason=reason[:_PHRASE])


def with_losses_by_parts(job: LocalJob, gear: Gear, where: str) -> LocalJob:
    """The job with a word on everything that can't be kept to its character on this server."""
    if not job.divided:
        return job
    losses = []
    own = [lora.lora_id for lora in applied(job.loras) if job.lora_owner(lora.lora_id) is not None]
    if own and not gear.parts_loras:
        reason = f"{where} can't keep an adapter to a part of the frame; it works on everybody"
        losses.append(Degradation(code="lora-not-regional", what=f"adapter {', '.join(own)}"[:_PHRASE], reason=reason))
    if not gear.parts_prompts:
        what = f"regions of {', '.join(part.character_id for part in job.parts)}"
        reason = f"{where} has one prompt for the whole frame"
        losses.append(Degradation(code="regions-not-supported", what=what[:_PHRASE], reason=reason))
    return replace(job, degradations=(*job.degradations, *losses))


def listed(names: Sequence[str]) -> str:
    """The first of some names, for people."""
    if not names:
        return "none"
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _adapter(name: str) -> bool:
    return "ip-adapter" in name.casefold() or "ipadapter" in name.casefold()
