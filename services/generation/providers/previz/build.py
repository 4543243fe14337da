"""The body of a person: stature, proportions, age, skin and face, read from free text and a seed."""

import re
from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import clamp
from services.generation.providers.previz.scene import PrevizCharacter


class Build(NamedTuple):
    """Proportions. Lengths are fractions of the stature unless said.

    Attributes:
        stature: metres, standing.
        feminine: True draws narrower shoulders, wider hips and a finer jaw.
        shoulder, waist, hip: half widths.
        depth: half depth of the chest.
        limb: thickness factor, 1 is average.
        head: height of the head.
        leg: length factor of the legs, 1 is adult.
        stoop: degrees that the back leans forward at rest.
        age: years, roughly.
        skin: colour in white light.
        jaw: width factor of the jaw.
        brow: heaviness of the brows, about 1.
        nose: length factor.
        beard: "", "stubble", "moustache" or "beard".
        wrinkles: True past middle age.
    """

    stature: float
    feminine: bool
    shoulder: float
    waist: float
    hip: float
    depth: float
    limb: float
    head: float
    leg: float
    stoop: float
    age: float
    skin: RGB
    jaw: float
    brow: float
    nose: float
    beard: str
    wrinkles: bool

    @property
    def young(self) -> float:
        """How much of a child's face there is: 0 grown up, 1 at six and younger."""
        return clamp((15.0 - self.age) / 9.0, 0.0, 1.0)


_FEMININE: Final = frozenset(
    [
        "woman",
        "women",
        "girl",
        "female",
        "lady",
        "she",
        "her",
        "hers",
        "queen",
        "princess",
        "mother",
        "grandmother",
        "daughter",
        "sister",
        "wife",
        "actress",
        "waitress",
        "goddess",
        "nun",
        "bride",
        "maiden",
        "heroine",
        "matriarch",
        "aunt",
        "niece",
        "gopi",
        "fatale",
        "femme",
        "sari",
        "saree",
        "lehenga",
        "skirt",
        "gown",
        "dress",
        "blouse",
        "heels",
        "dupatta",
        "bindi",
        "ms",
        "mrs",
        "miss",
        "madam",
        "priestess",
        "seamstress",
        "stewardess",
        "widow",
        "witch",
        "ballerina",
        "singer",
        "radha",
        "heiress",
        "hostess",
    ]
)
_MASCULINE: Final = frozenset(
    [
        "man",
        "men",
        "boy",
        "male",
        "gentleman",
        "he",
        "him",
        "his",
        "king",
        "prince",
        "father",
        "grandfather",
        "son",
        "brother",
        "husband",
        "actor",
        "waiter",
        "god",
        "monk",
        "groom",
        "lord",
        "hero",
        "patriarch",
        "uncle",
        "nephew",
        "guy",
        "bloke",
        "mr",
        "sir",
        "beard",
        "bearded",
        "moustache",
        "mustache",
        "tie",
        "dhoti",
        "turban",
        "cowherd",
        "policeman",
        "fisherman",
        "priest",
        "krishna",
        "bouncer",
        "henchman",
    ]
)
_SKIN: Final[tuple[tuple[str, str], ...]] = (
    ("porcelain", "f0d6c4"), ("pale", "eaccb6"), ("fair", "e6c0a2"), ("light", "dfb592"), ("freckled", "e2b898"),
    ("olive", "c49a72"), ("wheatish", "c8986c"), ("golden", "cf9a68"), ("tan", "c08a60"), ("medium", "b98360"),
    ("bronze", "a87048"), ("warm", "b57f56"), ("brown", "94603f"), ("dusky", "86563c"), ("dark", "6e442e"),
    ("deep", "5c3826"), ("ebony", "482c20"), ("black", "50321f"), ("blue", "5c84b8"), ("green", "7a9a60"),
    ("grey", "a09a98"), ("gray", "a09a98"), ("red", "b8604e"), ("weathered", "b08258"), ("ashen", "cbb8aa"),
)  # fmt: skip
_SEEDED_SKIN: Final = ("e2b898", "cf9a72", "b98360", "a06c48", "84543a", "dcb08c", "c48e66")
_AGES: Final[tuple[tuple[str, float], ...]] = (
    ("toddler", 3), ("child", 8), ("kid", 8), ("little", 8), ("girl", 10), ("boy", 10), ("schoolboy", 10),
    ("schoolgirl", 10), ("teen", 15), ("teenage", 15), ("teenager", 15), ("adolescent", 15), ("young", 22),
    ("twenties", 25), ("thirties", 34), ("forties", 45), ("fifties", 55), ("sixties", 65), ("seventies", 74),
    ("middle-aged", 48), ("middle", 48), ("old", 70), ("elderly", 74), ("elder", 70), ("aged", 70), ("ancient", 82),
    ("grandmother", 72), ("grandfather", 72), ("veteran", 52), ("weathered", 55), ("adult", 32),
)  # fmt: skip


def build_of(person: PrevizCharacter) -> Build:
    """Return the body that a person's words describe; the seed settles the rest."""
    dice = Dice("build", person.id, person.seed)
    about = _about(person)
    words = colours.tokens(about)
    feminine = _is_feminine(words, dice)
    age = _age(person, words)
    frame = _frame(words)
    stature = _measured(person.body) or _stature(words, age, feminine=feminine) * dice.between(0.98, 1.02)
    child = clamp((16.0 - age) / 12.0, 0.0, 1.0)
    old = clamp((age - 60.0) / 20.0, 0.0, 1.0)
    wide = frame * dice.between(0.97, 1.03)
    return Build(
        stature=stature,
        feminine=feminine,
        shoulder=(0.108 if feminine else 0.128) * (0.75 + 0.25 * wide) * (1.0 - 0.16 * child),
        waist=(0.070 if feminine else 0.084) * wide,
        hip=(0.094 if feminine else 0.086) * (0.4 + 0.6 * wide),
        depth=0.064 * (0.3 + 0.7 * wide),
        limb=(0.92 if feminine else 1.06) * (0.35 + 0.65 * wide),
        head=0.142 + 0.045 * child,
        leg=1.0 - 0.12 * child,
        stoop=2.0 + 13.0 * old,
        age=age,
        skin=_skin(person.skin or person.description, dice),
        jaw=dice.between(0.92, 1.02) if feminine else dice.between(0.98, 1.14),
        brow=(dice.between(0.75, 1.0) if feminine else dice.between(1.0, 1.45)) * (1.0 - 0.35 * child),
        nose=dice.between(0.9, 1.12) * (1.0 - 0.28 * child),
        beard=_beard(words, dice, feminine=feminine, age=age),
        wrinkles=age > 54,
    )


def _about(person: PrevizCharacter) -> str:
    parts = (person.name, person.description, person.body, person.age, person.hair, *person.static_features)
    return " ".join((*parts, *person.garments, *person.accessories))


def _is_feminine(words: list[str], dice: Dice) -> bool:
    for word in words:
        if word in _FEMININE:
            return True
        if word in _MASCULINE:
            return False
    return dice.happens(0.5)


def _age(person: PrevizCharacter, words: list[str]) -> float:
    number = re.search(r"\d{1,3}", person.age[:100])
    if number:
        return clamp(float(number.group()), 3.0, 95.0)
    for text in (colours.tokens(person.age), words):
        for word, years in _AGES:
            if word in text:
                return years
    return 30.0


def _frame(words: list[str]) -> float:
    for word in words:
        if word in {"thin", "lean", "slim", "slender", "skinny", "wiry", "gaunt", "petite", "lanky", "willowy"}:
            return 0.84
        if word in {"stocky", "broad", "muscular", "burly", "heavy", "stout", "big", "massive", "barrel", "bulky"}:
            return 1.28
        if word in {"fat", "plump", "round", "portly", "obese", "rotund"}:
            return 1.42
        if word in {"athletic", "strong", "sturdy"}:
            return 1.1
    return 1.0


def _measured(body: str) -> float | None:
    """Return a height that the words give in centimetres or metres, in metres."""
    found = re.search(r"(\d{2,3})\s*cm\b|(\d[.,]\d{1,2})\s*m\b", body[:200])
    if found is None:
        return None
    metres = float(found.group(1)) / 100.0 if found.group(1) else float(found.group(2).replace(",", "."))
    return clamp(metres, 0.6, 2.4)


def _stature(words: list[str], age: float, *, feminine: bool) -> float:
    adult = 1.66 if feminine else 1.78
    if "tall" in words or "towering" in words or "lanky" in words:
        adult += 0.10
    elif ("short" in words and "hair" not in words) or "petite" in words or "small" in words:
        adult -= 0.10
    if age < 17:
        adult *= 0.52 + 0.48 * (age - 2.0) / 15.0
    return adult - 0.05 * clamp((age - 60.0) / 20.0, 0.0, 1.0)


def _skin(text: str, dice: Dice) -> RGB:
    words = colours.tokens(text)
    for word in words:
        if word.startswith("#"):
            return colours.find(word) or colours.rgb(_SEEDED_SKIN[2])
    for name, code in _SKIN:
        if name in words and ("skin" in words or len(words) < 5 or "complexion" in words):
            return colours.rgb(code)
    return colours.rgb(dice.pick(_SEEDED_SKIN))


def _beard(words: list[str], dice: Dice, *, feminine: bool, age: float) -> str:
    if {"beard", "bearded", "goatee"} & set(words):
        return "beard"
    if {"moustache", "mustache", "mustachioed"} & set(words):
        return "moustache"
    if {"stubble", "stubbled", "unshaven"} & set(words):
        return "stubble"
    shaven = {"clean", "shaven", "cleanshaven"} & set(words)
    if feminine or age < 20 or shaven:
        return ""
    return "stubble" if dice.happens(0.25) else ""
