"""The defects of the prototype are not inherited: one test or more for each."""

import json

import pytest

from schemas.project import TemplateOverride
from services.engine import (
    ImageGeneratorWorker,
    JobStatus,
    NoCapableModelError,
    ShotRejectedError,
)
from services.generation.providers.base import ImageJob
from services.prompt_builder.adapters.clip_vocabulary import clip_tokens
from services.prompt_builder.domain.tokens import CLIP_BUDGET
from tests.unit.engine_shots import EVERYBODY, FOREST, KRISHNA, RADHA, engine, noise, png, reasons_of, shot, small


def test_two_characters_keep_their_own_seed_adapter_and_references() -> None:
    request = engine(providers=("comfyui",)).generate_shot_image(shot(shot_type="medium"), [RADHA, KRISHNA], FOREST)
    radha, krishna = request["characters"]
    assert (radha["seed"]["value"], krishna["seed"]["value"]) == (11, 22)
    assert [item["lora_id"] for item in radha["loras"]] == ["radha-lora"]
    assert [item["lora_id"] for item in krishna["loras"]] == ["krishna-lora"]
    assert radha["references"][0]["uri"] == "s3://ice/radha.png"
    assert {item["lora_id"] for item in request["parameters"]["loras"]} == {"radha-lora", "krishna-lora"}


def test_references_of_the_location_do_not_replace_those_of_the_characters() -> None:
    request = engine(providers=("diffusers",)).generate_shot_image(shot(shot_type="medium"), [RADHA, KRISHNA], FOREST)
    assert {(item["role"], item["entity_id"]) for item in request["references"]} == {
        ("character", "radha"),
        ("character", "krishna"),
        ("location", "vrindavan-forest"),
    }


@pytest.mark.parametrize(("width", "height"), [(1024, 576), (1344, 768), (1536, 640)])
def test_noir_goes_to_a_model_that_is_capable_of_it(width: int, height: int) -> None:
    everybody = engine({"width": width, "height": height}, providers=EVERYBODY)
    request = everybody.generate_shot_image(shot(style="noir"), [RADHA], FOREST)
    assert any("style noir: affinity" in reason for reason in request["model_reasons"])
    assert request["model"] in {item["model"] for item in request["considered"] if item["score"] is not None}


def test_an_unknown_style_goes_to_no_model_in_silence() -> None:
    with pytest.raises(ShotRejectedError, match=r"shot\.style: 'cubist', allowed is "):
        engine(providers=EVERYBODY).generate_shot_image(shot(style="cubist"), [RADHA], FOREST)


def test_sdxl_is_not_excluded_from_its_own_sizes() -> None:
    hosted = engine({"width": 1344, "height": 768, "models": ("sdxl",)}, providers=EVERYBODY)
    request = hosted.generate_shot_image(shot(style="cinematic"), [RADHA], FOREST)
    assert request["model"] == "stable-diffusion-xl-1024-v1-0"


def test_hosted_sdxl_is_not_asked_for_a_size_that_no_crop_of_its_own_gives() -> None:
    wide = engine({"width": 2048, "height": 512, "models": ("sdxl",)}, providers=EVERYBODY)
    request = wide.generate_shot_image(shot(), [RADHA], FOREST)
    assert request["model"] != "stable-diffusion-xl-1024-v1-0"
    assert "2048x512" in reasons_of(request, "stable-diffusion-xl-1024-v1-0")
    assert "preferred-model-unavailable" in {item["code"] for item in request["degradations"]}


def test_appearance_is_told_once_and_tags_fit_the_encoder() -> None:
    request = engine().generate_shot_image(shot(), [RADHA], FOREST)
    for dialect in ("natural", "tags"):
        prompt = request["prompts"][dialect]["prompt"]
        assert prompt.count("long black hair") == 1
        assert prompt.count("dark brown eyes") == 1
    chunks = request["prompts"]["tags"]["chunks"]
    assert chunks
    for chunk in chunks:
        assert clip_tokens().count("".join(piece["text"] for piece in chunk["pieces"])) <= CLIP_BUDGET


def test_angle_movement_framing_and_dialogue_are_prompted() -> None:
    asked = shot(
        camera_angle="worm's-eye",
        camera_movement="crane",
        framing="over-the-shoulder",
        composition="golden-ratio",
        dialogue="Where are you?",
    )
    prompt = engine().generate_shot_image(asked, [RADHA, KRISHNA], FOREST)["parameters"]["prompt"]
    for words in (
        "ground level looking steeply up",
        "riding a crane",
        "over the shoulder of Krishna",
        "golden ratio",
        "speaking",
    ):
        assert words in prompt
    assert "Where are you" not in prompt


def test_an_action_does_not_drop_the_description() -> None:
    asked = shot(description="Fireflies fill the clearing", action="Radha kneels by the water")
    prompt = engine().generate_shot_image(asked, [RADHA], FOREST)["parameters"]["prompt"]
    assert "Fireflies fill the clearing" in prompt
    assert "Radha kneels by the water" in prompt


def test_templates_are_used() -> None:
    override = TemplateOverride(table="lighting", key="golden-hour", text="light like melted ghee")
    request = engine({"templates": (override,)}).generate_shot_image(shot(lighting="golden-hour"), [RADHA], FOREST)
    assert "light like melted ghee" in request["parameters"]["prompt"]


async def test_a_failing_model_falls_back_to_the_next_capable_one() -> None:
    async def broken(_: ImageJob) -> bytes:
        raise ConnectionError("503")

    both = engine({"models": ("sdxl-local",)}, providers=("diffusers", "previz"))
    worker = ImageGeneratorWorker(both, {"diffusers": broken, "previz": noise})
    job_id = await worker.add_job(shot(), [RADHA], FOREST)
    await worker.process_queue()
    job = worker.job(job_id)
    assert job.status is JobStatus.COMPLETED
    assert job.reasons == [f"single frame by {name}: ConnectionError: 503" for name in ("sdxl-base-1.0", "sd-1.5")]
    (frame,) = job.frames
    assert frame.request["model"] == "previz"
    assert "already tried: ConnectionError: 503" in reasons_of(frame.request, "sdxl-base-1.0")


async def test_the_fallback_ends_where_no_model_is_capable() -> None:
    async def broken(_: ImageJob) -> bytes:
        raise ConnectionError("503")

    worker = ImageGeneratorWorker(small(), {"previz": broken})
    job_id = await worker.add_job(shot(), [RADHA], FOREST)
    await worker.process_queue()
    job = worker.job(job_id)
    assert job.status is JobStatus.FAILED
    assert [reason for reason in job.reasons if "no capable model" in reason]
    assert "dall-e-3: " in job.reasons[-1]


async def test_a_provider_without_a_painter_here_is_a_reason_and_not_a_silence() -> None:
    worker = ImageGeneratorWorker(engine(providers=("bfl", "previz")), {"previz": noise})
    job_id = await worker.add_job(shot(), [RADHA], FOREST)
    await worker.process_queue()
    assert "has no painter in this process" in worker.job(job_id).reasons[0]


def test_no_capable_model_is_an_error_with_every_reason() -> None:
    with pytest.raises(NoCapableModelError) as caught:
        engine(providers=("nobody",)).generate_shot_image(shot(), [RADHA], FOREST)
    assert "no worker" in reasons_of(caught.value, "previz") or reasons_of(caught.value, "previz")


async def test_a_scene_returns_its_results() -> None:
    worker = ImageGeneratorWorker(small(), {"previz": noise})
    shots = [shot(shot_number=number, characters=["r"], location_id="f") for number in (3, 1, 2)]
    reports = await worker.process_scene("scene_001", shots, {"r": RADHA}, {"f": FOREST})
    assert [(report["shot_id"][-1], report["status"]) for report in reports] == [
        ("1", "completed"),
        ("2", "completed"),
        ("3", "completed"),
    ]


async def test_finished_jobs_are_kept_and_reported() -> None:
    worker = ImageGeneratorWorker(small(), {"previz": noise})
    job_id = await worker.add_job(shot(), [RADHA], FOREST)
    assert worker.get_queue_status()["queued"] == 1
    await worker.process_queue()
    (report,) = worker.get_queue_status()["jobs"]
    assert (report["job_id"], report["status"]) == (job_id, "completed")
    assert report["frames"][0]["asset"]["width"] == 256
    assert json.dumps(worker.get_queue_status())
    assert await worker.process_queue() == []
    assert (await worker.process_job(job_id))["status"] == "completed"


async def test_job_ids_never_collide() -> None:
    worker = ImageGeneratorWorker(engine())
    ids = [await worker.add_job(shot(), [RADHA], FOREST) for _ in range(20)]
    assert len(set(ids)) == 20


def test_what_was_not_measured_is_null_and_no_constant() -> None:
    request = engine().generate_shot_image(shot(), [RADHA], FOREST)
    good, bad = (engine().validate_generation(request, data) for data in (png(), png(blank=True)))
    assert good["valid"]
    assert not bad["valid"]
    scores = {score["check"]: score for score in good["scores"]}
    for check in ("identity", "location", "style", "alignment"):
        assert (scores[check]["value"], scores[check]["outcome"]) == (None, "not-measured")
    assert not engine().validate_generation(request, png(512, 512))["valid"]
    assert not engine().validate_generation(request, b"no image")["valid"]
