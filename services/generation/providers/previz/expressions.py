"""What a face says, by brows, lids and mouth."""

from typing import Final, NamedTuple

from services.generation.providers.previz import colours


class Expression(NamedTuple):
    """A face's state; 0 is neutral.

    Attributes:
        brow, brow_in, brow_out: -1 lowers, 1 raises the middle, inner and outer brow.
        eyes: opening of the lids, 1 is normal, 0 shut. slant: outer corners up or down.
        smile: corners of the mouth, -1 down to 1 up. mouth_open: 0 to 1. mouth_wide: factor.
        gaze: -1 to 1, sideways.
    """

    brow: float = 0.0
    brow_in: float = 0.0
    brow_out: float = 0.0
    eyes: float = 1.0
    slant: float = 0.0
    smile: float = 0.0
    mouth_open: float = 0.0
    mouth_wide: float = 1.0
    gaze: float = 0.0


_FACES: Final[tuple[tuple[str, Expression], ...]] = (
    ("laugh laughs laughing", Expression(0.5, 0.2, 0.3, 0.35, 0.6, 1.0, 0.55, 1.3)),
    (("smile smiles smiling happy joy joyful cheerful playful blissful delighted amused content loving love romantic "
     "radiant warm devotion devoted tender hopeful"), Expression(0.25, 0.1, 0.1, 0.8, 0.4, 0.9, 0.0, 1.15)),
    (("angry anger furious rage fierce determined stern resolute menacing threatening hard cold grim scowl "
     "intense defiant"), Expression(-0.7, -1.0, 0.5, 0.8, 0.4, -0.5, 0.0, 0.95)),
    (("sad sorrow grief grieving melancholic melancholy tearful weeping lonely heartbroken mournful longing wistful "
     "weary tired"), Expression(0.1, 0.9, -0.8, 0.62, -0.8, -0.75, 0.0, 0.9)),
    ("afraid fear fearful terrified scared panic anxious worried nervous tense uneasy", Expression(0.6, 1.0,
        0.1, 1.3, -0.3, -0.5, 0.22, 0.9)),
    ("surprise surprised shock shocked amazed awe astonished wonder startled", Expression(1.0, 0.9, 0.8,
        1.4, 0.0, 0.0, 0.5, 0.75)),
    ("calm peaceful serene meditative meditation asleep sleeping closed prayer praying", Expression(0.15,
        0.1, 0.0, 0.22, 0.1, 0.35)),
    ("suspicious wary mysterious sly cunning smirk smirking cynical seductive", Expression(-0.1, -0.5, 0.6,
        0.62, 0.5, 0.4, 0.0, 0.95, 0.6)),
    ("shout shouts shouting scream screams screaming yell", Expression(-0.3, -0.6, 0.3, 1.0, 0.0, -0.3, 1.0, 1.0)),
    ("speak speaks speaking talk talks talking says sing sings singing", Expression(0.2, 0.1, 0.1, 1.0, 0.0,
        0.1, 0.35, 0.9)),
)  # fmt: skip
_BY_WORD: Final = {word: face for words, face in _FACES for word in words.split()}


def expression_of(*texts: str) -> Expression:
    """Return the face that the first telling word asks for; earlier texts win."""
    for text in texts:
        for word in colours.tokens(text):
            if word in _BY_WORD:
                return _BY_WORD[word]
    return Expression()
