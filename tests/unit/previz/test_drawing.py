import io

import pytest
from PIL import Image

from services.generation.providers.previz.drawing import compose, render
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene

MARA = PrevizCharacter(id="mara", seed=1, name="Mara", garments=("red wool coat", "navy trousers"), hair="black bob")
STREET = PrevizLocation(id="street", seed=7, description="rainy city street with neon signs")


@pytest.mark.parametrize(("width", "height"), [(1024, 576), (576, 1024), (256, 107), (64, 64)])
def test_a_frame_has_exactly_the_asked_size(width: int, height: int) -> None:
    scene = PrevizScene(width=width, height=height, characters=(MARA,), location=STREET)
    with Image.open(io.BytesIO(render(scene))) as image:
        assert (image.size, image.format, image.mode) == ((width, height), "PNG", "RGB")


def test_the_same_scene_gives_the_same_bytes_and_another_seed_another_drawing() -> None:
    scene = PrevizScene(width=256, height=144, seed=3, characters=(MARA,), location=STREET)
    assert render(scene) == render(scene)
    assert compose(scene).digest() == compose(scene).digest()
    assert compose(scene).digest() != compose(scene.model_copy(update={"seed": 4})).digest()


@pytest.mark.parametrize("text", ["", "🙂🙂", "राधा नदी के किनारे चलती है", "\x00\x07 \u202e", "x" * 10_000])
def test_any_text_gives_a_picture(text: str) -> None:
    person = PrevizCharacter(id=text, name=text, garments=(text,), hair=text, skin=text, action=text, props=(text,))
    place = PrevizLocation(id=text, name=text, description=text, landmarks=(text,), palette=(text,))
    scene = PrevizScene(
        width=128, height=72, characters=(person,), location=place, action=text, style=text, shot_size=text, mood=text
    )
    assert compose(scene).ops
