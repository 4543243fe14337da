"""Clothes from free text: which garments, cut how, in which colours."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.build import Build
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.scene import PrevizCharacter


class Garment(NamedTuple):
    """One piece of clothing.

    Attributes:
        kind: cut, such as "coat" or "sari".
        colour: of the cloth in white light.
        trim: of borders and buttons.
        hem: height of the lower edge in statures.
        flare: how far the lower edge stands out, in statures.
        sleeve: 0 none, 0.4 short, 1 to the wrist.
    """

    kind: str
    colour: RGB
    trim: RGB
    hem: float = 0.5
    flare: float = 0.0
    sleeve: float = 1.0


class Outfit(NamedTuple):
    """All that a person wears. Absent pieces are None."""

    top: Garment
    lower: Garment
    outer: Garment | None
    drape: Garment | None
    shoes: Garment
    hat: Garment | None
    neckwear: Garment | None
    belt: RGB | None
    jewels: RGB | None
    glasses: str
    gloves: RGB | None
    bag: RGB | None


# word -> slot, kind, hem, flare, sleeve, colour when none is named
_Cut = tuple[str, str, float, float, float, str]
_CUTS: Final[dict[str, _Cut]] = {}


def _cut(
    words: str, slot: str, kind: str, colour: str, hem: float = 0.5, flare: float = 0.0, sleeve: float = 1.0
) -> None:
    for word in words.split():
        _CUTS[word] = (slot, kind, hem, flare, sleeve, colour)


_cut("trenchcoat trench overcoat greatcoat raincoat duster mackintosh parka", "outer", "coat", "a08a64", 0.27, 0.045)
_cut("coat topcoat peacoat", "outer", "coat", "5a5060", 0.30, 0.045)
_cut("jacket blazer tuxedo suit sportcoat doublet bomber bolero", "outer", "jacket", "383c4c", 0.475, 0.012)
_cut("cardigan hoodie fleece", "outer", "jacket", "6a7078", 0.47, 0.012)
_cut("uniform", "outer", "jacket", "2f3f5c", 0.47, 0.012)
_cut("vest waistcoat gilet", "outer", "vest", "4a3c34", 0.50, 0.0, 0.0)
_cut("cloak cape mantle poncho burnous", "outer", "cloak", "3c4a3a", 0.20, 0.07, 0.0)
_cut("labcoat lab", "outer", "coat", "eceae4", 0.36, 0.03)
_cut("apron", "outer", "apron", "d8d0c0", 0.34, 0.02, 0.0)
_cut("shirt button-down oxford", "top", "shirt", "e4e0d6")
_cut("tshirt tee polo singlet jersey", "top", "tee", "c8ccd0", 0.5, 0.0, 0.4)
_cut("tank camisole undershirt", "top", "tee", "e8e4dc", 0.5, 0.0, 0.0)
_cut("sweater jumper pullover turtleneck sweatshirt", "top", "sweater", "7a6a5a")
_cut("blouse", "top", "blouse", "ead8cc")
_cut("kurta kurti sherwani tunic achkan kameez", "top", "tunic", "d8b878", 0.30, 0.03)
_cut("choli bodice", "top", "choli", "b03040", 0.60, 0.0, 0.4)
_cut("armor armour mail breastplate", "top", "armour", "8c929c", 0.46, 0.02)
_cut("dress gown frock sundress", "dress", "dress", "8a3a4a", 0.20, 0.075, 0.0)
_cut("robe robes habit cassock toga vestment kaftan abaya", "dress", "robe", "8a6a4a", 0.05, 0.05, 1.0)
_cut("kimono hanbok cheongsam qipao hanfu yukata", "dress", "robe", "a03c50", 0.06, 0.03, 1.0)
_cut("sari saree", "sari", "sari", "c22f35", 0.03, 0.05, 0.4)
_cut("lehenga ghagra ghaghra", "lehenga", "lehenga", "c22f35", 0.04, 0.13, 0.4)
_cut(
    "trousers pants slacks chinos jeans leggings breeches pyjama pajama overalls dungarees",
    "lower",
    "trousers",
    "3a3c4a",
)
_cut("skirt petticoat", "lower", "skirt", "5a4a5a", 0.27, 0.06)
_cut("shorts trunks", "lower", "shorts", "8a7a5a", 0.30)
_cut("dhoti lungi sarong loincloth pitambara", "lower", "dhoti", "ecc640", 0.10, 0.03)
_cut("boots boot", "shoes", "boots", "3a2a22")
_cut("shoes brogues loafers sneakers trainers oxfords slippers", "shoes", "shoes", "2a2224")
_cut("heels pumps stilettos", "shoes", "heels", "9a2c38")
_cut("sandals chappals juttis", "shoes", "sandals", "7a5436")
_cut("barefoot anklets anklet", "shoes", "bare", "c09060")
_cut("fedora trilby", "hat", "fedora", "4a4448")
_cut("hat bowler homburg stetson boater sunhat", "hat", "fedora", "5a4c40")
_cut("cap beret flatcap newsboy eyeshade", "hat", "cap", "4c4a50")
_cut("beanie", "hat", "beanie", "5a4a44")
_cut("turban pagri pugree safa", "hat", "turban", "d8842c")
_cut("crown tiara mukut diadem", "hat", "crown", "e0b03c")
_cut("hood hooded", "hat", "hood", "4a4a44")
_cut("helmet helm", "hat", "helmet", "8c929c")
_cut("veil dupatta odhni chunni headscarf hijab pallu", "veil", "veil", "d8503c")
_cut("scarf muffler shawl stole uttariya", "neckwear", "scarf", "c8a040")
_cut("tie necktie", "neckwear", "tie", "7a2a34")
_cut("bowtie", "neckwear", "bowtie", "22202a")
_cut("necklace pendant pearls choker mala locket", "neckwear", "necklace", "e0b84a")
_cut("garland vanamala", "neckwear", "garland", "ee9c26")
_cut("belt holster", "belt", "belt", "3a2a22")
_cut("sash kamarband cummerbund", "belt", "sash", "d0902c")
_cut("glasses spectacles", "glasses", "glasses", "22202a")
_cut("sunglasses shades", "glasses", "sunglasses", "16141c")
_cut("gloves glove", "gloves", "gloves", "2a2428")
_cut(
    "jewellery jewelry ornaments bangles earrings bracelets gold-jewellery tikka nosering", "jewels", "jewels", "e0b03c"
)
_cut("bag satchel backpack knapsack", "bag", "bag", "6a4a30")

_INDIAN: Final = frozenset(
    ["indian", "traditional", "vedic", "hindu", "vrindavan", "rajasthani", "divine", "sacred", "temple", "gopi"]
)
_STRIPPED: Final = frozenset(
    ["boxer", "boxing", "wrestler", "swimmer", "swimming", "shirtless", "barechested", "trunks"]
)
_GOLD: Final = colours.rgb("d9a638")


class _Wishes:
    """What the words ask for, by slot."""

    def __init__(self, person: PrevizCharacter) -> None:
        self.slots: dict[str, tuple[_Cut, RGB | None]] = {}
        self.trims: list[RGB] = []
        for text in (*person.garments, *person.accessories):
            self._read(text)
        if not person.garments:
            self._read(person.description)
        self.spare = [c for text in person.colours for c in colours.find_all(text)]
        self.words = set(colours.tokens(" ".join((*person.garments, person.description))))

    def _read(self, text: str) -> None:
        pending: list[RGB] = []
        for phrase in _phrases(_one_word(text)):
            pending = colours.find_all(phrase) or pending
            for word in colours.tokens(phrase):
                cut = _CUTS.get(word)
                if cut is None:
                    continue
                slot = cut[0]
                if slot == "outer" and slot in self.slots and "lower" not in self.slots:
                    slot = "lower"  # a suit under a coat shows as its trousers
                    cut = (slot, "trousers", 0.5, 0.0, 1.0, cut[5])
                if slot not in self.slots:
                    self.slots[slot] = (cut, pending[0] if pending else None)
                    self.trims += pending[1:]

    def garment(self, slot: str) -> Garment | None:
        """Return the piece asked for in a slot, in its own colour, else a colour that is still to spare."""
        if slot not in self.slots:
            return None
        (_, kind, hem, flare, sleeve, usual), colour = self.slots[slot]
        if colour is None and slot not in {"shoes", "glasses", "belt", "jewels", "gloves", "bag"}:
            colour = self.spare.pop(0) if self.spare else None
        made = colour or colours.rgb(usual)
        return Garment(kind, made, self.trim(made), hem, flare, sleeve)

    def trim(self, cloth: RGB) -> RGB:
        """Return the colour of the borders of a cloth."""
        if self.trims:
            return self.trims[0]
        return self.spare[0] if self.spare else colours.mix(cloth, colours.BLACK, 0.35)


def outfit_of(person: PrevizCharacter, build: Build) -> Outfit:
    """Return the clothes that a person's words describe; the seed dresses who is not described."""
    dice = Dice("wardrobe", person.id, person.seed)
    wishes = _Wishes(person)
    slots = wishes.slots
    if not {"outer", "top", "dress", "sari", "lehenga", "lower"} & set(slots):
        _dress_unasked(wishes, build, dice)
    outer = wishes.garment("outer")
    whole = wishes.garment("sari") or wishes.garment("lehenga") or wishes.garment("dress")
    veil = wishes.garment("veil")
    if whole is not None:
        top, lower, drape = _of_whole(whole, veil, wishes)
    else:
        lower = wishes.garment("lower") or _lower_for(outer, dice, build)
        stripped = not build.feminine and outer is None and bool(_STRIPPED & wishes.words)
        top = wishes.garment("top") or (_bare(build) if stripped else _top_under(outer, lower, build, dice))
        drape = veil
    head = wishes.garment("hat")
    jewels = wishes.garment("jewels")
    belt, gloves, bag = wishes.garment("belt"), wishes.garment("gloves"), wishes.garment("bag")
    indian = bool(_INDIAN & wishes.words) or (whole is not None and whole.kind in {"sari", "lehenga"})
    bare = lower.kind == "dhoti" or indian
    return Outfit(
        top=top,
        lower=lower,
        outer=outer,
        drape=drape,
        shoes=wishes.garment("shoes") or _shoes(build, bare=bare),
        hat=head,
        neckwear=wishes.garment("neckwear"),
        belt=belt.colour if belt else _belt_of(outer, lower),
        jewels=jewels.colour if jewels else (_GOLD if indian and build.feminine else None),
        glasses=slots["glasses"][0][1] if "glasses" in slots else "",
        gloves=gloves.colour if gloves else None,
        bag=bag.colour if bag else None,
    )


_COMPOUNDS: Final = (
    ("dress shirt", "shirt"), ("dress suit", "suit"), ("dress coat", "jacket"), ("dress shoes", "shoes"),
        ("bow tie", "bowtie"),
    ("dressing gown", "robe"), ("night gown", "robe"), ("head scarf", "headscarf"), ("shoulder cloth", "uttariya"),
    ("long coat", "overcoat"), ("fur coat", "overcoat"), ("rain coat", "raincoat"), ("lab coat", "labcoat"),
        ("waist coat", "waistcoat"),
    ("tank top", "camisole"), ("t-shirt", "tshirt"), ("oil lamp", "lamp"),
)  # fmt: skip


def _one_word(text: str) -> str:
    """Return the text with garments of two words written as one, so that a dress shirt is no dress."""
    text = text[:2000].casefold()
    for two, one in _COMPOUNDS:
        text = text.replace(two, one)
    return text


def _phrases(text: str) -> Iterable[str]:
    """Return the parts of a text that may hold a garment each; "red and gold sari" stays whole."""
    for mark in (" with ", ";", ".", " over "):
        text = text.replace(mark, ",")
    for part in text[:2000].split(","):
        pieces = part.split(" and ")
        held = pieces[0]
        for piece in pieces[1:]:
            if any(word in _CUTS for word in colours.tokens(held)):
                yield held.strip()
                held = piece
            else:
                held = f"{held} {piece}"
        yield held.strip()


def _dress_unasked(wishes: _Wishes, build: Build, dice: Dice) -> None:
    plan: tuple[str, ...]
    if _INDIAN & wishes.words:
        plan = ("lehenga",) if build.feminine else ("dhoti", "shawl")
    elif build.feminine:
        plan = dice.pick((("dress",), ("blouse", "skirt"), ("coat", "trousers"), ("sweater", "trousers")))
    else:
        plan = dice.pick((("jacket", "trousers"), ("coat", "trousers"), ("sweater", "trousers"), ("shirt", "trousers")))
    seeded = dice.shuffled(("8a3a44", "3d6a78", "5a6a48", "b08a4a", "54507a", "9a5a3a", "44606a"))
    for word, code in zip(plan, seeded, strict=False):
        cut = _CUTS[word]
        colour = wishes.spare.pop(0) if wishes.spare else colours.rgb(code)
        wishes.slots[cut[0]] = (cut, colour)


def _of_whole(whole: Garment, veil: Garment | None, wishes: _Wishes) -> tuple[Garment, Garment, Garment | None]:
    """Split a dress, sari or lehenga into bodice, skirt and drape."""
    asked = wishes.garment("top")
    skirt = whole._replace(kind="skirt" if whole.kind != "robe" else "robe")
    if whole.kind == "dress":
        bodice = asked or whole._replace(kind="dress", hem=0.53)
        return bodice, skirt, veil
    if whole.kind == "robe":
        return whole._replace(hem=0.5), skirt, veil
    trim = whole.trim if wishes.trims or wishes.spare else _GOLD
    skirt = skirt._replace(trim=trim)
    choli = asked or whole._replace(kind="choli", trim=trim, colour=colours.mix(whole.colour, trim, 0.18))
    drape = veil or whole._replace(kind="pallu" if whole.kind == "sari" else "veil", trim=trim)
    return choli._replace(hem=0.61), skirt, drape._replace(trim=trim)


def _lower_for(outer: Garment | None, dice: Dice, build: Build) -> Garment:
    if outer is not None and outer.kind == "jacket":
        cloth = colours.mix(outer.colour, colours.BLACK, 0.15)
    else:
        cloth = colours.rgb(dice.pick(("2e3040", "3a3a42", "46403a", "343c48")))
    kind, hem, flare = ("skirt", 0.28, 0.02) if build.feminine and dice.happens(0.25) else ("trousers", 0.5, 0.0)
    return Garment(kind, cloth, colours.mix(cloth, colours.BLACK, 0.3), hem, flare)


def _bare(build: Build) -> Garment:
    return Garment("bare", build.skin, build.skin, 0.5, 0.0, 0.0)


def _top_under(outer: Garment | None, lower: Garment, build: Build, dice: Dice) -> Garment:
    if lower.kind == "dhoti" and not build.feminine and outer is None:
        return _bare(build)
    code = dice.pick(("e6e2d8", "d8d2c8", "c8ccd4", "dccfb8")) if outer else dice.pick(("8a9098", "a8805a", "6a7a88"))
    cloth = colours.rgb(code)
    return Garment("shirt", cloth, colours.mix(cloth, colours.BLACK, 0.3), 0.5, 0.0, 1.0)


def _shoes(build: Build, *, bare: bool) -> Garment:
    if bare:
        return Garment("bare", build.skin, build.skin)
    leather = colours.rgb("241e24")
    return Garment("shoes", leather, leather)


def _belt_of(outer: Garment | None, lower: Garment) -> RGB | None:
    if outer is not None and outer.kind == "coat":
        return colours.mix(outer.colour, colours.BLACK, 0.3)
    return colours.rgb("2c2220") if lower.kind in {"trousers", "shorts"} and outer is None else None
