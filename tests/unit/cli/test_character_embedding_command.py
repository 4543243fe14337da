"""`ice character embedding`: the prototype's `create_character_embedding`, of a running film; its API is real."""

import hashlib
import io
from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console

from schemas.adapter import Adapter, AdapterDefined, AdapterKind
from schemas.bible import Character, CharacterDefined, Lora
from services.cli.character_commands import _told, embedded
from services.cli.exits import CliError
from services.cli.gateway_client import GatewayClient
from tests import builders
from tests.fakes.film_gateway import URL, FilmGateway


def picture(red: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), (red, 10, 10)).save(out, "PNG")
    return out.getvalue()


class Eyes:
    """Sees one face in a picture, pointing where its red channel says."""

    name = "toy-eyes"
    model = "toy-eyes@1"

    def faces(self, image: Image.Image) -> NDArray[np.float64]:
        pixel = image.getpixel((0, 0))
        assert isinstance(pixel, tuple)
        return np.array([[np.cos(pixel[0] / 100), np.sin(pixel[0] / 100)]])


def adapter(name: str, letter: str, kind: AdapterKind = AdapterKind.LORA) -> Adapter:
    sha256 = letter * 64
    uri = f"s3://ice/adapters/{sha256}.safetensors"
    return Adapter(
        adapter_id=name, kind=kind, base_model="sdxl", character_id="radha", uri=uri, sha256=sha256, size_bytes=1
    )


ASSIGNED, LATER = adapter("radha-v1", "a"), adapter("radha-token", "b", AdapterKind.TEXTUAL_INVERSION)
RADHA = Character.model_validate(
    {
        **builders.RADHA.model_dump(),
        "reference_images": [
            {"uri": "s3://ice/refs/front.png", "view": "front", "sha256": hashlib.sha256(picture(10)).hexdigest()},
            {"uri": "s3://ice/refs/side.png"},
            {"uri": "s3://ice/refs/forged.png", "sha256": "c" * 64},
            {"uri": "https://elsewhere.example/a.png"},
        ],
        "loras": [Lora(lora_id="radha-v1", scale=0.5, sha256="a" * 64)],
    }
)


@pytest.fixture
async def client() -> AsyncIterator[GatewayClient]:
    gateway = FilmGateway()
    gateway.images |= {f"/ice/refs/{name}.png": picture(red) for name, red in (("front", 10), ("side", 30))}
    gateway.images["/ice/refs/forged.png"] = picture(99)
    defined = [AdapterDefined(project_id="vrindavan", adapter=item) for item in (ASSIGNED, LATER)]
    await gateway.feed([CharacterDefined(project_id="vrindavan", character=RADHA), *defined])
    async with GatewayClient(URL, gateway) as opened:
        yield opened


async def test_references_identity_and_adapters_of_a_running_film_are_told(client: GatewayClient) -> None:
    made = await embedded(client, "vrindavan", "radha", Eyes())
    assert (made["status"], made["version"], made["identity"]["model"]) == ("ready", 1, "toy-eyes@1")
    assert made["identity"]["vector"] == pytest.approx([np.cos(0.2), np.sin(0.2)], abs=1e-6)
    assert made["identity"]["cohesion"] == pytest.approx(np.cos(0.2), abs=1e-6)
    assert [(item["used"], item["reason"]) for item in made["references"]] == [
        (True, None),
        (True, None),
        (False, "the object store gave other bytes than its hash says"),
        (False, "not in the engine's object store"),
    ]
    assert [(item["lora_id"], item["scale"], item["uri"]) for item in made["adapters"]] == [
        ("radha-v1", 0.5, ASSIGNED.uri)
    ]
    assert made["unassigned"] == ["radha-token"]


async def test_without_a_network_no_identity_is_made_up_and_people_are_told_what_helps(client: GatewayClient) -> None:
    console = Console(record=True, width=160, file=io.StringIO())
    console.print(_told(await embedded(client, "vrindavan", "radha", None)))
    told = console.export_text()
    assert "identity: none: no identity scorer is installed; pip install '.[faces]'" in told
    assert "adapter: radha-v1, lora, sdxl, at 0.5, file aaaaaaaaaaaa" in told
    assert "ice lora assign radha-token radha" in told


async def test_a_character_that_nobody_knows_is_named(client: GatewayClient) -> None:
    with pytest.raises(CliError, match="'nobody' of project 'vrindavan' is unknown"):
        await embedded(client, "vrindavan", "nobody", None)
