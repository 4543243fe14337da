"""Shots and bible entries as a person writes them: an id that is left out follows from name, or scene and number."""

import re
from typing import Any

from pydantic import model_validator

from schemas import bible
from schemas import shot as planning
from schemas.base import Identifier
from schemas.ids import content_digest


def _id_of(name: str, fallback: str) -> str:
    """An id that follows from a name: its ASCII words, and a digest where the name has others."""
    words = "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:100]
    return words if words and name.isascii() else f"{words or fallback}-{content_digest(name)[:8]}"


class _Named:
    """Gives a bible entry without an id the one that follows from its name."""

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, value: Any) -> Any:  # noqa: ANN401 - as the caller wrote it
        if isinstance(value, dict) and not value.get("id") and isinstance(value.get("name"), str):
            return {**value, "id": _id_of(value["name"], cls.__name__.lower())}
        return value


class Character(_Named, bible.Character):
    """A character whose id may be left out."""

    id: Identifier = ""


class Location(_Named, bible.Location):
    """A location whose id may be left out."""

    id: Identifier = ""


class Shot(planning.Shot):
    """A shot whose id may be left out: it follows from scene and number."""

    shot_id: Identifier = ""

    @model_validator(mode="before")
    @classmethod
    def _identified(cls, value: Any) -> Any:  # noqa: ANN401 - as the caller wrote it
        if isinstance(value, dict) and not (value.get("shot_id") or value.get("id")) and "scene_id" in value:
            number = value.get("shot_number", 1)
            return {**value, "shot_id": f"{value['scene_id']}_sh{number:0>4}"}
        return value
