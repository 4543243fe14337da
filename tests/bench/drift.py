"""`python -m tests.bench.drift [--films N] [--first SEED]`: how many drifted frames the checks without weights catch.

Each film has twenty shots of two characters in two places, drawn by previz, with a drift in shots 7, 11, 15 and 19;
hair, costumes, places, light, framing and the drifts themselves follow from the film's number. Every frame is measured
as the service measures it, drifted frames once as drifted and once as planned. Prints the share caught by kind, and
the false alarms: frames drawn as planned that fail. No broker and no service is needed: 50 films are some five minutes
of two processors, at the lowest priority.

The bounds of colours were set on films 1 to 23; figures that are told are those of films from 101 on.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Final

from schemas.bible import ReferenceImage
from schemas.generation import GenerationRequested
from schemas.validation import Outcome
from services.generation.providers.base import ImageJob
from services.validation.domain import scoring
from services.validation.domain.frame import Frame, Limits, Picture, Wanted, decoded
from services.validation.domain.intent import Intent, Plate, intent_of, plates_in_light, worn
from services.validation.domain.references import Sight, sight_of
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds
from tests.fakes.drift import DRIFTS, DriftFilm

_SCORERS: Final = technical_scorers(Thresholds())
_KEY: Final = len("s3://ice/")
_NICE: Final = 15


def picture(data: bytes) -> Picture:
    """A decoded picture."""
    found = decoded(data, Wanted(1, 1, "", len(data)), Limits()).picture
    if found is None:
        raise SystemExit("a picture of the film can't be decoded")
    return found


def intent(film: DriftFilm, asked: GenerationRequested, sights: dict[str, Sight]) -> Intent:
    """What the service would know of a frame."""

    def seen(images: Iterable[ReferenceImage]) -> tuple[Sight, ...]:
        keys = [image.uri[_KEY:] for image in images]
        for key in keys:
            if key not in sights:
                sights[key] = sight_of(picture(film.references[key]))
        return tuple(sights[key] for key in keys)

    cast = tuple((member.name, seen(worn(member))) for member in asked.visible_cast)
    return replace(intent_of(asked, Plate()), plates=seen(plates_in_light(asked.location)), cast=cast, drawn=True)


def failed(data: bytes, told: Intent) -> tuple[str, ...]:
    """The checks without weights that a frame fails; size and hash are not in question."""
    frame = Frame(Wanted(1, 1, "", len(data), told), picture(data), "", None, None)
    scores = scoring.score_all(frame, _SCORERS[2:])
    return tuple(score.check for score in scores if score.outcome is Outcome.FAILED)


def measured(seed: int) -> Counter[str]:
    """Counts of one film."""
    film, counts, sights = DriftFilm(seed), Counter[str](), dict[str, Sight]()
    for shot in film.shots:
        asked = film.request(shot)
        job, told = ImageJob.from_request(asked), intent(film, asked, sights)
        alarms = failed(film.drawn(job), told)
        counts["planned"] += 1
        counts["false"] += bool(alarms)
        counts.update(f"false {check}" for check in alarms)
        drift = DRIFTS.get(shot.shot_number)
        if drift is not None:
            found = failed(film.drawn(job, drift), told)
            counts[f"{drift}"] += 1
            counts[f"{drift} caught"] += bool(found)
            counts.update(f"{drift} by {check}" for check in found)
    return counts


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.drift", description=__doc__)
    parser.add_argument("--films", type=int, default=50, help="films (default: 50)")
    parser.add_argument("--first", type=int, default=101, help="seed of the first film (default: 101)")
    parser.add_argument("--processes", type=int, default=2, help="at once (default: 2)")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    seeds = range(options.first, options.first + options.films)
    with ProcessPoolExecutor(options.processes, initializer=os.nice, initargs=(_NICE,)) as pool:
        for number, counts in enumerate(pool.map(measured, seeds), 1):
            total += counts
            told = {name: count for name, count in sorted(total.items()) if " by " not in name}
            sys.stderr.write(f"{number} of {options.films} films: {told}\n")
    kinds = list(DRIFTS.values())
    caught = sum(total[f"{kind} caught"] for kind in kinds)
    drifted = sum(total[f"{kind}"] for kind in kinds)
    sys.stdout.write(f"caught {caught} of {drifted} drifted frames; ")
    sys.stdout.write(f"false alarms {total['false']} of {total['planned']} frames drawn as planned\n")
    for name in sorted(total):
        sys.stdout.write(f"  {name}: {total[name]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
