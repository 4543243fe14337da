"""Names of what is stored: object keys, file names, ratios. Deterministic, so that a repeat overwrites itself."""

import re
from dataclasses import dataclass
from math import gcd

from schemas.generation import GenerationRequested
from schemas.vocabulary import SubjectKind

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_KINDS = {
    SubjectKind.KEYFRAME: "KF",
    SubjectKind.CHARACTER_SHEET: "CS",
    SubjectKind.LOCATION_PLATE: "LP",
    SubjectKind.PROP_VIEW: "PV",
}
_CODE_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Keys:
    """Object keys of one generation."""

    image: str
    thumbnail: str
    original: str


def keys(request: GenerationRequested, original_extension: str) -> Keys:
    """`<project>/<shot>/<generation>.png` and its neighbours; the extension is without a dot."""
    stem = f"{request.run.project.project_id}/{request.run.shot.shot_id}/{request.generation_id}"
    return Keys(f"{stem}.png", f"{stem}.thumb.jpg", f"{stem}.original.{original_extension}")


def filename(request: GenerationRequested) -> str:
    """A name for people and exports, e.g. `SEQ010_SH0020_KF_single_v001_t01_5f3a9c1e.png`.

    The last part is of the generation's id: takes of a regeneration or another model never share a name.
    """
    run = request.run
    code = _UNSAFE.sub("-", run.shot.code).strip("-._")[:_CODE_LIMIT] or run.shot.shot_id[:_CODE_LIMIT]
    short = request.generation_id.replace("-", "")[:8]
    kind = _KINDS[run.subject]
    return f"{code}_{kind}_{run.frame_role.value}_v{run.revision:03}_t{request.take:02}_{short}.png"


def aspect_ratio(width: int, height: int) -> str:
    """A reduced ratio, e.g. `16:9`; both sides from 1."""
    divisor = gcd(width, height)
    return f"{width // divisor}:{height // divisor}"
