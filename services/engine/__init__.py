"""The pure core composed in one process: a shot in, the complete request for its image out. No broker, no key.

For notebooks, `ice explain` and tests; the very rules that the services apply, called in their order:

    engine = ImageEngine()
    request = engine.generate_shot_image(shot=shot, characters=[radha], location=forest)
    print(request["parameters"]["prompt"], request["model"], request["model_reasons"])

`ImageGeneratorWorker` draws shots with what can draw in this process: the previz artist. See docs/prototype-api.md.
"""

from services.engine.entries import Character, Location, Shot
from services.engine.errors import NoCapableModelError, ShotRejectedError
from services.engine.image_engine import ImageEngine, Request
from services.engine.image_worker import FinishedFrame, ImageGeneratorWorker, Job, JobStatus, Painter
from services.engine.settling import Entries

__all__ = [
    "Character",
    "Entries",
    "FinishedFrame",
    "ImageEngine",
    "ImageGeneratorWorker",
    "Job",
    "JobStatus",
    "Location",
    "NoCapableModelError",
    "Painter",
    "Request",
    "Shot",
    "ShotRejectedError",
]
