"""Builders of valid events for tests: the whole way of one run, each from the one before."""

from typing import Any

from schemas.asset import AssetRef
from schemas.bible import Character, Costume, Garment, Location
from schemas.conditioning import (
    CharacterConditioning,
    CharactersConditioned,
    LightParameters,
    LocationConditioned,
    LocationConditioning,
    SeedChoice,
)
from schemas.generation import GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.keyframe import AttemptSummary, Camera, KeyframeReady, Provenance, ShotIdentity, Timing
from schemas.project import ProjectSettings
from schemas.prompt import Fact, PromptBuilt, RenderedPrompt
from schemas.run import RunContext, runs_of
from schemas.shot import Shot, ShotPlanned
from schemas.validation import FrameValidated, Outcome, Score, Verdict
from schemas.vocabulary import (
    CharacterType,
    Dialect,
    Facing,
    FramePlan,
    Season,
    TimeOfDay,
    Weather,
)

RADHA = Character(
    id="radha",
    name="Radha",
    description="Divine character, graceful and full of longing",
    appearance={"hair": "long black hair", "eyes": "dark brown eyes"},
    attire={"style": "traditional Indian", "colors": ("red", "gold")},
)
FOREST = Location(
    id="vrindavan-forest",
    name="Vrindavan Forest",
    description="Sacred forest with flower fields",
    location_type="exterior",
    landmarks=("the old banyan with hanging roots",),
    time_of_day=TimeOfDay.DUSK,
)
SEED = SeedChoice(value=7, policy="shot", derived_from="test")


def project(**changes: Any) -> ProjectSettings:
    """A small film project."""
    return ProjectSettings(**{"project_id": "vrindavan", "title": "Vrindavan", **changes})


def shot(**changes: Any) -> Shot:
    """A close-up of Radha in the forest at dusk."""
    return Shot(
        **{
            "shot_id": "sh0010",
            "scene_id": "sc010",
            "description": "Radha walks through the forest and stops to listen",
            "action": "walking",
            "cast": ("radha",),
            "location_id": "vrindavan-forest",
            "shot_size": "close-up",
            "lighting": "golden-hour",
            "mood": "peaceful",
            **changes,
        }
    )


def planned(of: Shot | None = None, *, revision: int = 1, regeneration_id: str | None = None) -> ShotPlanned:
    """The planner's event."""
    return ShotPlanned(project=project(), shot=of or shot(), revision=revision, regeneration_id=regeneration_id)


def run(of: ShotPlanned | None = None) -> RunContext:
    """The first run of a planned shot."""
    return runs_of(of or planned())[0]


def pair() -> tuple[RunContext, ...]:
    """The runs of a shot with start and end frames."""
    return runs_of(planned(shot(frames=FramePlan.START_END)))


def radha(**changes: Any) -> CharacterConditioning:
    """Radha as conditioned."""
    return CharacterConditioning(
        **{
            "character_id": "radha",
            "bible_version": 1,
            "bible_digest": RADHA.digest,
            "name": "Radha",
            "character_type": CharacterType.MAIN,
            "visible": True,
            "description": RADHA.description,
            "appearance": RADHA.appearance,
            "changing": {},
            "costume": Costume(
                costume_id="attire",
                description="traditional Indian attire",
                garments=(Garment(name="sari", colour="red"), Garment(name="veil", colour="gold")),
            ),
            "costume_source": "attire",
            "facing": Facing.THREE_QUARTER,
            "seed": SEED,
            **changes,
        }
    )


def forest(**changes: Any) -> LocationConditioning:
    """The forest as conditioned."""
    return LocationConditioning(
        **{
            "location_id": FOREST.id,
            "bible_version": 1,
            "bible_digest": FOREST.digest,
            "name": FOREST.name,
            "description": FOREST.description,
            "location_type": "exterior",
            "landmarks": FOREST.landmarks,
            "environment": {},
            "atmosphere": {},
            "time_of_day": TimeOfDay.DUSK,
            "weather": Weather.CLEAR,
            "season": Season.SUMMER,
            "light": LightParameters(
                colour_temperature_k=3200, intensity=0.4, direction="back", contrast=1.1, saturation=1.1
            ),
            "seed": SEED,
            **changes,
        }
    )


def characters_conditioned(of: RunContext | None = None, **changes: Any) -> CharactersConditioned:
    """After character_conditioning."""
    return CharactersConditioned(**{"run": of or run(), "cast": (radha(),), "seed": SEED, **changes})


def location_conditioned(of: RunContext | None = None, **changes: Any) -> LocationConditioned:
    """After location_conditioning."""
    return LocationConditioned(
        **{"run": of or run(), "cast": (radha(),), "seed": SEED, "location": forest(), **changes}
    )


def prompt_built(of: RunContext | None = None, **changes: Any) -> PromptBuilt:
    """After prompt_builder."""
    base = location_conditioned(of)
    return PromptBuilt(
        **{
            "run": base.run,
            "cast": base.cast,
            "seed": base.seed,
            "location": base.location,
            "facts": (Fact(kind="identity", text="Radha", source="bible:radha@1", rank=0),),
            "prompts": (
                RenderedPrompt(dialect=Dialect.NATURAL, prompt="A close-up of Radha in the forest at dusk."),
                RenderedPrompt(dialect=Dialect.TAGS, prompt="(Radha:1.2), close-up, forest, dusk"),
            ),
            "template_version": "1-test",
            **changes,
        }
    )


def generation_requested(of: RunContext | None = None, **changes: Any) -> GenerationRequested:
    """After the router."""
    base = prompt_built(of)
    return GenerationRequested(
        **{
            "run": base.run,
            "cast": base.cast,
            "seed": base.seed,
            "location": base.location,
            "provider": "previz",
            "model": "previz",
            "take": 1,
            "attempt": 1,
            "dialect": Dialect.NATURAL,
            "prompt": base.prompts[0].prompt,
            "width": base.run.width,
            "height": base.run.height,
            "seed_to_send": 7,
            "template_version": base.template_version,
            **changes,
        }
    )


def asset(generation_id: str, **changes: Any) -> AssetRef:
    """An image in the store."""
    return AssetRef(
        **{
            "uri": f"s3://ice/vrindavan/sh0010/{generation_id}.png",
            "sha256": "0" * 64,
            "size_bytes": 1000,
            "mime_type": "image/png",
            "width": 1024,
            "height": 576,
            "thumbnail_uri": f"s3://ice/vrindavan/sh0010/{generation_id}.thumb.jpg",
            **changes,
        }
    )


def generation_completed(of: GenerationRequested | None = None, **changes: Any) -> GenerationCompleted:
    """After the worker."""
    asked = of or generation_requested()
    return GenerationCompleted(
        **{
            "run": asked.run,
            "cast": asked.cast,
            "seed": asked.seed,
            "location": asked.location,
            "generation_id": asked.generation_id,
            "provider": asked.provider,
            "model": asked.model,
            "take": asked.take,
            "attempt": asked.attempt,
            "dialect": asked.dialect,
            "prompt": asked.prompt,
            "seed_used": asked.seed_to_send,
            "asset": asset(asked.generation_id),
            "template_version": asked.template_version,
            **changes,
        }
    )


def generation_failed(of: GenerationRequested | None = None, **changes: Any) -> GenerationFailed:
    """After a worker that got no image."""
    asked = of or generation_requested()
    return GenerationFailed(
        **{
            "run": asked.run,
            "cast": asked.cast,
            "seed": asked.seed,
            "location": asked.location,
            "generation_id": asked.generation_id,
            "provider": asked.provider,
            "model": asked.model,
            "take": asked.take,
            "attempt": asked.attempt,
            "kind": FailureKind.OUTAGE,
            "reason": "503 from the vendor",
            **changes,
        }
    )


def frame_validated(of: GenerationCompleted | None = None, **changes: Any) -> FrameValidated:
    """After validation."""
    made = of or generation_completed()
    return FrameValidated(
        **{
            "run": made.run,
            "generation_id": made.generation_id,
            "take": made.take,
            "attempt": made.attempt,
            "asset": made.asset,
            "verdict": Verdict.PASSED,
            "scores": (Score(check="exact-size", outcome=Outcome.PASSED, value=1.0, measured_with="pillow"),),
            **changes,
        }
    )


def shot_identity(of: RunContext) -> ShotIdentity:
    """Where in the film a run belongs."""
    return ShotIdentity(
        project_id=of.project.project_id,
        scene_id=of.shot.scene_id,
        shot_id=of.shot.shot_id,
        code=of.shot.code or of.shot.shot_id,
        shot_number=of.shot.shot_number,
        story_order=of.shot.story_order,
    )


def camera(of: RunContext) -> Camera:
    """The camera of a run."""
    return Camera(
        shot_size=of.shot.shot_size,
        framing=of.shot.framing,
        angle=of.shot.camera_angle,
        facing=of.shot.facing,
        movement=of.shot.camera_movement,
    )


def accepted(of: GenerationCompleted) -> AttemptSummary:
    """The one attempt that was needed."""
    return AttemptSummary(
        generation_id=of.generation_id,
        attempt=of.attempt,
        take=of.take,
        model=of.model,
        provider=of.provider,
        outcome="accepted",
    )


PROVENANCE = Provenance(
    inputs_digest="0" * 64,
    bible_digests={"character:radha": RADHA.digest},
    template_version="1-test",
    catalogue_version="1-test",
    synthetic="algorithmic",
)


def keyframe_ready(of: GenerationCompleted | None = None, **changes: Any) -> KeyframeReady:
    """After the orchestrator."""
    made = of or generation_completed()
    return KeyframeReady(
        **{
            "shot": shot_identity(made.run),
            "revision": made.run.revision,
            "run_id": made.run.run_id,
            "regeneration_id": made.run.regeneration_id,
            "take": made.take,
            "frame_role": made.run.frame_role,
            "frame_roles": made.run.frame_roles,
            "asset": made.asset,
            "generation_id": made.generation_id,
            "model": made.model,
            "provider": made.provider,
            "seed_used": made.seed_used,
            "prompt": made.prompt,
            "scores": frame_validated(made).scores,
            "camera": camera(made.run),
            "timing": Timing(duration_s=3.0, fps=24.0, frames=72),
            "description": made.run.shot.description,
            "cost_usd_micros": 0,
            "attempts": (accepted(made),),
            "provenance": PROVENANCE,
            **changes,
        }
    )
