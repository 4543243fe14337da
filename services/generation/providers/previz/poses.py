"""Gestures as data: which way each limb points, and which words ask for which gesture.

Directions are in the body's own frame: x outwards from the body on either side, y up, z ahead.
"""

from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.geometry import Vec3

Limb = tuple[Vec3, Vec3]
"""Direction of the upper and of the lower part of an arm or a leg."""


class Pose(NamedTuple):
    """A gesture.

    Attributes:
        right_arm, left_arm, right_leg, left_leg: keys of `ARMS` and `LEGS`.
        lean: degrees forward of the back; sway: degrees to the right; twist: degrees the shoulders turn right.
        nod: degrees the head looks down; turn: degrees it looks right; tilt: degrees it tips right.
        weight: -1 to 1, all weight on the left or on the right leg.
        seat: height of the seat in statures, or None when the feet (or whatever is lowest) bear the body.
        recline: degrees the whole body tips back (90 lies on the back).
        lift: metres above the ground (a leap).
        free_hand: the hand that may hold a prop: "right", "left" or "".
    """

    right_arm: str = "hang"
    left_arm: str = "hang"
    right_leg: str = "stand"
    left_leg: str = "stand"
    lean: float = 0.0
    sway: float = 0.0
    twist: float = 0.0
    nod: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    weight: float = 0.0
    seat: float | None = None
    recline: float = 0.0
    lift: float = 0.0
    free_hand: str = "right"


ARMS: Final[dict[str, Limb]] = {
    "hang": ((0.16, -1.0, 0.0), (0.03, -1.0, 0.16)),
    "loose": ((0.26, -1.0, -0.06), (0.02, -0.95, 0.36)),
    "pocket": ((0.36, -0.95, -0.22), (-0.28, -0.86, 0.42)),
    "hip": ((0.74, -0.72, -0.22), (-0.82, -0.50, 0.22)),
    "crossed": ((0.16, -0.92, 0.30), (-0.96, 0.10, 0.36)),
    "chin": ((0.14, -0.86, 0.42), (-0.22, 0.92, 0.22)),
    "brow": ((0.42, -0.28, 0.75), (-0.42, 0.88, -0.10)),
    "point": ((0.30, -0.12, 0.95), (0.14, 0.02, 1.0)),
    "reach": ((0.18, -0.40, 0.92), (-0.05, 0.06, 1.0)),
    "offer": ((0.26, -0.86, 0.40), (0.16, 0.12, 0.96)),
    "explain": ((0.34, -0.90, 0.22), (0.46, 0.34, 0.80)),
    "wave": ((0.76, 0.10, 0.20), (0.20, 0.98, 0.10)),
    "raise": ((0.42, 0.86, 0.16), (0.10, 1.0, 0.06)),
    "spread": ((0.92, -0.34, 0.12), (0.88, 0.30, 0.26)),
    "carry": ((0.20, -0.95, 0.14), (-0.18, 0.08, 0.98)),
    "hold": ((0.20, -0.96, 0.10), (0.02, 0.46, 0.88)),
    "hold_up": ((0.24, -0.84, 0.40), (-0.02, 0.96, 0.24)),
    "phone": ((0.46, -0.80, 0.26), (-0.50, 0.90, -0.02)),
    "read": ((0.22, -0.92, 0.24), (-0.30, 0.36, 0.88)),
    "hug": ((0.40, -0.30, 0.86), (-0.78, 0.12, 0.56)),
    "pray": ((0.22, -0.94, 0.22), (-0.66, 0.60, 0.46)),
    "swing_ahead": ((0.08, -0.88, 0.46), (-0.06, -0.42, 0.90)),
    "swing_behind": ((0.16, -0.84, -0.54), (0.04, -0.96, -0.02)),
    "pump_ahead": ((0.12, -0.62, 0.66), (-0.20, 0.62, 0.70)),
    "pump_behind": ((0.26, -0.40, -0.84), (0.00, -0.94, 0.30)),
    "guard": ((0.34, -0.80, 0.46), (-0.26, 0.88, 0.40)),
    "punch": ((0.16, 0.02, 0.98), (-0.06, 0.04, 1.0)),
    "strike": ((0.50, 0.72, -0.16), (-0.10, 0.84, 0.40)),
    "lap": ((0.20, -0.92, 0.20), (-0.34, -0.16, 0.92)),
    "brace": ((0.34, -0.90, -0.36), (0.10, -0.98, -0.20)),
    "drink": ((0.32, -0.66, 0.52), (-0.44, 0.86, 0.02)),
    "smoke": ((0.24, -0.90, 0.26), (-0.16, 0.90, 0.34)),
    "flute": ((0.66, -0.62, 0.30), (0.30, 0.72, 0.55)),
    "flute_low": ((-0.62, -0.62, 0.50), (-0.74, 0.66, 0.14)),
    "present": ((0.40, -0.92, 0.04), (-0.74, 0.22, 0.56)),
    "balance": ((0.95, 0.10, 0.10), (0.86, 0.46, 0.10)),
    "flail": ((0.66, 0.66, 0.34), (0.44, 0.84, 0.42)),
    "table": ((0.30, -0.84, 0.50), (-0.42, -0.06, 0.90)),
    "wheel": ((0.18, -0.70, 0.70), (-0.12, 0.22, 0.97)),
    "aim": ((0.22, -0.04, 0.98), (-0.20, 0.02, 0.98)),
    "head_carry": ((0.70, 0.56, 0.12), (-0.46, 0.88, 0.06)),
    "behind": ((0.34, -0.88, -0.32), (-0.62, -0.60, -0.36)),
    "dance_high": ((0.68, 0.56, 0.20), (-0.30, 0.92, 0.14)),
    "dance_side": ((0.92, -0.18, 0.26), (0.66, 0.68, 0.30)),
    "heart": ((0.22, -0.90, 0.30), (-0.74, 0.54, 0.38)),
    "belly": ((0.34, -0.94, 0.06), (-0.80, -0.34, 0.34)),
    "slack": ((0.56, -0.80, -0.05), (0.36, -0.92, 0.02)),
    "hands_down": ((0.14, -0.40, 0.92), (0.02, -0.56, 0.82)),
    "sword": ((0.62, -0.70, 0.34), (0.36, 0.40, 0.84)),
    "screen": ((0.20, -0.92, 0.26), (-0.26, 0.66, 0.74)),
    "cover_face": ((0.30, -0.52, 0.78), (-0.46, 0.86, -0.10)),
}

LEGS: Final[dict[str, Limb]] = {
    "stand": ((0.05, -1.0, 0.02), (0.03, -1.0, -0.03)),
    "ease": ((0.20, -1.0, 0.16), (0.06, -1.0, -0.10)),
    "wide": ((0.28, -1.0, 0.04), (0.20, -1.0, -0.02)),
    "step_ahead": ((0.03, -0.90, 0.44), (0.00, -1.0, 0.06)),
    "step_behind": ((0.05, -0.96, -0.22), (0.02, -0.86, -0.56)),
    "run_ahead": ((0.04, -0.46, 0.90), (0.00, -0.98, -0.20)),
    "run_behind": ((0.06, -0.86, -0.48), (0.02, -0.20, -1.0)),
    "sit": ((0.14, -0.10, 0.98), (0.04, -1.0, 0.06)),
    "sit_out": ((0.20, -0.14, 0.96), (0.06, -0.92, 0.40)),
    "sit_over": ((-0.14, 0.10, 0.98), (0.24, -0.86, 0.44)),
    "cross_floor": ((0.72, -0.06, 0.70), (-0.96, -0.10, 0.20)),
    "kneel": ((0.12, -0.98, 0.18), (0.02, -0.03, -1.0)),
    "half_kneel": ((0.10, 0.02, 0.98), (0.02, -1.0, -0.06)),
    "lunge": ((0.10, -0.62, 0.78), (0.02, -1.0, -0.06)),
    "drive": ((0.10, -0.80, -0.56), (0.04, -0.88, -0.46)),
    "crouch": ((0.22, -0.20, 0.96), (0.06, -0.84, -0.52)),
    "lie": ((0.10, -1.0, 0.04), (0.03, -1.0, -0.02)),
    "lie_bent": ((0.12, -0.70, 0.70), (0.04, -0.76, -0.64)),
    "leap": ((0.18, -0.50, 0.84), (0.04, -0.86, 0.40)),
    "kick": ((0.10, -0.20, 0.97), (0.02, -0.10, 0.99)),
    "lifted": ((0.36, -0.46, 0.80), (-0.34, -0.92, -0.10)),
    "climb": ((0.24, 0.10, 0.96), (0.06, -1.0, 0.04)),
}

POSES: Final[dict[str, Pose]] = {
    "stand": Pose(right_leg="stand", left_leg="ease", weight=0.8),
    "stand_pocket": Pose("pocket", "loose", "stand", "ease", weight=0.7, turn=8, free_hand="left"),
    "stand_hip": Pose("loose", "hip", "stand", "ease", weight=0.9, sway=-2, tilt=-5),
    "stand_crossed": Pose("crossed", "crossed", "stand", "wide", lean=-3, weight=0.4, free_hand=""),
    "stand_behind": Pose("behind", "behind", "stand", "stand", lean=-3, nod=-4, free_hand=""),
    "walk": Pose("swing_behind", "swing_ahead", "step_ahead", "step_behind", lean=5, twist=-8, nod=2),
    "run": Pose("pump_behind", "pump_ahead", "run_ahead", "run_behind", lean=19, twist=-14, nod=-10, lift=0.03),
    "sneak": Pose("hold", "carry", "lunge", "drive", lean=24, nod=-14, twist=-8),
    "sit": Pose("lap", "lap", "sit", "sit_out", lean=4, seat=0.27, free_hand="right"),
    "sit_lean": Pose("table", "table", "sit", "sit", lean=20, nod=-6, seat=0.27),
    "sit_crossed": Pose("lap", "brace", "sit", "sit_over", lean=-8, seat=0.27, tilt=5),
    "sit_floor": Pose("lap", "lap", "cross_floor", "cross_floor", lean=2, free_hand="right"),
    "drive": Pose("wheel", "wheel", "sit", "sit", lean=-6, seat=0.2, lift=0.16, free_hand=""),
    "talk": Pose("explain", "loose", "stand", "ease", lean=3, weight=0.6, nod=2, tilt=4, free_hand="left"),
    "argue": Pose("point", "hip", "wide", "step_ahead", lean=10, twist=-10, nod=-2, free_hand=""),
    "listen": Pose("loose", "heart", "stand", "ease", weight=-0.6, tilt=8, nod=4, free_hand="right"),
    "look": Pose("hang", "loose", "stand", "ease", weight=0.6, nod=-6, turn=20),
    "look_up": Pose("loose", "loose", "stand", "ease", lean=-7, nod=-26, weight=0.5),
    "look_down": Pose("pocket", "hang", "stand", "ease", lean=5, nod=26, weight=0.6, free_hand="left"),
    "shade_eyes": Pose("loose", "brow", "stand", "wide", lean=2, nod=-4, weight=0.4),
    "think": Pose("chin", "crossed", "stand", "ease", weight=0.7, tilt=6, nod=6, free_hand=""),
    "embrace": Pose("hug", "hug", "stand", "ease", lean=7, nod=6, weight=0.4, free_hand=""),
    "embrace_low": Pose("hug", "hug", "kneel", "kneel", lean=4, nod=2, free_hand=""),
    "embrace_behind": Pose("hug", "hug", "stand", "ease", lean=6, nod=8, weight=0.4, free_hand=""),
    "held_behind": Pose("heart", "heart", "stand", "ease", lean=-3, nod=4, weight=0.4, free_hand=""),
    "kiss": Pose("hug", "hug", "stand", "ease", lean=5, weight=0.4, free_hand=""),
    "shake": Pose("offer", "loose", "stand", "ease", lean=5, weight=0.5, free_hand=""),
    "push": Pose("reach", "reach", "lunge", "drive", lean=16, nod=-4, free_hand=""),
    "stagger": Pose("flail", "balance", "step_ahead", "step_behind", lean=-17, nod=-4, sway=5, free_hand=""),
    "crawl": Pose("hands_down", "hands_down", "kneel", "kneel", lean=76, nod=-30, free_hand=""),
    "waltz": Pose("hug", "offer", "stand", "step_ahead", lean=-2, nod=2, free_hand=""),
    "propose": Pose("hold_up", "heart", "kneel", "half_kneel", lean=4, nod=-16, free_hand="right"),
    "pray_kneel": Pose("pray", "pray", "kneel", "kneel", lean=4, nod=18, free_hand=""),
    "text": Pose("screen", "loose", "stand", "ease", nod=22, weight=0.6, free_hand="right"),
    "hold_hands": Pose("offer", "hang", "stand", "ease", weight=0.5, tilt=5, free_hand=""),
    "fight": Pose("punch", "guard", "lunge", "drive", lean=14, twist=-24, nod=-2, free_hand=""),
    "guard": Pose("guard", "guard", "wide", "lunge", lean=12, twist=12, nod=2, free_hand=""),
    "strike": Pose("sword", "balance", "lunge", "drive", lean=10, twist=14, free_hand="right"),
    "kick": Pose("balance", "guard", "kick", "stand", lean=-14, sway=-8, free_hand=""),
    "fall": Pose("flail", "balance", "lie_bent", "lifted", lean=-6, recline=42, nod=-16, lift=0.12, free_hand=""),
    "lie": Pose("belly", "slack", "lie", "lie_bent", recline=90, turn=25, free_hand=""),
    "lie_in_bed": Pose("hang", "hang", "lie", "lie", recline=90, turn=25, lift=0.50, free_hand=""),
    "kneel": Pose("lap", "lap", "kneel", "kneel", lean=6, nod=10, free_hand="right"),
    "half_kneel": Pose("lap", "reach", "kneel", "half_kneel", lean=12, nod=12),
    "crouch": Pose("lap", "reach", "crouch", "crouch", lean=26, nod=-10),
    "pray": Pose("pray", "pray", "stand", "stand", lean=3, nod=18, free_hand=""),
    "reach": Pose("hang", "reach", "ease", "step_ahead", lean=10, nod=-4),
    "offer": Pose("offer", "offer", "stand", "ease", lean=5, weight=0.4, nod=4),
    "hold": Pose("hold", "loose", "stand", "ease", weight=0.7, nod=6),
    "carry": Pose("carry", "carry", "stand", "step_ahead", lean=-4, weight=0.3),
    "read": Pose("read", "read", "stand", "ease", nod=24, weight=0.6),
    "drink": Pose("drink", "loose", "stand", "ease", lean=-3, nod=-6, weight=0.6),
    "smoke": Pose("smoke", "pocket", "stand", "ease", lean=-3, weight=0.8, tilt=4),
    "phone": Pose("phone", "hip", "stand", "ease", weight=0.7, tilt=9),
    "point": Pose("point", "loose", "stand", "step_ahead", lean=4, twist=-8, free_hand="left"),
    "wave": Pose("wave", "loose", "stand", "ease", weight=-0.6, tilt=-4, free_hand="left"),
    "cheer": Pose("raise", "raise", "wide", "ease", lean=-6, nod=-12, free_hand=""),
    "dance": Pose("dance_high", "dance_side", "stand", "lifted", sway=9, twist=10, tilt=-10, weight=0.9, free_hand=""),
    "leap": Pose("raise", "spread", "leap", "run_behind", lean=4, lift=0.35, free_hand=""),
    "climb": Pose("raise", "reach", "climb", "drive", lean=18, nod=-16, free_hand=""),
    "flute": Pose("flute", "flute_low", "stand", "ease", weight=0.9, tilt=-12, turn=-14, free_hand=""),
    "present": Pose("present", "hang", "stand", "ease", nod=10),
    "give": Pose("reach", "hang", "ease", "step_ahead", lean=4, nod=6),
    "aim": Pose("aim", "hang", "wide", "step_ahead", twist=-14, lean=3, free_hand="right"),
    "surrender": Pose("wave", "wave", "stand", "wide", lean=-6, nod=-4, free_hand=""),
    "weep": Pose("cover_face", "crossed", "stand", "ease", lean=14, nod=26, free_hand=""),
    "lean": Pose("pocket", "crossed", "stand", "ease", lean=-9, sway=5, weight=0.9, tilt=5, free_hand=""),
    "head_carry": Pose("head_carry", "hip", "step_ahead", "step_behind", weight=0.4, free_hand=""),
}  # fmt: skip

_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("embrace hug hugs hugging embraces embracing cuddle cradle", "embrace"),
    ("kiss kisses kissing", "kiss"),
    ("shake shakes shaking handshake", "shake"),
    ("hands handinhand", "hold_hands"),
    ("push pushes pushing shove shoves shoving", "push"),
    ("punch punches punching fight fights fighting brawl struggle struggles wrestle duel", "fight"),
    ("kick kicks kicking", "kick"),
    ("strike strikes swing swings slash slashes attack attacks", "strike"),
    ("dodge dodges block blocks defend guard guards", "guard"),
    ("stumble stumbles stumbling stagger staggers reel reels", "stagger"),
    ("fall falls falling fell tumble tumbles collapse collapses trip", "fall"),
    ("aim aims aiming shoot shoots gun pistol revolver fires draws", "aim"),
    ("surrender surrenders", "surrender"),
    ("run runs running sprint sprints chase chases chased flee flees fleeing dash rush rushes race races", "run"),
    ("crawl crawls crawling", "crawl"),
    ("propose proposes proposing", "propose"),
    ("sneak sneaks creep creeps prowl stalk stalks tiptoe", "sneak"),
    ("dance dances dancing twirl twirls spin spins rasa", "dance"),
    ("leap leaps jump jumps jumping leaping", "leap"),
    ("climb climbs climbing", "climb"),
    ("flute bansuri", "flute"),
    ("pray prays praying prayer worship namaste bow bows offering folds folded", "pray"),
    ("weep weeps cry cries crying sob sobs sobbing mourn grieve grieves tears", "weep"),
    ("drive drives driving steering wheel", "drive"),
    ("lie lies lying asleep sleep sleeps sleeping dead unconscious rests", "lie"),
    ("crouch crouches crouching hide hides hiding duck ducks squat", "crouch"),
    ("kneel kneels kneeling knelt knees", "kneel"),
    ("gather gathers pick picks picking pluck plucks collects", "half_kneel"),
    ("meditate meditates meditating crosslegged", "sit_floor"),
    ("sit sits sitting seated sat perched slumps slumped", "sit"),
    ("pot matka headload", "head_carry"),
    ("read reads reading letter book newspaper map examines studies", "read"),
    ("drink drinks drinking sip sips", "drink"),
    ("smoke smokes smoking cigarette cigar lights", "smoke"),
    ("phone telephone calls calling dials", "phone"),
    ("argue argues arguing shout shouts shouting yell yells confront confronts threaten threatens accuse", "argue"),
    ("point points pointing", "point"),
    ("wave waves waving greet greets", "wave"),
    ("cheer cheers celebrate celebrates triumph victory rejoice", "cheer"),
    (("walk walks walking stroll strolls strolling stride strides enter enters exits leaves leave leaving approach "
     "approaches arrives crosses wander wanders steps follow follows"), "walk"),
    ("carry carries carrying", "carry"),
    ("reach reaches reaching touch touches touching", "reach"),
    ("give gives hand hands offer offers pour pours serves serve slides", "offer"),
    ("hold holds holding clutch clutches grip grips", "hold"),
    (("talk talks talking speak speaks speaking say says tell tells explain explains whisper whispers conversation "
     "asks ask answers"), "talk"),
    ("listen listens listening hears", "listen"),
    ("think thinks ponders contemplates contemplating wonders", "think"),
    ("lean leans leaning waits waiting wait", "lean"),
    ("sky stars moon upward upwards above ceiling", "look_up"),
    ("downcast downward below down", "look_down"),
    ("horizon distance afar scans searches search searching", "shade_eyes"),
    ("look looks looking gaze gazes gazing watch watches watching stare stares staring sees turns turn", "look"),
    ("stand stands standing", "stand"),
)  # fmt: skip
_POSE_OF: Final = {word: (rank, pose) for rank, (words, pose) in enumerate(_WORDS) for word in words.split()}
_AT_REST: Final = ("stand", "stand_pocket", "stand_hip", "stand_crossed", "stand_behind", "look")
_TALKING: Final = ("talk", "listen", "stand_hip", "talk", "stand_pocket", "think")


BEHIND: Final = frozenset({"embrace_behind"})
HELD: Final = frozenset({"held_behind"})
EMBRACES: Final = frozenset({"embrace", "embrace_low", "kiss"}) | BEHIND | HELD
MEETINGS: Final = frozenset({"shake", "push", "waltz", "fight", "guard", "strike", "aim"})
"""Gestures whose hands go to the other person."""

_ON_THE_GROUND: Final = frozenset(["ground", "floor", "grass", "sand", "carpet", "rug", "mat", "cross-legged"])


def pose_named(text: str) -> str | None:
    """Return the gesture that a text asks for: the most telling verb wins; None if it asks for none."""
    words = colours.tokens(text)
    ranked = [_POSE_OF[word] for word in words if word in _POSE_OF]
    named = min(ranked)[1] if ranked else None
    asked, told = {pose for _, pose in ranked}, set(words)
    if named == "embrace":
        # Who kneels to embrace does so to a child's height.
        low = "kneel" in asked
        return "embrace_low" if low else "embrace_behind" if {"behind", "from"} <= told else named
    if named in {"pray", "kneel", "hold", "offer"} and "kneel" in asked:
        return "pray_kneel" if "pray" in asked else "propose" if {"one", "knee"} <= told else "kneel"
    if named == "sit" and told & _ON_THE_GROUND:
        return "sit_floor"
    if named == "phone" and told & {"looks", "texts", "texting", "types", "typing", "scrolls", "stares", "reads"}:
        return "text"
    return named


def pose_at_rest(dice: Dice, *, talking: bool) -> str:
    """Return a quiet gesture for someone whose action is unknown."""
    return dice.pick(_TALKING if talking else _AT_REST)
