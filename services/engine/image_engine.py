"""Every stage up to the request for an image, in one process."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from schemas import bible
from schemas import shot as planning
from schemas.adapter import Adapter
from schemas.asset import Asset
from schemas.conditioning import Degradation
from schemas.generation import GenerationRequested
from schemas.project import ProjectSettings
from schemas.prompt import PromptBuilt
from schemas.shot import Problem, ShotPlanned, ShotRejected
from schemas.validation import Verdict
from schemas.vocabulary import FrameRole
from services.engine.embedding import IdentityEmbedder, character_embedding
from services.engine.errors import NoCapableModelError, ShotRejectedError
from services.engine.settling import Entries, Tracks, planned_as_is, planned_with, settled, unnamed
from services.generation.domain import images, outcomes
from services.generation.providers.base import GeneratedImage
from services.location_conditioning.adapters.template_file import load_templates
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.fit import Conditions, History
from services.orchestrator.domain.request import plan_request
from services.orchestrator.domain.router import Choice, route
from services.prompt_builder import domain as prompt_rules
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.validation.domain import frame as frames
from services.validation.domain import scoring
from services.validation.domain.intent import Plate, intent_of
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds

#: What `generate_shot_image` answers: JSON values throughout.
Request = dict[str, Any]

NEW: Final = History()
#: Bucket in the names of assets that no store has taken yet.
_BUCKET: Final = "in-process"
#: Scores that need a model which this process doesn't load; they are null, never a constant.
_UNMEASURED: Final = ("identity", "location", "style", "alignment")
_SENT: Final = ("prompt", "negative_prompt", "width", "height", "steps", "cfg_scale", "dialect", "references", "loras")

_shipped_catalogue = cache(load_catalogue)


class ImageEngine:
    """The rules of all services, composed.

    Args:
        project: settings of the film.
        providers: providers that may be asked; the models of others are skipped with that reason.
        catalogue: models known; None = the catalogue that ships with the engine.
        today: date on which retirements are judged; None = the day of construction, UTC.
        preferred: provider, model or alias to prefer where neither shot nor project names one.
    """

    def __init__(
        self,
        *,
        project: ProjectSettings | None = None,
        providers: tuple[str, ...] = ("previz",),
        catalogue: Catalogue | None = None,
        today: date | None = None,
        preferred: str | None = None,
    ) -> None:
        self.project = project or ProjectSettings(project_id="film", title="Film")
        self._providers = providers
        self._preferred = preferred
        self._catalogue = catalogue or _shipped_catalogue()
        self._today = today or datetime.now(tz=UTC).date()
        self._wordings = shipped_templates()
        self._places = load_templates()

    def generate_shot_image(  # noqa: PLR0913 - the parts of a shot, by name
        self,
        shot: planning.Shot,
        characters: Iterable[bible.Character] = (),
        location: bible.Location | None = None,
        *,
        props: Iterable[bible.Prop] = (),
        frame_role: FrameRole | None = None,
        history: History = NEW,
    ) -> Request:
        """The complete request for one frame of a shot.

        Args:
            shot: the shot. Without a cast of its own it shows `characters`, without a location `location`.
            characters: bible entries; those that the shot's cast doesn't name are left out, and listed as degradations.
            location: bible entry of the place.
            props: bible entries of the props.
            frame_role: None = the first frame of the shot.
            history: models tried before, and why they are not asked again.

        Raises:
            ShotRejectedError: the shot names what isn't given, or a word that no template knows.
            NoCapableModelError: no model can make it.
        """
        cast = tuple(characters)
        planned, entries = planned_with(shot, self.project, cast, location, props)
        role = frame_role or planned.shot.frames.roles[0]
        return self.request_for(planned, entries, role, history=history, lost=unnamed(planned, cast))

    def process_shot_batch(
        self,
        shots: Iterable[planning.Shot],
        characters_map: Mapping[str, bible.Character] | None = None,
        locations_map: Mapping[str, bible.Location] | None = None,
        props_map: Mapping[str, bible.Prop] | None = None,
    ) -> list[Request]:
        """A request per frame, in the order of the shots; the keys of the maps are the ids that the shots use.

        A shot that can't be made keeps its place, with `status` `rejected` and what is wrong.
        """
        entries = Entries.by_key(characters_map, locations_map, props_map)
        requests = []
        for shot in shots:
            planned = planned_as_is(shot, self.project)
            for role in shot.frames.roles:
                try:
                    requests.append(self.request_for(planned, entries, role))
                except (ShotRejectedError, NoCapableModelError) as error:
                    requests.append(refusal(planned, role, error))
        return requests

    def request_for(  # noqa: PLR0913 - what decides on a frame, by name
        self,
        planned: ShotPlanned,
        entries: Entries,
        role: FrameRole,
        *,
        tracks: Tracks | None = None,
        history: History = NEW,
        lost: tuple[Degradation, ...] = (),
    ) -> Request:
        """The request for one frame of a planned shot.

        Args:
            planned: the shot.
            entries: the bible.
            role: the frame.
            tracks: keyframes made before, by shot, to continue from.
            history: models tried before.
            lost: what the caller already had to leave out.

        Raises:
            ShotRejectedError: the shot can't be made as planned.
            NoCapableModelError: no model can make it.
        """
        event = settled(planned, entries, role, tracks or {}, self._places)
        event = event.model_copy(update={"degradations": (*event.degradations, *lost)})
        prompt = prompt_rules.build(event, self._wordings)
        if isinstance(prompt, ShotRejected):
            raise ShotRejectedError(prompt)
        here = Conditions(providers=self._providers, today=self._today, preferred=self._preferred)
        choice = route(prompt, self._catalogue, here, history)
        if choice.chosen is None:
            raise NoCapableModelError(planned.shot.shot_id, choice.considered)
        asked = plan_request(prompt, choice, attempt=1 + len(history.excluded))
        return _described(prompt, choice, asked, self._catalogue.version)

    def create_character_embedding(
        self,
        character: bible.Character,
        reference_images: Iterable[str | bytes] = (),
        *,
        adapters: Sequence[Adapter] = (),
        embedder: IdentityEmbedder | None = None,
    ) -> Request:
        """What holds a character's identity: reference set, identity vector (null with its reason) and adapters.

        Args:
            character: entry of the bible.
            reference_images: addresses, or the bytes of pictures.
            adapters: of the registry.
            embedder: sees who is in a picture, e.g. `DlibFaces`; None = no vector.
        """
        return character_embedding(character, reference_images, adapters=adapters, embedder=embedder)

    def create_asset_from_generation(
        self, request: Request, image: bytes, *, url: str | None = None, created_at: datetime | None = None
    ) -> Asset:
        """The asset record of a generated image, brought to exactly the asked size.

        Args:
            request: of `generate_shot_image`.
            image: PNG, JPEG or WebP as the model gave it.
            url: where it is kept; None = the key that the asset store would give it, in a bucket that doesn't exist.
            created_at: None = now.

        Raises:
            BadImageError: the bytes are no image.
        """
        asked = asked_in(request)
        picture = images.prepare(image, asked.width, asked.height, images.Limits())
        made = GeneratedImage(data=image, seed_used=asked.seed_to_send)
        where = outcomes.stored(asked, picture, _BUCKET)
        done = outcomes.completed(asked, made, where, picture, duration_ms=0)
        asset = outcomes.asset(asked, done, created_at or datetime.now(tz=UTC))
        return asset if url is None else Asset.model_validate({**asset.model_dump(), "url": url})

    def validate_generation(self, request: Request, image: bytes) -> dict[str, Any]:
        """Measure a generated image: `valid`, `verdict`, `scores` (null where nothing was measured) and `reasons`."""
        asked = asked_in(request)
        intent = intent_of(asked, Plate(problem="this process reads no plates"))
        wanted = frames.Wanted(asked.width, asked.height, hashlib.sha256(image).hexdigest(), len(image), intent)
        scores = (
            *scoring.score_all(frames.decoded(image, wanted, frames.Limits()), technical_scorers(Thresholds())),
            *(scoring.not_measured(check, "engine", "no scorer for it in this process") for check in _UNMEASURED),
        )
        verdict = scoring.verdict(scores)
        return {
            "valid": verdict is Verdict.PASSED,
            "verdict": verdict.value,
            "scores": [score.model_dump(mode="json") for score in scores],
            "reasons": list(scoring.reasons(scores)),
        }

    def unknown_words(self, shot: planning.Shot) -> tuple[Problem, ...]:
        """Style, mood, lighting and template overrides of a shot that no template knows."""
        return prompt_rules.unknown_words(self.project, shot, self._wordings)


def asked_in(request: Request) -> GenerationRequested:
    """The event that a worker would get for a request.

    Raises:
        KeyError: the request was refused, so there is none.
    """
    if "generation_request" not in request:
        raise KeyError(
            f"request of shot {request.get('shot_id')}: status is {request.get('status')!r}, must be 'ready'"
        )
    return GenerationRequested.model_validate(request["generation_request"])


def refusal(planned: ShotPlanned, role: FrameRole, error: ShotRejectedError | NoCapableModelError) -> Request:
    """What stands in the place of a request that could not be made."""
    problems = error.rejection.problems if isinstance(error, ShotRejectedError) else ()
    considered = error.considered if isinstance(error, NoCapableModelError) else ()
    return {
        "status": "rejected",
        "shot_id": planned.shot.shot_id,
        "scene_id": planned.shot.scene_id,
        "frame_role": role.value,
        "error": str(error),
        "problems": [problem.model_dump(mode="json") for problem in problems],
        "considered": [item.model_dump(mode="json") for item in considered],
    }


def _described(prompt: PromptBuilt, choice: Choice, asked: GenerationRequested, catalogue_version: str) -> Request:
    """The request with everything that explains it."""
    run, shot = prompt.run, prompt.run.shot
    event, built = asked.model_dump(mode="json"), prompt.model_dump(mode="json")
    place = event["location"]
    return {
        "status": "ready",
        "generation_id": asked.generation_id,
        "run_id": run.run_id,
        "shot_id": shot.shot_id,
        "scene_id": shot.scene_id,
        "frame_role": run.frame_role.value,
        "provider": asked.provider,
        "model": asked.model,
        "model_reasons": [reason for item in asked.considered if item.taken for reason in item.reasons],
        "fallbacks": [card.model for card in choice.fallbacks],
        "considered": event["considered"],
        "parameters": {
            **{name: event[name] for name in _SENT},
            "seed": asked.seed_to_send,
            "style": run.style,
            "camera": shot.shot_size.value,
            "camera_angle": shot.camera_angle.value,
            "camera_movement": shot.camera_movement.value,
            "framing": shot.framing.value,
            "lighting": shot.lighting,
            "mood": shot.mood,
        },
        "references": event["references"],
        "seeds": {
            "sent": asked.seed_to_send,
            "frame": event["seed"],
            "characters": {member["character_id"]: member["seed"] for member in event["cast"]},
            "location": place["seed"] if place else None,
        },
        "characters": event["cast"],
        "location": place,
        "facts": built["facts"],
        # The whole wordings: shorter ones of a dialect follow them.
        "prompts": {item["dialect"]: item for item in reversed(built["prompts"])},
        "wordings": built["prompts"],
        "degradations": event["degradations"],
        "estimated_cost_usd_micros": asked.estimated_cost_usd_micros,
        "template_version": prompt.template_version,
        "catalogue_version": catalogue_version,
        "generation_request": event,
    }
