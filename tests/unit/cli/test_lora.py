"""`ice lora`: files that are refused before they are sent, and data sets for trainers. The API is the real one."""

import hashlib
import io
import json
import subprocess
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from schemas.adapter import AdapterDefined, AdapterKind
from schemas.bible import Character, CharacterDefined
from schemas.run import RunContext, runs_of
from schemas.shot import ShotPlanned
from services.cli import lora_commands
from services.cli.exits import CliError
from services.cli.gateway_client import GatewayClient
from services.cli.training.choosing import trigger_of
from services.cli.training.command import Wanted, prepare
from services.cli.training.imaging import (
    UnusablePictureError,
    bucket_for,
    buckets,
    nearest,
    perceptual_hash,
    prepared,
)
from services.cli.training.jobs import Job, files_of
from tests import builders
from tests.fakes.film_gateway import URL, FilmGateway
from tests.fakes.safetensors_files import lora

RADHA = Character.model_validate(
    {
        **builders.RADHA.model_dump(),
        "wardrobe": [{"costume_id": "attire", "description": "red silk sari"}],
        "reference_images": [
            {"uri": "s3://ice/refs/front.png", "view": "front"},
            {"uri": "s3://ice/refs/sheet.png", "view": "sheet"},
            {"uri": "https://elsewhere.example/a.png"},
        ],
    }
)


def drawn(number: int, size: tuple[int, int] = (1024, 576)) -> Image.Image:
    """A picture of broad random blotches: pictures of two numbers are nothing alike."""
    noise = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


@pytest.fixture
def gateway() -> FilmGateway:
    found = FilmGateway()
    found.images["/ice/refs/front.png"] = encoded(drawn(100, (900, 900)))
    found.images["/ice/refs/sheet.png"] = encoded(drawn(101))
    return found


@pytest.fixture
async def client(gateway: FilmGateway) -> AsyncIterator[GatewayClient]:
    await gateway.feed([CharacterDefined(project_id="vrindavan", character=RADHA)])
    async with GatewayClient(URL, gateway) as opened:
        yield opened


async def frame(gateway: FilmGateway, number: int, image: bytes, *, trained: bool = True, **shot: Any) -> RunContext:
    """A finished keyframe that is this picture."""
    planned = ShotPlanned(
        project=builders.project(), shot=builders.shot(shot_id=f"sh{number:04}", story_order=number, **shot), revision=1
    )
    await gateway.feed([planned])
    (run,) = runs_of(planned)
    path = f"ice/frames/{number}.png"
    gateway.images[f"/{path}"] = image
    asset = builders.asset(
        f"g{number}", uri=f"s3://{path}", sha256=hashlib.sha256(image).hexdigest(), size_bytes=len(image)
    )
    changes: dict[str, Any] = {"asset": asset}
    if trained:
        completed = builders.generation_completed(builders.generation_requested(run))
        provenance = builders.keyframe_ready(completed).provenance
        changes["provenance"] = provenance.model_copy(update={"synthetic": "trained-model"})
    await gateway.make(run, **changes)
    return run


def wanted(out: Path, trainer: str = "kohya", **changes: Any) -> Wanted:
    return Wanted("radha", out, trainer, changes.pop("base", "sdxl"), **changes)


async def test_a_data_set_has_what_teaches_and_says_what_was_left_out(
    gateway: FilmGateway, client: GatewayClient, tmp_path: Path
) -> None:
    await frame(gateway, 1, encoded(drawn(1)))
    await frame(gateway, 2, encoded(drawn(1), "JPEG", quality=80))
    await frame(gateway, 3, encoded(drawn(3)), trained=False)
    await frame(gateway, 4, encoded(drawn(4)), cast=("radha", "krishna"))
    await frame(gateway, 5, encoded(drawn(5)), shot_size="extreme-wide")
    await frame(gateway, 6, encoded(drawn(6, (256, 144))))
    await frame(gateway, 7, b"not an image at all")
    await frame(gateway, 8, encoded(drawn(8)), cast=("krishna",))

    manifest = await prepare(client, "vrindavan", wanted(tmp_path / "set"))

    assert [item["source"]["uri"] for item in manifest["pictures"]] == [
        "s3://ice/refs/front.png",
        "s3://ice/frames/1.png",
    ]
    reasons = {item["source"]["uri"].rpartition("/")[2]: item["reason"] for item in manifest["dropped"]}
    assert set(reasons) == {"sheet.png", "a.png", *(f"{number}.png" for number in (2, 3, 4, 5, 6, 7))}
    assert reasons["sheet.png"] == "a sheet of several views"
    assert reasons["a.png"] == "not in the engine's object store"
    assert "shows the same as 002.png" in reasons["2.png"]
    assert "drawn by code" in reasons["3.png"]
    assert "shows 2 characters" in reasons["4.png"]
    assert "the figure is too small" in reasons["5.png"]
    assert "256x144 pixels" in reasons["6.png"]
    assert "no PNG, JPEG or WebP picture" in reasons["7.png"]
    assert json.loads((tmp_path / "set" / "manifest.json").read_text()) == manifest
    for item in manifest["pictures"]:
        data = (tmp_path / "set" / item["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == item["sha256"]
        assert Image.open(io.BytesIO(data)).size == tuple(item["size"])


async def test_a_caption_says_what_changes_and_never_who_it_is(
    gateway: FilmGateway, client: GatewayClient, tmp_path: Path
) -> None:
    member = {"character_id": "radha", "action": "looking up", "expression": "smiling", "changing": {"hair": "wet"}}
    await frame(gateway, 1, encoded(drawn(1)), cast=(member,), camera_angle="low-angle")
    manifest = await prepare(client, "vrindavan", wanted(tmp_path / "set", trigger="rdh woman"))
    reference, shot = (item["caption"] for item in manifest["pictures"])
    assert reference == "rdh woman, front view"
    for said in ("close up", "looking up", "smiling", "wet", "wearing red silk sari", "golden hour light", "low angle"):
        assert said in shot, said
    assert shot.startswith("rdh woman, ")
    for kept_silent in (*builders.RADHA.appearance.values(), "Divine"):
        assert str(kept_silent) not in shot


async def test_drafts_are_taken_when_asked_for(gateway: FilmGateway, client: GatewayClient, tmp_path: Path) -> None:
    await frame(gateway, 1, encoded(drawn(1)), trained=False)
    manifest = await prepare(client, "vrindavan", wanted(tmp_path / "set", drafts=True))
    assert [item["source"]["kind"] for item in manifest["pictures"]] == ["reference", "keyframe"]


async def test_the_same_film_gives_the_same_data_set(
    gateway: FilmGateway, client: GatewayClient, tmp_path: Path
) -> None:
    await frame(gateway, 1, encoded(drawn(1)))
    first, second = [await prepare(client, "vrindavan", wanted(tmp_path / name)) for name in ("a", "b")]
    assert first == second


async def test_other_bytes_than_announced_are_left_out(
    gateway: FilmGateway, client: GatewayClient, tmp_path: Path
) -> None:
    await frame(gateway, 1, encoded(drawn(1)))
    gateway.images["/ice/frames/1.png"] = encoded(drawn(2))
    manifest = await prepare(client, "vrindavan", wanted(tmp_path / "set"))
    assert any("other bytes than its hash says" in item["reason"] for item in manifest["dropped"])


async def test_nothing_is_written_over_and_nothing_without_pictures(
    gateway: FilmGateway, client: GatewayClient, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    with pytest.raises(CliError, match="isn't empty"):
        await prepare(client, "vrindavan", wanted(tmp_path / "full"))
    gateway.images.clear()
    with pytest.raises(CliError, match=r"no picture of radha can be used: .*404"):
        await prepare(client, "vrindavan", wanted(tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    with pytest.raises(CliError, match="quotes and dollars"):
        await prepare(client, "vrindavan", wanted(tmp_path / "none", trigger="$(reboot)"))
    with pytest.raises(CliError, match="'nobody' of project 'vrindavan' is unknown"):
        await prepare(client, "vrindavan", Wanted("nobody", tmp_path / "none", "kohya", "sdxl"))


JOB = Job("radha-sdxl", "sdxl", "rdh woman", [("001.png", "rdh woman, front view"), ("002.png", 'rdh woman, "hey"')])


def test_kohyas_job_is_what_its_scripts_read() -> None:
    files = files_of(JOB, "kohya")
    dataset = tomllib.loads(files["dataset.toml"].decode())
    config = tomllib.loads(files["config.toml"].decode())
    (group,) = dataset["datasets"]
    assert (group["resolution"], group["subsets"][0]["image_dir"]) == (1024, "images")
    assert (config["network_module"], config["dataset_config"]) == ("networks.lora", "dataset.toml")
    assert files["images/001.txt"] == b"rdh woman, front view\n"
    assert b"sdxl_train_network.py" in files["train.sh"]


def test_diffusers_job_is_an_image_folder_with_captions() -> None:
    files = files_of(JOB, "diffusers")
    lines = [json.loads(line) for line in files["images/metadata.jsonl"].decode().splitlines()]
    assert lines[1] == {"file_name": "002.png", "text": 'rdh woman, "hey"'}
    assert b"train_text_to_image_lora_sdxl.py" in files["train.sh"]


@pytest.mark.parametrize("trainer", ["kohya", "diffusers"])
@pytest.mark.parametrize("base", ["sd15", "sdxl"])
def test_the_script_is_one_that_a_shell_reads(trainer: str, base: str) -> None:
    script = files_of(Job("radha", base, "rdh woman", JOB.pictures), trainer)["train.sh"]
    assert subprocess.run(["bash", "-n"], input=script, check=False).returncode == 0


def test_buckets_have_the_models_area_and_steps() -> None:
    for side in (512, 1024):
        for width, height in buckets(side):
            assert width % 64 == height % 64 == 0
            assert 0.85 * side * side <= width * height <= side * side
    assert bucket_for(1920, 1080, 1024) == (1344, 768)
    assert bucket_for(1000, 1000, 512) == (512, 512)
    assert bucket_for(100, 1000, 1024) == (768, 1344)


def test_as_little_as_possible_is_cut_off_and_on_both_sides_alike() -> None:
    made = prepared(encoded(drawn(1, (1920, 1080))), 1024)
    left, top, right, bottom = made.crop
    assert made.size == (1344, 768)
    assert (left, top) == (1920 - right, 1080 - bottom)
    assert (right - left) * (bottom - top) >= 0.97 * 1920 * 1080


def test_turned_pictures_are_turned_upright_first() -> None:
    image = drawn(1, (1200, 800))
    exif = image.getexif()
    exif[0x0112] = 6
    assert prepared(encoded(image, "JPEG", exif=exif.tobytes()), 1024).size[0] < 1024


@pytest.mark.parametrize("data", [b"", b"GIF89a" + b"0" * 100, encoded(drawn(1))[:200]])
def test_what_is_no_picture_is_told(data: bytes) -> None:
    with pytest.raises(UnusablePictureError, match="no PNG, JPEG or WebP picture"):
        prepared(data, 1024)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = Image.new("1", (20_000, 20_000))
    with pytest.raises(UnusablePictureError, match=r"20000x20000|DecompressionBomb"):
        prepared(encoded(bomb), 1024)


def test_hashes_are_near_for_the_same_and_far_for_another() -> None:
    hashes = [perceptual_hash(drawn(number)) for number in range(8)]
    for number, one in enumerate(hashes):
        small = drawn(number).resize((300, 200))
        assert (perceptual_hash(small) ^ one).bit_count() < 6
    assert min((a ^ b).bit_count() for at, a in enumerate(hashes) for b in hashes[:at]) > 6
    assert nearest(hashes[3], hashes) == (3, 0)
    assert nearest(1, []) is None


@pytest.mark.parametrize(("character_id", "trigger"), [("radha", "iceradha"), ("A-1", "icea1")])
def test_a_trigger_is_made_from_the_id(character_id: str, trigger: str) -> None:
    assert trigger_of(character_id) == trigger


def test_a_wrong_file_is_refused_here_and_not_sent(tmp_path: Path) -> None:
    good, bad = tmp_path / "radha.safetensors", tmp_path / "radha.pt"
    good.write_bytes(lora("sdxl"))
    bad.write_bytes(b"PK\x03\x04...")
    assert lora_commands.check_file(good, AdapterKind.LORA, "SDXL") == hashlib.sha256(lora("sdxl")).hexdigest()
    with pytest.raises(CliError, match="the file was trained for sdxl"):
        lora_commands.check_file(good, AdapterKind.LORA, "sd15")
    with pytest.raises(CliError, match="a pickle"):
        lora_commands.check_file(bad, AdapterKind.LORA, "sdxl")
    with pytest.raises(CliError, match="can't be read"):
        lora_commands.check_file(tmp_path / "none", AdapterKind.LORA, "sdxl")


async def test_a_file_is_added_listed_and_assigned(gateway: FilmGateway, client: GatewayClient, tmp_path: Path) -> None:
    path = tmp_path / "radha.safetensors"
    path.write_bytes(lora("sdxl"))
    said = {"base": "sdxl", "kind": "lora", "trigger": ["rdh", "woman"], "scale": None, "character": None}
    added = await client.add_adapter("vrindavan", "radha-v1", said, path)
    assert await client.adapters("vrindavan") == [added["adapter"]]
    given = await client.assign_adapter("vrindavan", "radha-v1", {"character_id": "radha", "scale": 0.5})
    assert given["character"]["loras"][0]["sha256"] == added["adapter"]["sha256"]
    assert [event.TYPE for event in gateway.published] == [AdapterDefined.TYPE, CharacterDefined.TYPE]
    assert added["adapter"]["trigger_words"] == ["rdh", "woman"]
    with pytest.raises(CliError, match="trained for sdxl"):
        await client.add_adapter("vrindavan", "radha-v1", {**said, "base": "flux"}, path)
