"""Location plates and prop views: which a frame needs, what each shows, and the run that makes one.

The base plate shows a location at its own time, weather and season. Every other variant is made with the base plate (or
the best picture that the bible has) as its reference, so that it is the same place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.bible import Location, Prop, ReferenceImage
from schemas.conditioning import Degradation
from schemas.ids import content_digest
from schemas.project import ProjectSettings, WithoutReference
from schemas.reference import ReferenceEnded, ReferenceFailed, ReferenceReady, ReferenceRequested, key_of, whose
from schemas.run import ReferenceTarget, RunContext
from schemas.shot import EXPRESS_PRIORITY, Problem, Shot
from schemas.vocabulary import Composition, Framing, ShotSize, SubjectKind
from services.location_conditioning.domain.references import shows
from services.location_conditioning.domain.variant import Variant, variant_of

#: Scene of the runs that make references: what a project spends on them is found under it.
SCENE: Final = "references"
UNAVAILABLE: Final = "reference-unavailable"
TOO_LATE: Final = "it did not come before the deadline"
_ID_PART: Final = 60
_PHRASE: Final = 500


@dataclass(frozen=True, slots=True)
class WantedReference:
    """A plate or a prop view that is wanted.

    Attributes:
        entity: whose it is.
        project: settings of the film.
        variant: of a plate; None for a prop.
        field: path of the field of the shot that names it.
    """

    entity: Location | Prop
    project: ProjectSettings
    variant: Variant | None
    field: str = "shot.location_id"

    @property
    def subject(self) -> SubjectKind:
        """What it is."""
        return SubjectKind.PROP_VIEW if self.variant is None else SubjectKind.LOCATION_PLATE

    @property
    def target(self) -> ReferenceTarget:
        """What it is a reference of."""
        return ReferenceTarget(
            entity_id=self.entity.id,
            bible_version=self.entity.version,
            look_digest=_look_digest(self.entity, self.project),
            variant=self.variant.name if self.variant is not None else "",
        )

    @property
    def key(self) -> str:
        """Name under which it is asked for and found."""
        target = self.target
        return key_of(self.project.project_id, self.subject, target.entity_id, target.look_digest, target.variant)

    @property
    def title(self) -> str:
        """For people."""
        if self.variant is None:
            return f"view of {self.entity.id}"
        return f"plate of {self.entity.id} ({self.variant.name})"


@dataclass(frozen=True, slots=True)
class References:
    """What became of references: by key those that ended, and what is waited for no longer."""

    ended: Mapping[str, ReferenceEnded] = field(default_factory=dict)
    over: frozenset[str] = frozenset()

    def pictures(self, wanted: WantedReference | None) -> tuple[ReferenceImage, ...]:
        """Its pictures; none where there are none."""
        ended = self.ended.get(wanted.key) if wanted is not None else None
        return ended.references if isinstance(ended, ReferenceReady) else ()

    def failure(self, wanted: WantedReference) -> str | None:
        """Why there will be none; None = it is there, or still to come."""
        ended = self.ended.get(wanted.key)
        if isinstance(ended, ReferenceFailed):
            return ended.reason
        return TOO_LATE if ended is None and wanted.key in self.over else None

    def is_open(self, wanted: WantedReference) -> bool:
        """Whether it is still to come."""
        return wanted.key not in self.ended and wanted.key not in self.over


NO_REFERENCES: Final = References()


def _look_digest(entity: Location | Prop, project: ProjectSettings) -> str:
    """Sha256 over all that its references show."""
    look = entity.model_dump(
        mode="json", exclude={"version", "created_at", "updated_at", "tags", "time_of_day", "weather", "season"}
    )
    return content_digest([look, project.style, project.style_guide, project.period])


def wanted_for(run: RunContext, location: Location | None, props: Mapping[str, Prop]) -> tuple[WantedReference, ...]:
    """What a frame needs: a plate of its variant where no picture of the bible shows it, and views of props without.

    Args:
        run: the frame's; a reference's own run needs the base that it is made from, and nothing else.
        location: entry in the version wanted.
        props: entries by id.
    """
    if run.subject is not SubjectKind.KEYFRAME:
        base = _base_for(run, location)
        return (base,) if base is not None else ()
    found = []
    if location is not None:
        variant = variant_of(run.shot, location)
        if not any(shows(image, variant) for image in location.reference_images):
            found.append(WantedReference(location, run.project, variant))
    found += [
        WantedReference(props[prop_id], run.project, None, f"shot.props.{place}")
        for place, prop_id in enumerate(run.shot.props)
        if prop_id in props and not props[prop_id].reference_images and prop_id not in run.shot.props[:place]
    ]
    return tuple(found)


def _base_for(run: RunContext, location: Location | None) -> WantedReference | None:
    """The plate that a variant is made from; None = it is the base, or the bible has pictures to make it from."""
    if location is None or run.subject is not SubjectKind.LOCATION_PLATE or location.reference_images:
        return None
    base = Variant(location.time_of_day, location.weather, location.season)
    return None if variant_of(run.shot, location) == base else WantedReference(location, run.project, base)


def request(wanted: WantedReference, asked_by: str, reason: str) -> ReferenceRequested:
    """Ask for a reference."""
    run = run_of(wanted)
    return ReferenceRequested(**whose(run), run=run, asked_by=asked_by[:200], reason=reason[:_PHRASE])


def run_of(wanted: WantedReference) -> RunContext:
    """The run that makes a reference, ahead of the film's own frames."""
    entity, project, target = wanted.entity, wanted.project, wanted.target
    parts = (entity.id[:_ID_PART], target.variant.replace("/", "-") or "view", target.look_digest[:12])
    shot = Shot(
        shot_id=".".join(parts),
        code=wanted.title[:200],
        scene_id=SCENE,
        priority=EXPRESS_PRIORITY,
        composition=Composition.BALANCED if isinstance(entity, Location) else Composition.CENTER,
        **(_plate(entity, wanted.variant) if isinstance(entity, Location) else _view(entity)),
    )
    return RunContext(
        project=project, shot=shot, subject=wanted.subject, revision=1, reference=target, without_plan=True
    )


def _plate(location: Location, variant: Variant | None) -> dict[str, object]:
    shown = variant or Variant(location.time_of_day, location.weather, location.season)
    return {
        "shot_size": ShotSize.WIDE,
        "framing": Framing.ESTABLISHING,
        "description": f"{location.name} alone, nobody in sight: layout, landmarks and light as in every shot here",
        "location_id": location.id,
        "location_version": location.version,
        "time_of_day": shown.time,
        "weather": shown.weather,
        "season": shown.season,
    }


def _view(prop: Prop) -> dict[str, object]:
    return {
        "shot_size": ShotSize.INSERT,
        "framing": Framing.INSERT,
        "description": f"{prop.name} alone, whole and in full detail",
        "props": (prop.id,),
    }


def loss(wanted: WantedReference, why: str) -> Degradation:
    """That a frame goes without a reference."""
    return Degradation(code=UNAVAILABLE, what=wanted.title[:_PHRASE], reason=why[:_PHRASE])


def losses(wanted: Iterable[WantedReference], made: References) -> tuple[Degradation, ...]:
    """The references that a frame goes without."""
    found = ((item, made.failure(item)) for item in wanted)
    return tuple(loss(item, why) for item, why in found if why is not None)


def objections(run: RunContext, wanted: Iterable[WantedReference], made: References) -> tuple[Problem, ...]:
    """What is wrong with a frame whose references could not be made, where the project wants none without them."""
    if run.subject is not SubjectKind.KEYFRAME or run.project.without_reference is not WithoutReference.REJECT:
        return ()
    found = ((item, made.failure(item)) for item in wanted)
    return tuple(
        Problem.shortened(
            field=item.field,
            value=item.entity.id,
            allowed=f"an entry with a picture of its own or one that can be made; no {item.title}: {why}",
            code=UNAVAILABLE,
        )
        for item, why in found
        if why is not None
    )
