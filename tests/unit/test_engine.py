"""The engine in process: complete requests and honest work."""

import io
import json

import pytest
from PIL import Image

from schemas import bible
from schemas.asset import Asset
from schemas.bible import Prop
from schemas.vocabulary import Dialect, FrameRole
from services.engine import (
    Character,
    ImageGeneratorWorker,
    JobStatus,
    Shot,
    ShotRejectedError,
)
from services.generation.providers.base import ImageJob
from tests.unit.engine_shots import FOREST, KRISHNA, RADHA, engine, noise, png, shot, small

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


def test_validation_in_process_knows_what_the_frame_was_to_show() -> None:
    """A grey frame of somebody in red: the costume is measured, and missed."""
    request = engine().generate_shot_image(shot=shot(shot_size="medium", style="cinematic"), characters=[RADHA])
    picture = png(request["parameters"]["width"], request["parameters"]["height"])
    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("L").convert("RGB").save(out, "PNG")
    scores = {item["check"]: item for item in engine().validate_generation(request, out.getvalue())["scores"]}
    assert scores["attire-colours"]["outcome"] == "failed"
