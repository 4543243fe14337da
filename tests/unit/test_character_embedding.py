"""`create_character_embedding`: references, an identity vector where somebody can see one, adapters."""

import io
import json

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from schemas.adapter import Adapter
from services.engine import Character, ImageEngine
from services.engine.embedding import character_embedding

RADHA = Character.model_validate({"name": "Radha", "description": "x", "reference_images": ["s3://ice/a.png"]})
LORA = Adapter(
    adapter_id="radha-v1", base_model="sdxl", uri="s3://ice/adapters/a.safetensors", sha256="a" * 64, size_bytes=1
)


def picture(red: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (red, 10, 10)).save(out, "PNG")
    return out.getvalue()


class Eyes:
    """Sees as many faces as a picture's red channel says in tens, each pointing where its units say."""

    name = "toy-eyes"
    model = "toy-eyes@1"

    def faces(self, image: Image.Image) -> NDArray[np.float64]:
        pixel = image.getpixel((0, 0))
        assert isinstance(pixel, tuple)
        faces, angle = divmod(int(pixel[0]), 10)
        return np.array([[np.cos(angle / 10), np.sin(angle / 10)]] * faces).reshape(faces, 2) * 3


def test_without_a_scorer_it_is_references_alone_and_says_so() -> None:
    made = ImageEngine().create_character_embedding(RADHA, ["s3://ice/b.png", picture(11)])
    assert made["status"] == "references-only"
    assert (made["identity"]["vector"], made["identity"]["reason"]) == (None, "no identity scorer is installed")
    assert [item["uri"] for item in made["character"]["reference_images"]] == ["s3://ice/a.png", "s3://ice/b.png"]
    assert made["character"]["embedding_id"] is None
    assert json.loads(json.dumps(made)) == made


def test_the_vector_is_the_mean_of_pictures_that_show_one_face() -> None:
    given = [picture(10), picture(14), picture(22), picture(0), b"no picture"]
    made = character_embedding(RADHA, given, embedder=Eyes())
    identity = made["identity"]
    assert identity["vector"] == pytest.approx([np.cos(0.2), np.sin(0.2)], abs=1e-6)
    assert identity["cohesion"] == pytest.approx(np.cos(0.4), abs=1e-6)
    assert (identity["pictures"], identity["model"], made["status"]) == (2, "toy-eyes@1", "ready")
    reasons = [item["reason"] for item in made["references"]]
    assert reasons[3:5] == ["2 faces are seen in it; one is needed", "0 faces are seen in it; one is needed"]
    assert reasons[5] == "no PNG, JPEG or WebP picture, or too large"


def test_adapters_of_the_registry_come_into_the_entry_once() -> None:
    first = character_embedding(RADHA, adapters=[LORA])
    (entry,) = first["character"]["loras"]
    assert (entry["lora_id"], entry["uri"], first["status"]) == ("radha-v1", LORA.uri, "ready")
    again = character_embedding(Character.model_validate(first["character"]), adapters=[LORA])
    assert len(again["character"]["loras"]) == 1


def test_the_same_inputs_have_the_same_id_and_others_another() -> None:
    one, two = (character_embedding(RADHA, [picture(10)], embedder=Eyes()) for _ in range(2))
    assert one == two
    other = character_embedding(RADHA, [picture(11)], embedder=Eyes())
    assert other["embedding_id"] != one["embedding_id"]
    assert one["embedding_id"].startswith("emb_radha_")
