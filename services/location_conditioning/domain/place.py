"""A location and props as one shot shows them."""

from typing import Final

from schemas import ids
from schemas.bible import Location, Prop, ReferenceImage
from schemas.conditioning import Degradation, LocationConditioning, PropConditioning, SeedChoice
from schemas.project import ProjectSettings
from schemas.shot import Shot
from services.location_conditioning.domain.light import light_for
from services.location_conditioning.domain.references import ranked_plates
from services.location_conditioning.domain.templates import Templates, fill
from services.location_conditioning.domain.variant import variant_of

#: How hard a model should hold to a location's plates.
REFERENCE_STRENGTH: Final = 0.5
#: Weight of a template's facts beside the bible's own.
TEMPLATE_WEIGHT: Final = 0.7
_INDOOR_TYPES: Final = frozenset({"interior", "indoor", "int", "room"})


def condition_location(
    location: Location,
    shot: Shot,
    project: ProjectSettings,
    templates: Templates,
    plates: tuple[ReferenceImage, ...] = (),
) -> LocationConditioning:
    """The place of a shot: landmarks as they always are, the rest by time, weather and season.

    What the shot says of time, weather and season wins over the location. `plates` were made beside the bible's.
    """
    variant = variant_of(shot, location)
    template_id = templates.chosen_for(location)
    filled = fill(location, templates, template_id, variant)
    return LocationConditioning(
        location_id=location.id,
        bible_version=location.version,
        bible_digest=location.digest,
        name=location.name,
        description=location.description,
        location_type=location.location_type,
        landmarks=location.landmarks,
        environment=filled.environment,
        atmosphere=filled.atmosphere,
        time_of_day=variant.time,
        weather=variant.weather,
        season=variant.season,
        light=light_for(variant, shot.lighting, sheltered=is_sheltered(location, templates)),
        references=ranked_plates((*location.reference_images, *plates), variant),
        reference_strength=REFERENCE_STRENGTH,
        template_id=template_id,
        template_weight=TEMPLATE_WEIGHT,
        seed=location_seed(project, location),
        tags=location.tags,
    )


def is_sheltered(location: Location, templates: Templates) -> bool:
    """Whether the place is inside, by its type or its template."""
    template_id = templates.chosen_for(location)
    if location.location_type in _INDOOR_TYPES:
        return True
    return template_id is not None and templates.templates[template_id].setting == "indoor"


def template_degradations(location: Location, templates: Templates) -> tuple[Degradation, ...]:
    """A template that the location names and nobody knows is done without, and said so."""
    if location.template_id is None or location.template_id in templates.templates:
        return ()
    return (
        Degradation(
            code="template-unknown",
            what=f"location template {location.template_id} of {location.id}",
            reason=f"templates {templates.version} have none of that name",
        ),
    )


def location_seed(project: ProjectSettings, location: Location) -> SeedChoice:
    """The place's own seed, the same in every shot: locked in the bible, else from project and location alone."""
    if location.seed is not None:
        return SeedChoice(
            value=location.seed,
            policy="locked-location",
            derived_from=f"bible: {location.id} version {location.version}",
        )
    if project.seed is None:
        root, named = f"project:{project.project_id}", f"project {project.project_id}"
    else:
        root, named = f"seed:{project.seed}", f"project {project.project_id} seed {project.seed}"
    return SeedChoice(
        value=ids.seed_from(root, "location", location.id),
        policy="location",
        derived_from=f"{named}, location {location.id}",
    )


def condition_prop(prop: Prop, views: tuple[ReferenceImage, ...] = ()) -> PropConditioning:
    """A prop: it looks the same whenever it is seen. `views` were made beside the bible's pictures."""
    return PropConditioning(
        prop_id=prop.id,
        bible_version=prop.version,
        bible_digest=prop.digest,
        name=prop.name,
        description=prop.description,
        materials=prop.materials,
        colours=prop.colours,
        owner_id=prop.owner_id,
        references=(*prop.reference_images, *views),
    )
