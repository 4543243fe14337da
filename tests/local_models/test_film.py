"""The noir film made on this machine: tiny SDXL with random weights, in its own process, through the whole engine."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from PIL import Image

from schemas.bible import Lora
from schemas.generation import GenerationCompleted
from tests.fixtures.broker import Broker
from tests.fixtures.engine import running_engine, surroundings
from tests.fixtures.object_store import S3Endpoint
from tests.fixtures.settings import FixtureSettings
from tests.fixtures.vendor_films import Film, events, made, noir

_NEEDS = "torch and diffusers are not installed: make test-diffusers makes an environment with them"
pytest.importorskip("torch", reason=_NEEDS, exc_type=ImportError)
tiny = pytest.importorskip("tests.local_models.tiny", reason=_NEEDS, exc_type=ImportError)

#: Seconds that the film may take; a whole one has many times the frames, and is made by hand on machines of any speed.
PATIENCE_S = 3300 if FixtureSettings().test_whole_films else 1500
pytestmark = [
    pytest.mark.integration,
    pytest.mark.e2e,
    pytest.mark.timeout(PATIENCE_S + 300),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
#: One scene of the film, unless whole films are asked for.
A_SCENE = frozenset({"SC420"})
PAINTED = (256, 128)


def models(folder: Path) -> str:
    """The setting: SDXL that takes references, adapters and the storyboard's poses."""
    sdxl = tiny.sdxl(folder / "sdxl")
    model = {
        "path": str(sdxl),
        "ip_adapter": str(tiny.ip_adapter(folder / "ip.safetensors", sdxl)),
        "image_encoder": str(tiny.image_encoder(folder / "encoder")),
        "controlnets": {"pose": str(tiny.controlnet(folder / "pose", sdxl, 5))},
        "sizes": [PAINTED],
        "steps": 2,
    }
    return json.dumps({"sdxl-base-1.0": model})


def with_adapters(film: Film, folder: Path, s3: S3Endpoint) -> Film:
    """Every character has an adapter of its own in the object store."""
    people = []
    for number, character in enumerate(film.plan.bible.characters):
        data = tiny.lora(folder / f"{character.id}.safetensors", folder / "sdxl", number).read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        key = f"adapters/{sha256}.safetensors"
        s3.client().put_object(s3.bucket, key, io.BytesIO(data), len(data))
        lora = Lora(
            lora_id=f"{character.id}-xl", uri=f"s3://{s3.bucket}/{key}", sha256=sha256, base_model="sdxl", scale=0.3
        )
        people.append(character.model_copy(update={"loras": (lora,)}))
    bible = film.plan.bible.model_copy(update={"characters": tuple(people)})
    return Film(film.plan.model_copy(update={"bible": bible}), film.pictures)


async def test_a_film_is_made_by_models_on_this_machine(
    broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "ICE_PROVIDERS": '["previz", "diffusers"]',
        "ICE_DIFFUSERS_MODELS": models(tmp_path),
        "ICE_DIFFUSERS_DEVICE": "cpu",
        "ICE_GENERATION_ADAPTER_FOLDER": str(tmp_path / "adapters"),
        "OMP_NUM_THREADS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    async with running_engine(surroundings(broker, mongo_url, s3_endpoint)) as engine:
        scenes = None if FixtureSettings().test_whole_films else A_SCENE
        wishes = {"models": ("sdxl-base-1.0",), "allow_fallback": False, "composition": "previz"}
        film = with_adapters(noir(engine.s3, "noir-diffusers", scenes, **wishes), tmp_path, engine.s3)
        runs = await made(engine, film, timeout_s=PATIENCE_S)
        keyframes = (await engine.get(f"/projects/{film.project_id}/keyframes?limit=500"))["keyframes"]
        completed = events(runs, GenerationCompleted)
        pictures = [await picture(engine.s3, event) for event in completed]
    assert {run["run_id"]: run["reason"] for run in runs if run["status"] not in {"ready", "held"}} == {}
    assert {(item["shot"]["shot_id"], item["frame_role"]) for item in keyframes} <= film.frames.keys()
    assert len({(event.run.shot.shot_id, event.run.frame_role) for event in completed}) == len(film.frames)
    for event, image in zip(completed, pictures, strict=True):
        people = film.visible(event.run.shot.shot_id)
        assert event.provider == "diffusers"
        assert image.size == film.frames[event.run.shot.shot_id, event.run.frame_role.value]
        assert event.parameters["painted_size"] == f"{PAINTED[0]}x{PAINTED[1]}"
        assert event.parameters["guides"] == "pose"
        assert event.parameters["references_sent"] >= len(people)
        assert event.parameters.get("adapters", "") == ", ".join(
            f"{member.character_id}-xl" for member in event.cast if member.visible
        )
        assert event.seed_used is not None
        assert event.cost_usd_micros == 0


async def picture(s3: S3Endpoint, event: GenerationCompleted) -> Image.Image:
    bucket, _, key = event.asset.uri.removeprefix("s3://").partition("/")
    answer = s3.client().get_object(bucket, key)
    try:
        return Image.open(io.BytesIO(answer.read()))
    finally:
        answer.close()
        answer.release_conn()
