"""Films drawn by previz whose artist drifts in some shots: other hair, another place, a stranger, a pasted reference.

Everything follows from a seed: cast, costumes, places, light, framing and the drifts. A retake is drawn as planned.
"""

import io
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from PIL import Image

from schemas.bible import Character, Location, ReferenceImage
from schemas.generation import GenerationRequested
from schemas.project import ProjectSettings
from schemas.shot import Shot
from services.engine import ImageEngine
from services.engine.image_engine import asked_in
from services.generation.providers.base import ImageJob
from services.generation.providers.previz.drawing import render
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene
from services.generation.providers.previz_scene import scene_of

SHOTS: Final = 20
WIDTH, HEIGHT = 320, 180
HAIR: Final = ("black", "dark brown", "auburn", "blonde", "grey", "brown")
OTHER_HAIR: Final = ("pink", "blue", "green", "bright red", "white", "blonde", "black")
#: Hair that a picture hardly tells apart.
_ALIKE: Final = (frozenset({"black", "dark brown", "brown"}), frozenset({"grey", "white", "blonde"}))
COSTUMES: Final = (
    ("coat", "red"), ("sari", "emerald green"), ("jacket", "blue"), ("raincoat", "yellow"), ("dress", "purple"),
    ("kurta", "orange"), ("cloak", "teal"), ("suit", "burgundy"),
)  # fmt: skip
PLACES: Final = (
    "street", "forest", "beach", "temple", "office", "bar", "meadow", "rooftop", "docks", "room", "alley", "riverbank",
    "desert", "mountain",
)  # fmt: skip
SIZES: Final = ("wide", "full", "medium-wide", "medium", "medium-close-up", "close-up", "medium", "full")
TIMES: Final = ("morning", "noon", "golden-hour", "dusk", "night")


class Drift(StrEnum):
    """What goes wrong."""

    HAIR = "hair"
    PLACE = "place"
    GHOST = "ghost"
    PASTE = "paste"


#: By number of the shot.
DRIFTS: Final[Mapping[int, Drift]] = {7: Drift.HAIR, 11: Drift.PLACE, 15: Drift.GHOST, 19: Drift.PASTE}


@dataclass(frozen=True)
class DriftFilm:
    """A film of twenty shots, two characters and two places.

    Args:
        seed: settles everything.
        fixed: values of shots instead of drawn ones, by number, e.g. `{7: {"shot_size": "medium"}}`.
        words: values of the film instead of drawn ones: `hair`, `other_hair`, `costumes`, `places`, `times`.
    """

    seed: int
    fixed: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    words: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @cached_property
    def _dice(self) -> random.Random:
        return random.Random(self.seed)

    @cached_property
    def project(self) -> ProjectSettings:
        return ProjectSettings(project_id=f"drift-{self.seed}", title="Drift", width=WIDTH, height=HEIGHT)

    @cached_property
    def _engine(self) -> ImageEngine:
        return ImageEngine(project=self.project)

    @cached_property
    def _costumes(self) -> tuple[tuple[str, str], ...]:
        return tuple(self.words.get("costumes") or self._dice.sample(COSTUMES, 3))

    @cached_property
    def _bare_cast(self) -> tuple[Character, ...]:
        """Two of the story, and a third that belongs to no shot."""
        hair = self.words.get("hair") or [self._dice.choice(HAIR) for _ in range(3)]
        return tuple(
            Character(
                id=f"c{number}",
                name=("Mira", "Arun", "Stranger")[number],
                description="Somebody of the story.",
                appearance={
                    "hair": f"{self._dice.choice(('long', 'short', 'curly'))} {hair[number]} hair",
                    "skin": self._dice.choice(("warm brown", "pale", "dark brown", "olive")),
                    "build": self._dice.choice(("tall and lean", "stocky", "slim")),
                },
                wardrobe=[{"costume_id": "own", "garments": [{"name": name, "colour": colour}], "scenes": ["a", "b"]}],
                seed=self._dice.randrange(10**6),
            )
            for number, (name, colour) in enumerate(self._costumes)
        )

    @cached_property
    def _bare_places(self) -> tuple[Location, ...]:
        """Two of the story, and a third that belongs to no shot."""
        kinds = self.words.get("places") or self._dice.sample(PLACES, 3)
        times = self.words.get("times") or [self._dice.choice(TIMES) for _ in range(3)]
        return tuple(
            Location(
                id=f"p{number}",
                name=kind.title(),
                description=f"A {kind}.",
                location_type=kind,
                time_of_day=times[number],
                seed=self._dice.randrange(10**6),
            )
            for number, kind in enumerate(kinds)
        )

    @cached_property
    def shots(self) -> tuple[Shot, ...]:
        self._bare_cast, self._bare_places  # noqa: B018 - drawn before the shots, in one order
        return tuple(self._shot(number) for number in range(1, SHOTS + 1))

    def _shot(self, number: int) -> Shot:
        dice = self._dice
        cast = dice.choice((["c0"], ["c1"], ["c0"], ["c0", "c1"]))
        values: dict[str, Any] = {
            "shot_id": f"sh{number:02}",
            "code": f"SH{number:02}",
            "scene_id": "a" if number <= SHOTS // 2 else "b",
            "shot_number": number,
            "story_order": number,
            "description": "The story goes on.",
            "shot_size": dice.choice(SIZES),
            "camera_angle": dice.choice(("eye-level", "eye-level", "low-angle", "high-angle")),
            "cast": cast,
            "location_id": "p0" if number <= SHOTS // 2 else "p1",
            "framing": "two-shot" if len(cast) > 1 else "single",
        }
        return Shot.model_validate({**values, **self.fixed.get(number, {})})

    @cached_property
    def references(self) -> Mapping[str, bytes]:
        """Pictures by object key: two of each character in even light, three of each place in its own."""
        found = {}
        cast, places = self._bare_cast[:2], self._bare_places[:2]
        shots = dict(zip(("full", "medium-close-up"), ("front", "three-quarter"), strict=True))
        for number, person in enumerate(cast):
            for size, facing in shots.items():
                scene = self._scene(Shot(scene_id="a", shot_id="x", description="x", shot_size=size), [person], None)
                studio = {"location": PrevizLocation(id="studio", location_type="room"), "facing": facing}
                even = {"time_of_day": "noon", "lighting": "soft", "composition": "center", **studio}
                found[f"sheets/c{number}-{size}.png"] = render(scene.model_copy(update=even))
        for number, place in enumerate(places):
            for size in ("extreme-wide", "wide", "medium"):
                shot = Shot(scene_id="a", shot_id=f"x{size}", description="x", shot_size=size, location_id=place.id)
                found[f"plates/p{number}-{size}.png"] = render(self._scene(shot, [], place))
        return found

    @cached_property
    def cast(self) -> tuple[Character, ...]:
        return tuple(self._shown(person, "sheets", {}) for person in self._bare_cast[:2])

    @cached_property
    def places(self) -> tuple[Location, ...]:
        return tuple(
            self._shown(place, "plates", {"time_of_day": place.time_of_day}) for place in self._bare_places[:2]
        )

    def _shown(self, entity: Any, folder: str, values: Mapping[str, Any]) -> Any:
        keys = [key for key in self.references if key.startswith(f"{folder}/{entity.id}-")]
        images = tuple(ReferenceImage(uri=f"s3://ice/{key}", **values) for key in keys)
        return entity.model_copy(update={"reference_images": images})

    def request(self, shot: Shot) -> GenerationRequested:
        """What a worker is asked for a shot."""
        cast = {person.id: person for person in self.cast}
        seen = [cast[member.character_id] for member in shot.cast]
        place = next((item for item in self.places if item.id == shot.location_id), None)
        return asked_in(self._engine.generate_shot_image(shot, seen, place))

    def _scene(self, shot: Shot, cast: list[Character], place: Location | None) -> PrevizScene:
        asked = asked_in(self._engine.generate_shot_image(shot, cast, place))
        return scene_of(ImageJob.from_request(asked))

    def drawn(self, job: ImageJob, drift: Drift | None = None) -> bytes:
        """The frame of a job, as planned or drifted."""
        scene = scene_of(job)
        if drift is None:
            return render(scene)
        dice = random.Random(f"{self.seed}-{drift}")
        if drift is Drift.PASTE:
            return self._pasted(render(scene), job.cast[0].character_id, dice)
        return render(scene.model_copy(update=self._changes(scene, drift, dice)))

    def _changes(self, scene: PrevizScene, drift: Drift, dice: random.Random) -> dict[str, Any]:
        if drift is Drift.HAIR:
            lead, *others = scene.characters
            own = next(person for person in self._bare_cast if person.id == lead.id).appearance["hair"]
            colours = [name for name in OTHER_HAIR if not _alike(str(own), name)]
            hair = self.words.get("other_hair") or dice.choice(colours)
            return {"characters": (lead.model_copy(update={"hair": f"long {hair} hair"}), *others)}
        if drift is Drift.PLACE:
            elsewhere = self._bare_places[2]
            return {
                "location": PrevizLocation(id="elsewhere", name=elsewhere.name, location_type=elsewhere.location_type)
            }
        stranger = self._bare_cast[2]
        garment, colour = self._costumes[2]
        ghost = PrevizCharacter(
            id="ghost",
            seed=stranger.seed or 0,
            name="Stranger",
            hair=str(stranger.appearance["hair"]),
            skin=str(stranger.appearance["skin"]),
            garments=(f"{colour} {garment}",),
        )
        coverage = "two-shot" if len(scene.characters) < 2 else "three-shot"
        return {"characters": (*scene.characters, ghost), "coverage": coverage}

    def _pasted(self, frame: bytes, character_id: str, dice: random.Random) -> bytes:
        image = Image.open(io.BytesIO(frame)).convert("RGB")
        reference = Image.open(io.BytesIO(self.references[f"sheets/{character_id}-full.png"])).convert("RGB")
        height = round(image.height * dice.uniform(0.5, 0.98))
        small = reference.resize((round(height * reference.width / reference.height), height))
        image.paste(small, (dice.randint(0, max(0, image.width - small.width)), image.height - height))
        out = io.BytesIO()
        image.save(out, "PNG")
        return out.getvalue()


def _alike(words: str, colour: str) -> bool:
    own = next(name for name in sorted(HAIR, key=len, reverse=True) if name in words)
    return own == colour or any({own, colour} <= group for group in _ALIKE)
