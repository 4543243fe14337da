"""A set of frames whose look is held by perceptual hashes.

After a wanted change of the look, look at the frames, then run
`python -m tests.unit.previz.test_goldens` to rewrite the hashes.
"""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.generation.providers.previz.drawing import render
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene

GOLDENS = Path(__file__).with_name("goldens.json")
TOLERANCE = 8
"""Bits of 64 that may differ: other versions of the painting libraries, not another picture."""

RADHA = PrevizCharacter(
    id="radha", seed=11, name="Radha", description="young woman", skin="warm brown", hair="long black hair, braided",
    garments=("red and gold lehenga", "red dupatta"), accessories=("gold jewellery",),
)  # fmt: skip
KRISHNA = PrevizCharacter(
    id="krishna", seed=12, name="Krishna", description="young man", skin="blue", hair="curly black hair",
    garments=("yellow dhoti",), accessories=("peacock feather crown",), action="plays the flute",
)  # fmt: skip
MORAN = PrevizCharacter(
    id="moran", seed=31, name="Moran", description="tall man, 45", skin="light", hair="short brown hair",
    garments=("tan trench coat", "grey trousers"), accessories=("brown fedora",), action="walks",
)  # fmt: skip
FOREST = PrevizLocation(id="f", seed=5, name="Vrindavan Forest")
STREET = PrevizLocation(id="s", seed=7, name="Harbour Street", description="rainy street with neon signs")
CAR = PrevizLocation(id="c", seed=4, name="Inside the car", description="city at dusk")
OFFICE = PrevizLocation(id="o", seed=9, name="Detective office")

FRAMES = {
    "forest two-shot": PrevizScene(
        characters=(RADHA, KRISHNA), location=FOREST, coverage="two-shot", time_of_day="golden-hour"
    ),
    "forest close-up": PrevizScene(characters=(RADHA,), location=FOREST, shot_size="close-up", time_of_day="sunrise"),
    "street wide rain": PrevizScene(
        characters=(MORAN,), location=STREET, shot_size="wide", time_of_day="night", weather="rain", angle="low-angle"
    ),
    "office noir": PrevizScene(
        characters=(MORAN,), location=OFFICE, shot_size="medium-close-up", style="noir", time_of_day="night"
    ),
    "birds-eye": PrevizScene(characters=(RADHA,), location=FOREST, shot_size="wide", angle="birds-eye"),
    "scope anime": PrevizScene(
        width=1024, height=428, characters=(KRISHNA,), location=FOREST, shot_size="full", style="anime"
    ),
    "portrait ink": PrevizScene(
        width=576, height=1024, characters=(MORAN,), location=STREET, shot_size="medium", style="ink"
    ),
    "car two-shot": PrevizScene(
        characters=(MORAN.model_copy(update={"action": "drives"}), RADHA), location=CAR, coverage="two-shot"
    ),
    "insert letter": PrevizScene(
        characters=(RADHA,), location=OFFICE, shot_size="insert", coverage="insert", prop_in_focus="letter"
    ),
    "embrace over the shoulder": PrevizScene(
        characters=tuple(p.model_copy(update={"action": "embraces"}) for p in (RADHA, MORAN)),
        location=STREET,
        coverage="over-the-shoulder",
        shot_size="medium-close-up",
        time_of_day="dusk",
    ),
    "watercolour snow": PrevizScene(
        characters=(MORAN,), location=STREET, shot_size="full", style="watercolour", weather="snow", season="winter"
    ),
}


def perceptual_hash(png: bytes) -> str:
    """64 bits: signs of the low frequencies of a 32x32 grey thumbnail (DCT-II) against their median."""
    with Image.open(io.BytesIO(png)) as image:
        grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX), np.float64)
    n = np.arange(32)
    basis = np.cos(np.pi * (2 * n[None, :] + 1) * n[:, None] / 64)
    low = (basis @ grey @ basis.T)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return f"{int(''.join('1' if b else '0' for b in bits), 2):016x}"


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_a_frame_looks_like_its_golden(name: str) -> None:
    golden = json.loads(GOLDENS.read_text())[name]
    shown = perceptual_hash(render(FRAMES[name]))
    assert (int(golden, 16) ^ int(shown, 16)).bit_count() <= TOLERANCE, f"{name}: {shown} is not {golden}"


def test_the_goldens_are_told_apart() -> None:
    hashes = [int(value, 16) for value in json.loads(GOLDENS.read_text()).values()]
    pairs = [(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min((a ^ b).bit_count() for a, b in pairs) > TOLERANCE


if __name__ == "__main__":
    GOLDENS.write_text(
        json.dumps({name: perceptual_hash(render(scene)) for name, scene in FRAMES.items()}, indent=1) + "\n"
    )
