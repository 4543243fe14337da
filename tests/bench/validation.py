"""`python -m tests.bench.validation [--rounds N]`: what validation costs beside the decoding of the image.

Storyboard frames of a shipped film as PNG of its own size: processor time of reading the bytes into pixels, and of all
that validation does with them without weights (hash, decoding, every check, fingerprint), in turns and in one process.
"""

import argparse
import hashlib
import io
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from schemas.vocabulary import ShotSize
from services.cli.films import load_films
from services.generation.providers.previz.drawing import render
from services.validation.domain import duplicates, scoring
from services.validation.domain.colour_names import colours_in
from services.validation.domain.colours import histogram
from services.validation.domain.frame import Limits, Picture, Wanted, decoded
from services.validation.domain.intent import Attire, Intent, Plate
from services.validation.domain.palette import palette_of
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds
from tests.bench.previz import scenes_of

#: What validation may cost, as a multiple of the decoding.
MOST: Final = 1.3
SCORERS: Final = technical_scorers(Thresholds())


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


def wanted_of(data: bytes) -> Wanted:
    """Everything asked for, so that every check has something to measure."""
    with Image.open(io.BytesIO(data)) as opened:
        small = np.asarray(opened.convert("RGB").resize((64, 36)))
        size = opened.size
    plate = Plate(palette_of(histogram(small)), "")
    attire = (Attire("Radha", colours_in("red and gold")), Attire("Krishna", colours_in("yellow and emerald green")))
    intent = Intent("cinematic", "natural", ShotSize.MEDIUM, attire, plate)
    return Wanted(*size, hashlib.sha256(data).hexdigest(), len(data), intent)


def main() -> int:
    """Measure and print; 1 when validation costs more than it may."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.validation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds over the frames (default: 7)")
    parser.add_argument("--frames", type=int, default=8, help="frames of the film (default: 8)")
    options = parser.parse_args()
    scenes = list(dict(scenes_of(load_films(())[0])).values())[: options.frames]
    frames = [(data, wanted_of(data)) for data in map(render, scenes)]
    plain, whole = [], []
    for _ in range(options.rounds):
        for data, wanted in frames:
            plain.append(spent(partial(decode, data)))
            whole.append(spent(partial(validate, data, wanted)))
    ratio = statistics.median(whole) / statistics.median(plain)
    size = f"{scenes[0].width}×{scenes[0].height}"
    sys.stdout.write(f"{len(frames)} frames of {size}, {options.rounds} rounds, median processor ms: ")
    sys.stdout.write(f"decoding {statistics.median(plain):.2f}, validation {statistics.median(whole):.2f}; ")
    sys.stdout.write(f"ratio {ratio:.2f}, allowed {MOST}\n")
    return int(ratio > MOST)


if __name__ == "__main__":
    sys.exit(main())
