"""The engine in process: complete requests, honest work, and none of the prototype's defects."""

import io
import json
import re
from datetime import date
from typing import Any

import pytest
from PIL import Image

from schemas import bible
from schemas.asset import Asset
from schemas.bible import Lora, Prop
from schemas.project import ProjectSettings, TemplateOverride
from schemas.vocabulary import Dialect, FrameRole
from services.engine import (
    Character,
    ImageEngine,
    ImageGeneratorWorker,
    JobStatus,
    Location,
    NoCapableModelError,
    Request,
    Shot,
    ShotRejectedError,
)
from services.generation.providers.base import ImageJob
from services.prompt_builder.domain.tokens import CLIP_BUDGET, estimate

TODAY = date(2026, 11, 23)
EVERYBODY = ("previz", "openai", "stability", "leonardo", "google", "bfl", "local-sdxl")

RADHA = Character(
    name="Radha",
    description="Divine character",
    appearance={"hair": "long black hair", "eyes": "dark brown eyes"},
    attire={"style": "traditional Indian", "colors": ["red", "gold"]},
    seed=11,
    embedding_id="radha-lora",
    reference_images=["s3://ice/radha.png"],
)
KRISHNA = Character(
    name="Krishna",
    description="Young cowherd",
    appearance={"skin": "blue skin"},
    attire={"dhoti": "yellow"},
    seed=22,
    loras=(Lora(lora_id="krishna-lora", base_model="sdxl"),),
    reference_images=["s3://ice/krishna.png"],
)
FOREST = Location(
    name="Vrindavan Forest",
    description="Sacred forest with flower fields",
    location_type="exterior",
    time_of_day="dusk",
    reference_images=["s3://ice/forest.png"],
)


def shot(**changes: Any) -> Shot:
    return Shot(
        **{
            "scene_id": "scene_001",
            "shot_number": 1,
            "shot_type": "close-up",
            "description": "Radha walks through the forest",
            **changes,
        }
    )


def engine(project: dict[str, Any] | None = None, **more: Any) -> ImageEngine:
    settings = ProjectSettings(**{"project_id": "film", "title": "Film", **(project or {})})
    return ImageEngine(project=settings, **{"today": TODAY, **more})


def reasons_of(request: Request | NoCapableModelError, model: str) -> str:
    if isinstance(request, NoCapableModelError):
        return next("; ".join(item.reasons) for item in request.considered if item.model == model)
    return next("; ".join(item["reasons"]) for item in request["considered"] if item["model"] == model)


def png(width: int = 1024, height: int = 576, *, blank: bool = False) -> bytes:
    image = (
        Image.new("RGB", (width, height), "grey") if blank else Image.effect_noise((width, height), 80).convert("RGB")
    )
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()


def small() -> ImageEngine:
    return engine({"width": 256, "height": 144})


async def noise(job: ImageJob) -> bytes:
    return png(job.width, job.height)


# --- requests ---------------------------------------------------------------------------------------------------------


def test_a_request_is_complete_and_json() -> None:
    request = engine().generate_shot_image(shot=shot(style="cinematic"), characters=[RADHA], location=FOREST)
    assert json.loads(json.dumps(request)) == request
    assert {
        "prompt",
        "negative_prompt",
        "width",
        "height",
        "style",
        "camera",
        "camera_angle",
        "camera_movement",
    } <= set(request["parameters"])
    assert {"seed", "lighting", "mood", "references", "steps", "cfg_scale"} <= set(request["parameters"])
    assert request["model"] == "previz"
    assert request["model_reasons"]
    assert len(request["considered"]) > 10
    assert set(request["prompts"]) == {dialect.value for dialect in Dialect}
    assert request["seeds"]["location"]["policy"] == "location"


def test_the_same_shot_gives_the_same_request() -> None:
    first, second = (engine().generate_shot_image(shot(), [RADHA], FOREST) for _ in range(2))
    assert first == second


def test_ids_follow_from_names_and_places() -> None:
    assert shot().shot_id == "scene_001_sh0001"
    assert shot(shot_id="mine").shot_id == "mine"
    assert (RADHA.id, FOREST.id) == ("radha", "vrindavan-forest")
    assert Character(id="r2", name="Radha", description="x").id == "r2"


def test_names_in_other_scripts_get_ids_that_differ() -> None:
    radha, krishna = (Character(name=name, description="x").id for name in ("राधा", "कृष्ण"))
    assert radha != krishna
    assert radha == Character(name="राधा", description="y").id
    assert radha.startswith("character-")


def test_a_wrong_field_is_named_even_without_ids() -> None:
    with pytest.raises(ValueError, match="scene_id"):
        Shot.model_validate({"description": "no scene"})
    with pytest.raises(ValueError, match="name"):
        Character.model_validate({"description": "nobody"})


def test_an_unknown_character_is_refused_with_what_is_known() -> None:
    with pytest.raises(ShotRejectedError, match=r"shot\.cast\.0\.character_id: 'radah'.*did you mean radha") as caught:
        engine().generate_shot_image(shot(characters=["radah"]), [RADHA], FOREST)
    assert caught.value.rejection.problems[0].code == "unknown-character"


def test_an_unknown_location_and_prop_are_refused() -> None:
    with pytest.raises(ShotRejectedError, match=r"shot\.location_id: 'nowhere'"):
        engine().generate_shot_image(shot(location_id="nowhere"), [RADHA])
    with pytest.raises(ShotRejectedError, match=r"shot\.props\.0: 'lamp'"):
        engine().generate_shot_image(shot(props=["lamp"]), [RADHA], FOREST)


def test_props_reach_the_prompt() -> None:
    flute = Prop(id="flute", name="flute", description="bamboo flute")
    request = engine().generate_shot_image(shot(), [RADHA], FOREST, props=[flute])
    assert "bamboo flute" in request["parameters"]["prompt"]


def test_a_character_beside_the_shots_cast_is_left_out_and_listed() -> None:
    request = engine().generate_shot_image(shot(characters=["radha"]), [RADHA, KRISHNA], FOREST)
    assert [member["name"] for member in request["characters"]] == ["Radha"]
    assert ("character-not-in-cast", "character krishna") in {
        (item["code"], item["what"]) for item in request["degradations"]
    }


def test_plain_contract_models_serve_as_well() -> None:
    radha = bible.Character(id="radha", name="Radha", description="Divine character")
    assert "Radha" in engine().generate_shot_image(shot(), [radha])["parameters"]["prompt"]


def test_start_and_end_frames_are_asked_one_by_one() -> None:
    both = shot(frames="start-end", camera_movement="push-in")
    start = engine().generate_shot_image(both, [RADHA], FOREST)
    end = engine().generate_shot_image(both, [RADHA], FOREST, frame_role=FrameRole.END)
    assert (start["frame_role"], end["frame_role"]) == ("start", "end")
    assert start["generation_id"] != end["generation_id"]
    assert "continuity-unavailable" in {item["code"] for item in end["degradations"]}
    with pytest.raises(ValueError, match=r"frame_role: 'end', allowed is single"):
        engine().generate_shot_image(shot(), [RADHA], frame_role=FrameRole.END)


def test_a_batch_keeps_order_and_refusals_in_their_place() -> None:
    shots = [
        shot(shot_number=1, characters=["char_001"], location_id="loc_001"),
        shot(shot_number=2, characters=["char_404"], location_id="loc_001"),
        shot(shot_number=3, characters=["char_001"], frames="start-end"),
        shot(shot_number=4, characters=["char_001"], style="cubist"),
    ]
    requests = engine().process_shot_batch(shots, {"char_001": RADHA}, {"loc_001": FOREST})
    assert [(item["shot_id"][-1], item["frame_role"], item["status"]) for item in requests] == [
        ("1", "single", "ready"),
        ("2", "single", "rejected"),
        ("3", "start", "ready"),
        ("3", "end", "ready"),
        ("4", "single", "rejected"),
    ]
    assert requests[1]["problems"][0]["field"] == "shot.cast.0.character_id"
    assert requests[4]["problems"][0]["code"] == "unknown-style"


def test_the_key_of_the_map_is_the_id() -> None:
    (request,) = engine().process_shot_batch([shot(characters=["char_001"])], {"char_001": RADHA})
    assert list(request["seeds"]["characters"]) == ["char_001"]


def test_an_asset_has_exactly_the_asked_size() -> None:
    request = engine().generate_shot_image(shot(), [RADHA], FOREST)
    asset = engine().create_asset_from_generation(request, png(1280, 720))
    assert isinstance(asset, Asset)
    assert (asset.width, asset.height, asset.aspect_ratio, asset.mime_type) == (1024, 576, "16:9", "image/png")
    assert (asset.asset_id, asset.shot_id) == (request["generation_id"], request["shot_id"])
    assert asset.prompt == request["parameters"]["prompt"]
    assert engine().create_asset_from_generation(request, png(), url="https://x.example/a.png").url.startswith("https:")


def test_no_asset_comes_of_a_refused_request() -> None:
    (request,) = engine().process_shot_batch([shot(style="cubist")])
    with pytest.raises(KeyError, match="rejected"):
        engine().create_asset_from_generation(request, png())


def test_unknown_words_are_told_before_anything_is_made() -> None:
    assert [item.field for item in engine().unknown_words(shot(mood="jolyful"))] == ["shot.mood"]


# --- the worker -------------------------------------------------------------------------------------------------------


async def test_higher_priority_goes_first_and_equals_in_order() -> None:
    worker = ImageGeneratorWorker(small(), {"previz": noise})
    for number, priority in [(1, 0), (2, 5), (3, 0), (4, 5)]:
        await worker.add_job(shot(shot_number=number), [RADHA], FOREST, priority=priority)
    assert [report["shot_id"][-1] for report in await worker.process_queue()] == ["2", "4", "1", "3"]


async def test_the_previz_artist_draws() -> None:
    worker = ImageGeneratorWorker(engine({"width": 256, "height": 144}))
    job_id = await worker.add_job(shot(), [RADHA], FOREST)
    (report,) = await worker.process_queue()
    assert report["status"] == "completed", report["reasons"]
    frame = worker.job(job_id).frames[0]
    assert Image.open(io.BytesIO(frame.image)).size == (256, 144)
    assert frame.asset.width == 256


async def test_a_failed_job_says_why_and_the_next_is_made() -> None:
    worker = ImageGeneratorWorker(small(), {"previz": noise})
    bad = await worker.add_job(shot(style="cubist"), [RADHA], FOREST)
    await worker.add_job(shot(shot_number=2), [RADHA], FOREST)
    await worker.process_queue()
    status = worker.get_queue_status()
    assert (status["failed"], status["completed"], status["queued"]) == (1, 1, 0)
    assert "cubist" in worker.job(bad).reasons[0]


async def test_an_image_that_fails_its_checks_is_no_result() -> None:
    async def blank(job: ImageJob) -> bytes:
        return png(job.width, job.height, blank=True)

    worker = ImageGeneratorWorker(small(), {"previz": blank})
    job_id = await worker.add_job(shot(), [RADHA], FOREST)
    await worker.process_queue()
    assert worker.job(job_id).status is JobStatus.FAILED
    assert "not-blank" in worker.job(job_id).reasons[0]


async def test_an_end_frame_continues_the_start_frame() -> None:
    worker = ImageGeneratorWorker(small(), {"previz": noise})
    job_id = await worker.add_job(shot(frames="start-end"), [RADHA], FOREST)
    await worker.process_queue()
    start, end = worker.job(job_id).frames
    (frame,) = end.request["generation_request"]["continuity"]
    assert frame["reason"] == "start_frame"
    assert frame["asset"]["sha256"] == start.asset.sha256
    assert "continues the start frame" in end.request["parameters"]["prompt"]


async def test_a_shot_continues_the_one_it_names() -> None:
    worker = ImageGeneratorWorker(small(), {"previz": noise})
    first = shot(shot_number=1, characters=["r"])
    second = shot(shot_number=2, characters=["r"], continuity_from=first.shot_id)
    await worker.process_scene("scene_001", [second, first], {"r": RADHA})
    frames = [job["frames"] for job in worker.get_queue_status()["jobs"]]
    assert [len(item) for item in frames] == [1, 1]
    later = worker.job("job-000002-scene_001_sh0002").frames[0].request
    assert later["generation_request"]["continuity"][0]["shot_id"] == first.shot_id


async def test_a_scene_takes_only_its_own_shots() -> None:
    with pytest.raises(ValueError, match="scene_002"):
        await ImageGeneratorWorker(engine()).process_scene("scene_001", [shot(scene_id="scene_002")])


async def test_an_unknown_job_is_named() -> None:
    with pytest.raises(KeyError, match="job-9"):
        await ImageGeneratorWorker(engine()).process_job("job-9")


# --- the prototype's defects are not inherited ------------------------------------------------------------------------


def test_two_characters_keep_their_own_seed_adapter_and_references() -> None:
    request = engine(providers=("local-sdxl",)).generate_shot_image(shot(shot_type="medium"), [RADHA, KRISHNA], FOREST)
    radha, krishna = request["characters"]
    assert (radha["seed"]["value"], krishna["seed"]["value"]) == (11, 22)
    assert [item["lora_id"] for item in radha["loras"]] == ["radha-lora"]
    assert [item["lora_id"] for item in krishna["loras"]] == ["krishna-lora"]
    assert radha["references"][0]["uri"] == "s3://ice/radha.png"
    assert {item["lora_id"] for item in request["parameters"]["loras"]} == {"radha-lora", "krishna-lora"}


def test_references_of_the_location_do_not_replace_those_of_the_characters() -> None:
    request = engine(providers=("local-sdxl",)).generate_shot_image(shot(shot_type="medium"), [RADHA, KRISHNA], FOREST)
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


def test_hosted_sdxl_is_not_asked_for_a_size_that_it_has_not() -> None:
    request = engine({"models": ("sdxl",)}, providers=EVERYBODY).generate_shot_image(shot(), [RADHA], FOREST)
    assert request["model"] != "stable-diffusion-xl-1024-v1-0"
    assert "1024x576" in reasons_of(request, "stable-diffusion-xl-1024-v1-0")
    assert "preferred-model-unavailable" in {item["code"] for item in request["degradations"]}


def test_appearance_is_told_once_and_tags_fit_the_encoder() -> None:
    request = engine().generate_shot_image(shot(), [RADHA], FOREST)
    for dialect in ("natural", "tags"):
        prompt = request["prompts"][dialect]["prompt"]
        assert prompt.count("long black hair") == 1
        assert prompt.count("dark brown eyes") == 1
    bare = re.sub(r":[\d.]+\)|[()]", "", request["prompts"]["tags"]["prompt"])
    assert estimate(bare) <= CLIP_BUDGET


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
        "on a crane",
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
    assert "Light like melted ghee" in request["parameters"]["prompt"]


async def test_a_failing_model_falls_back_to_the_next_capable_one() -> None:
    async def broken(_: ImageJob) -> bytes:
        raise ConnectionError("503")

    both = engine({"models": ("sdxl-local",)}, providers=("local-sdxl", "previz"))
    worker = ImageGeneratorWorker(both, {"local-sdxl": broken, "previz": noise})
    job_id = await worker.add_job(shot(), [RADHA], FOREST)
    await worker.process_queue()
    job = worker.job(job_id)
    assert job.status is JobStatus.COMPLETED
    assert job.reasons == ["single frame by sdxl-base-1.0: ConnectionError: 503"]
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
