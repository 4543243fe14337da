"""A person of the shot, read from words once: body, clothes, hair, face, gesture, what the hands hold."""

import re
from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.build import Build, build_of
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.expressions import Expression, expression_of
from services.generation.providers.previz.hair import Hair, hair_of
from services.generation.providers.previz.held import HOLDS, held_named
from services.generation.providers.previz.places.catalogue import CABINS, CARS, kit_named
from services.generation.providers.previz.poses import EMBRACES, POSES, Pose, pose_at_rest, pose_named
from services.generation.providers.previz.scene import PrevizCharacter, PrevizScene
from services.generation.providers.previz.seating import behind_the_wheel, drives, in_a_seat
from services.generation.providers.previz.wardrobe import Outfit, outfit_of


class Actor(NamedTuple):
    """One person, ready to be placed.

    Attributes:
        held: kind of the prop in the hand, or "". mirrored: swaps left and right of the gesture.
        plume: True wears a peacock feather. eyes: colour of the iris.
    """

    id: str
    build: Build
    outfit: Outfit
    hair: Hair
    expression: Expression
    pose_name: str
    pose: Pose
    mirrored: bool
    held: str
    held_colour: RGB
    plume: bool
    scar: bool
    eyes: RGB

    @property
    def holding(self) -> str:
        """The side of the hand that may hold something: "r" or "l"."""
        free = self.pose.free_hand or "right"
        if self.mirrored:
            free = "left" if free == "right" else "right"
        return free[0]


def actors_of(scene: PrevizScene) -> list[Actor]:
    """Return everyone in the shot, in the shot's order."""
    actors = [_actor(scene, person, index) for index, person in enumerate(scene.characters)]
    kit = kit_named(scene.location)
    if kit in CABINS:
        return _in_seats(scene, actors, wheel=kit in CARS)
    actors = _on_the_ground(actors)
    return _paired(actors) if len(actors) == 2 and scene.shot_size != "insert" else actors


def _on_the_ground(actors: list[Actor]) -> list[Actor]:
    """Return everyone, who sits sitting on the ground if one of them does."""
    if not any(a.pose_name == "sit_floor" for a in actors):
        return actors
    return [a._replace(pose_name="sit_floor", pose=POSES["sit_floor"]) if a.pose_name == "sit" else a for a in actors]


def _paired(actors: list[Actor]) -> list[Actor]:
    """Return two people, the second's gesture answering the first's: it takes two to embrace, dance or shake hands."""
    names = [actor.pose_name for actor in actors]
    for pose, answer in (("embrace_behind", "held_behind"), ("kiss", "kiss"), ("dance", "waltz"), ("shake", "shake")):
        if pose in names and (pose != "dance" or names == ["dance", "dance"]):
            first = names.index(pose)
            led = "waltz" if pose == "dance" else pose
            return [_doing(a, led if i == first else answer) for i, a in enumerate(actors)]
    if not EMBRACES & set(names):
        return actors
    made = [a if a.pose_name in EMBRACES else _doing(a, "embrace") for a in actors]
    small, tall = sorted(made, key=lambda a: a.build.stature)
    if small.build.stature < 0.74 * tall.build.stature and small.pose_name == tall.pose_name == "embrace":
        return [_doing(a, "embrace_low") if a is tall else a for a in made]  # down to a child
    return made


def _in_seats(scene: PrevizScene, actors: list[Actor], *, wheel: bool) -> list[Actor]:
    """Return everyone sitting; in a car, which has a wheel, one of them drives unless all sit in the back."""
    led = not wheel or any(a.pose_name == "drive" for a in actors)
    made: list[Actor] = []
    for i, a in enumerate(actors):
        if drives(scene, a.pose_name, a.build.age, first=not led and i == 0):
            made.append(
                a._replace(
                    pose_name="drive", pose=behind_the_wheel(a.pose_name, a.build.stature), held="", mirrored=False
                )
            )
        else:
            made.append(a._replace(pose=in_a_seat(a.pose, a.build.stature)))
    return made


def _doing(actor: Actor, name: str) -> Actor:
    return actor._replace(pose_name=name, pose=POSES[name], held="")


def _actor(scene: PrevizScene, person: PrevizCharacter, index: int) -> Actor:
    build = build_of(person)
    dice = Dice("gesture", person.id, person.seed, scene.seed)
    doing = person.action or clause_about(person.name or person.id, f"{scene.action}. {scene.description}", scene)
    name = pose_named(doing)
    if name is None and len(scene.characters) < 2:
        name = pose_named(f"{scene.action} {scene.description}")
    if name == "lie" and _abed(scene, doing):
        name = "lie_in_bed"
    # Who reaches for a thing does not have it yet.
    held, held_colour = _held(person, f"{doing} {scene.prop_in_focus}" if name != "reach" else "")
    if scene.shot_size == "insert" and index == 0 and scene.prop_in_focus:
        held = held_named(scene.prop_in_focus) or held or "object"
        held_colour = colours.find(scene.prop_in_focus) or colours.rgb(HOLDS[held].colour)
        name = "present" if len(scene.characters) < 2 else "give"
    if scene.shot_size == "insert" and index == 1:
        name, held = "give", ""
    talking = scene.coverage in {"two-shot", "three-shot", "over-the-shoulder", "reverse"} or len(scene.characters) > 1
    if name is None:
        name = HOLDS[held].pose if held and HOLDS[held].pose else pose_at_rest(dice, talking=talking)
    pose = POSES[name]
    if name in _USUAL_PROP and HOLDS.get(held, HOLDS["object"]).pose != name and held not in _ALSO.get(name, ()):
        held = _USUAL_PROP[name]
        held_colour = colours.rgb(HOLDS[held].colour)
    words = colours.tokens(" ".join((*person.accessories, *person.static_features, person.description, person.hair)))
    return Actor(
        id=person.id,
        build=build,
        outfit=outfit_of(person, build),
        hair=hair_of(person, build),
        expression=expression_of(person.expression, doing, scene.mood),
        pose_name=name,
        pose=pose,
        mirrored=bool((index + dice.count(0, 1)) % 2) if pose.free_hand else bool(index % 2),
        held=held if pose.free_hand or held == _USUAL_PROP.get(name) or (held and HOLDS[held].pose == name) else "",
        held_colour=held_colour,
        plume="feather" in words or "plume" in words,
        scar="scar" in words or "scarred" in words,
        eyes=_eyes(person, dice),
    )


def clause_about(name: str, text: str, scene: PrevizScene) -> str:
    """Return the part of a text that tells what one person does: from the name to the next person's."""
    text = text[:4000]
    start = _mention(name, text)
    if start < 0:
        return "" if len(scene.characters) > 1 else text
    ends = [_mention(other.name or other.id, text, start + 1) for other in scene.characters]
    later = [e for e in ends if e > start + len(name)]
    return text[start : min(later)] if later else text[start:]


def _mention(name: str, text: str, start: int = 0) -> int:
    first = name.split(maxsplit=1)[0] if name.split() else ""
    if len(first) < 2:
        return -1
    if first.casefold() in {"the", "a", "an", "mr", "mrs", "dr", "detective", "inspector", "lord"}:
        first = name.rsplit(maxsplit=1)[-1]
    found = re.compile(re.escape(first), re.IGNORECASE).search(text, start)
    return found.start() if found else -1


def _held(person: PrevizCharacter, doing: str) -> tuple[str, RGB]:
    for text in (*person.props, *person.accessories, doing):
        kind = held_named(text)
        if kind == "garland" and text in person.accessories:
            continue  # worn, not held
        if kind:
            colour = colours.find(text) if text != doing else None
            return kind, colour or colours.rgb(HOLDS[kind].colour)
    return "", colours.WHITE


_USUAL_PROP: Final = {
    "drink": "glass", "smoke": "cigarette", "read": "paper", "phone": "phone", "text": "phone",
    "aim": "gun", "propose": "ring", "flute": "flute", "head_carry": "pot",
}  # fmt: skip


_ALSO: Final = {"drink": ("cup", "bottle"), "text": ("phone",), "propose": ("ring", "flower")}
"""What a gesture may hold beside its usual prop."""

_BEDS: Final = frozenset(["bed", "bedroom", "hospital", "ward", "bedside", "mattress", "cot"])
_HARD: Final = frozenset(["floor", "ground", "street", "dead", "corpse", "pavement", "grass"])


def _abed(scene: PrevizScene, doing: str) -> bool:
    """Return whether who lies does so in a bed: one is named, and nothing harder."""
    place = scene.location
    words = set(colours.tokens(f"{doing} {place.name} {place.description} {' '.join(place.landmarks)}"))
    return bool(words & _BEDS) and not set(colours.tokens(doing)) & _HARD


def _eyes(person: PrevizCharacter, dice: Dice) -> RGB:
    found = re.search(r"([\w-]+)\s+eyes", person.description.casefold())
    named = colours.find(found.group(1)) if found else None
    return named or colours.rgb(dice.pick(("4a3020", "3a2618", "5a4028", "50604a", "4a6478")))
