"""`python -m tests.bench.validation [--rounds N]`: what validation costs beside the decoding of the image.

Storyboard frames of a shipped film: processor time of reading the bytes into pixels, and of all that validation does
with them without weights (hash, decoding, every check, fingerprint), in turns and in one process. A frame's figure is
the least of its rounds, since on a shared machine the others only add what neighbours took. Measured as PNG, in which
every frame is stored, of the film's own size and of 1920 × 1080, and in the formats that a service of one's own might
store; each with the checks that every frame gets (palette of the plate and colours of the attire among them), and held
to pictures besides (a plate, two characters with two pictures each, seen before), which shots without references are
not. The checks that every frame gets, of PNG, are the ones that are held to the bound.
"""

import argparse
import hashlib
import io
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from schemas.vocabulary import ShotSize
from services.cli.films import load_films
from services.generation.providers.previz.drawing import render
from services.validation.domain import duplicates, scoring
from services.validation.domain.colour_names import colours_in
from services.validation.domain.colours import colours_of
from services.validation.domain.frame import Limits, Picture, Wanted, decoded
from services.validation.domain.intent import Attire, Intent, Plate
from services.validation.domain.palette import palette_of
from services.validation.domain.references import Sight, sight_of
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds
from tests.bench.previz import scenes_of

#: What validation may cost, as a multiple of the decoding.
MOST: Final = 1.3
#: The format in which frames are stored.
STORED: Final = "PNG"
EVERY: Final = "checks of every frame"
SCORERS: Final = technical_scorers(Thresholds())
_LARGE: Final = (1920, 1080)


def decode(data: bytes) -> None:
    """The bytes into pixels, and nothing else."""
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()


def validate(data: bytes, wanted: Wanted) -> Picture:
    """All that the service does on its threads for a frame."""
    frame = decoded(data, wanted, Limits())
    scoring.score_all(frame, SCORERS)
    if frame.picture is None:
        raise SystemExit(f"a frame of the film can't be decoded: {frame.problem}")
    duplicates.fingerprint(frame.picture)
    return frame.picture


def spent(work: Callable[[], object]) -> float:
    """Processor milliseconds."""
    before = time.process_time()
    work()
    return (time.process_time() - before) * 1000.0


def wanted_of(data: bytes, sights: Sequence[Sight] = ()) -> Wanted:
    """Everything asked for, so that every check has something to measure; with sights, those of references too."""
    with Image.open(io.BytesIO(data)) as opened:
        small = np.asarray(opened.convert("RGB").resize((64, 36)))
        size = opened.size
    plate = Plate(palette_of(colours_of(small)), "")
    attire = (Attire("Radha", colours_in("red and gold")), Attire("Krishna", colours_in("yellow and emerald green")))
    intent = Intent("cinematic", "natural", ShotSize.MEDIUM, attire, plate)
    if sights:
        place, *people = sights
        cast = (("Radha", tuple(people[:2])), ("Krishna", tuple(people[2:4])))
        intent = replace(intent, plates=(place,), cast=cast, drawn=True)
    return Wanted(*size, hashlib.sha256(data).hexdigest(), len(data), intent)


def as_stored(frame: bytes, kind: str, size: tuple[int, int] | None) -> bytes:
    """A frame in a format and a size."""
    image = Image.open(io.BytesIO(frame)).convert("RGB")
    out = io.BytesIO()
    (image if size is None else image.resize(size, Image.Resampling.BICUBIC)).save(out, kind)
    return out.getvalue()


def cost(frames: Sequence[bytes], sights: Sequence[Sight], rounds: int) -> tuple[float, float]:
    """Median milliseconds of decoding and of validation."""
    told = [(data, wanted_of(data, sights)) for data in frames]
    plain: list[list[float]] = [[] for _ in told]
    whole: list[list[float]] = [[] for _ in told]
    for _ in range(rounds):
        for number, (data, wanted) in enumerate(told):
            plain[number].append(spent(partial(decode, data)))
            whole[number].append(spent(partial(validate, data, wanted)))
    return statistics.median(map(min, plain)), statistics.median(map(min, whole))


def main() -> int:
    """Measure and print; 1 when validation costs more than it may."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.validation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds over the frames (default: 15)")
    parser.add_argument("--frames", type=int, default=8, help="frames of the film (default: 8)")
    options = parser.parse_args()
    drawn = [render(scene) for scene in list(dict(scenes_of(load_films(())[0])).values())[: options.frames + 5]]
    frames, others = drawn[: options.frames], drawn[-5:]
    sights = [sight_of(validate(data, wanted_of(data))) for data in others]
    worst = 0.0
    for kind, size in ((STORED, None), (STORED, _LARGE), ("JPEG", None), ("WEBP", None)):
        stored = [as_stored(data, kind, size) for data in frames]
        for said, held_to in ((EVERY, ()), ("held to five pictures besides", sights)):
            decoding, validation = cost(stored, held_to, options.rounds)
            ratio = validation / decoding
            worst = max(worst, ratio) if kind == STORED and said == EVERY else worst
            name = f"{kind} {'×'.join(map(str, size)) if size else 'of the film'}, {said}"
            sys.stdout.write(f"{name}: decoding {decoding:.2f} ms, validation {validation:.2f} ms, {ratio:.2f}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{len(frames)} frames, {options.rounds} rounds; {STORED}, {EVERY}: at most {worst:.2f}, allowed {MOST}\n"
    )
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(main())
