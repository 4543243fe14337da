"""Location templates: what a kind of place is usually like, for what the bible leaves unsaid."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.base import Model
from schemas.bible import Location
from schemas.text import Features, Name, Slug
from schemas.vocabulary import Season, TimeOfDay, Weather
from services.location_conditioning.domain.variant import Variant

#: Features that one conditioning can hold.
MOST_FEATURES = 64

Setting = Literal["outdoor", "indoor"]


class Layer(Model):
    """Facts that hold under one condition."""

    environment: Features = Field(default_factory=dict)
    """Physical facts by name."""
    atmosphere: Features = Field(default_factory=dict)
    """Air, sky and light by name."""


class Variants(Model):
    """What changes with time of day, weather and season."""

    time: dict[TimeOfDay, Layer] = Field(default_factory=dict)
    """By time of day."""
    weather: dict[Weather, Layer] = Field(default_factory=dict)
    """By weather."""
    season: dict[Season, Layer] = Field(default_factory=dict)
    """By season."""

    def layers(self, variant: Variant) -> tuple[Layer, ...]:
        """What holds now, most binding first: a storm changes the sky of any hour."""
        found = (
            self.weather.get(variant.weather),
            self.time.get(variant.time),
            self.season.get(variant.season),
        )
        return tuple(layer for layer in found if layer is not None)


class LocationTemplate(Layer, Variants):
    """One kind of place."""

    setting: Setting
    """Whether sky and weather are overhead, or behind a window."""


class Templates(Model):
    """All templates of one version."""

    version: Name
    """Grows with every change of wording."""
    settings: dict[Setting, Variants]
    """What every place of a setting has: each time, weather and season is covered."""
    templates: Annotated[dict[Slug, LocationTemplate], Field(min_length=1)]
    """By template id."""

    @model_validator(mode="after")
    def _settings_are_complete(self) -> "Templates":
        for setting in ("outdoor", "indoor"):
            variants = self.settings.get(setting)
            if variants is None:
                raise ValueError(f"settings: {setting} is missing")
            for name, words, table in (
                ("time", TimeOfDay, variants.time),
                ("weather", Weather, variants.weather),
                ("season", Season, variants.season),
            ):
                missing = sorted(set(words) - set(table))
                if missing:
                    raise ValueError(f"settings.{setting}.{name}: {', '.join(missing)} missing")
        return self

    def chosen_for(self, location: Location) -> str | None:
        """Template of a location: the one it names, else the one called like its type; None = none fits."""
        wanted = location.template_id or location.location_type
        return wanted if wanted in self.templates else None


class Filled(Model):
    """Facts of a place, the bible's first and the template's where the bible is silent."""

    environment: Features
    """Physical facts."""
    atmosphere: Features
    """Air and feeling."""


def fill(location: Location, templates: Templates, template_id: str | None, variant: Variant) -> Filled:
    """The location's own facts, and a template's for names that the location doesn't use.

    More binding first: the location; the template's variants; its setting's variants; the template's base. At most
    64 facts of each kind are kept; the location's own are never left out.
    """
    if template_id is None:
        return Filled(environment=location.environment, atmosphere=location.atmosphere)
    template = templates.templates[template_id]
    layers = (
        *template.layers(variant),
        *templates.settings[template.setting].layers(variant),
        template,
    )
    return Filled(
        environment=_merged(location.environment, [layer.environment for layer in layers]),
        atmosphere=_merged(location.atmosphere, [layer.atmosphere for layer in layers]),
    )


def _merged(own: Mapping[str, str | tuple[str, ...]], layers: list[Features]) -> Features:
    merged = dict(own)
    taken = {name.casefold() for name in own}
    for layer in layers:
        for name, value in layer.items():
            if name.casefold() not in taken and len(merged) < MOST_FEATURES:
                merged[name] = value
                taken.add(name.casefold())
    return merged
