"""Shots, entries and engines for the tests of the engine."""

import io
from datetime import date
from typing import Any

from PIL import Image

from schemas.bible import Lora
from schemas.project import ProjectSettings
from services.engine import (
    Character,
    ImageEngine,
    Location,
    NoCapableModelError,
    Request,
    Shot,
)
from services.generation.providers.base import ImageJob

TODAY = date(2026, 11, 23)
EVERYBODY = ("previz", "openai", "stability", "leonardo", "google", "bfl", "diffusers")

RADHA = Character(
    name="Radha",
    description="Divine character",
    appearance={"hair": "long black hair", "eyes": "dark brown eyes"},
    attire={"style": "traditional Indian", "colors": ["red", "gold"]},
    seed=11,
    embedding_id="radha-lora",
    reference_images=["s3://ice/radha.png"],
)
KRISHNA = Character(
    name="Krishna",
    description="Young cowherd",
    appearance={"skin": "blue skin"},
    attire={"dhoti": "yellow"},
    seed=22,
    loras=(Lora(lora_id="krishna-lora", base_model="sdxl"),),
    reference_images=["s3://ice/krishna.png"],
)
FOREST = Location(
    name="Vrindavan Forest",
    description="Sacred forest with flower fields",
    location_type="exterior",
    time_of_day="dusk",
    reference_images=["s3://ice/forest.png"],
)


def shot(**changes: Any) -> Shot:
    return Shot(
        **{
            "scene_id": "scene_001",
            "shot_number": 1,
            "shot_type": "close-up",
            "description": "Radha walks through the forest",
            **changes,
        }
    )


def engine(project: dict[str, Any] | None = None, **more: Any) -> ImageEngine:
    settings = ProjectSettings(**{"project_id": "film", "title": "Film", **(project or {})})
    return ImageEngine(project=settings, **{"today": TODAY, **more})


def reasons_of(request: Request | NoCapableModelError, model: str) -> str:
    if isinstance(request, NoCapableModelError):
        return next("; ".join(item.reasons) for item in request.considered if item.model == model)
    return next("; ".join(item["reasons"]) for item in request["considered"] if item["model"] == model)


def png(width: int = 1024, height: int = 576, *, blank: bool = False) -> bytes:
    """Noise of every colour, so that nobody's costume is missed."""
    channels = [Image.effect_noise((width, height), 80) for _ in range(3)]
    image = Image.new("RGB", (width, height), "grey") if blank else Image.merge("RGB", channels)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def small() -> ImageEngine:
    return engine({"width": 256, "height": 144})


async def noise(job: ImageJob) -> bytes:
    return png(job.width, job.height)
