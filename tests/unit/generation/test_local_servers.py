"""What ComfyUI's and AUTOMATIC1111's replies mean, and what a server is found to have."""

import uuid
from dataclasses import replace
from typing import Any

import pytest

from schemas.adapter import AdapterKind
from schemas.bible import Lora
from schemas.vocabulary import WeightForm
from services.generation.providers.errors import (
    Configuration,
    InvalidRequest,
    Outage,
    ProviderError,
    UnusableImage,
)
from services.generation.providers.exchange import HttpReply, JsonBody, UnreadableReplyError
from services.generation.providers.local.a1111 import A1111
from services.generation.providers.local.a1111_gear import WebuiGear
from services.generation.providers.local.comfyui import ComfyUI, prompt_id
from services.generation.providers.local.comfyui_gear import comfy_gear
from services.generation.providers.local.embeddings import spelled
from services.generation.providers.local.gear import control_for, file_of, lacks, with_loras_there
from services.generation.providers.local.models import LocalModel
from services.generation.providers.local.parts import BACKGROUND, LocalJob
from services.generation.providers.local.vendor import JobLostError, PictureLostError
from services.generation.providers.vendor import Look, Made, Pending
from tests.fakes.local_jobs import local_job, told
from tests.fakes.vendors import comfyui_nodes

JOB = str(uuid.uuid4())
GEAR = WebuiGear(
    checkpoints=("sd_xl_base_1.0.safetensors [31e35c80fc]",),
    loras=("radha-xl", "krishna-xl"),
    samplers=("DPM++ 2M", "Euler a"),
    schedulers=("Karras",),
    scripts=frozenset({"controlnet"}),
    models=("ip-adapter-plus_sdxl_vit-h [f1f19f7d]", "openpose-sdxl [d6a1ef25]"),
    modules=("None", "CLIP-ViT-H (IPAdapter)"),
    embeddings=("token-radha",),
)


def polled(reply: HttpReply) -> Made | Pending | Look:
    return ComfyUI().read_poll(local_job(), JOB, reply)


def refused(kind: str, node_error: dict[str, Any] | None = None) -> ProviderError:
    nodes = {"4": {"errors": [node_error], "class_type": "LoraLoader"}} if node_error else {}
    error = {"type": kind, "message": "Prompt outputs failed validation", "details": "", "extra_info": {}}
    return ComfyUI().failure(told({"error": error, "node_errors": nodes}, 400))


# --- files ---


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("radha-xl", "people/Radha-XL.safetensors"),
        ("people\\Radha-XL.safetensors", "people/Radha-XL.safetensors"),
        ("sd_xl_base_1.0.safetensors", "sd_xl_base_1.0.safetensors [31e35c80fc]"),
        ("twice", None),
        ("one/twice.safetensors", "one/twice.safetensors"),
        ("nobody", None),
    ],
)
def test_a_file_is_found_by_its_name_wherever_it_lies_and_never_guessed(wanted: str, found: str | None) -> None:
    there = [
        "people/Radha-XL.safetensors",
        "sd_xl_base_1.0.safetensors [31e35c80fc]",
        "one/twice.safetensors",
        "two/twice.safetensors",
    ]
    assert file_of(wanted, there) == found


def test_a_control_model_of_another_family_is_never_taken() -> None:
    nodes = comfyui_nodes.core([], [], ["control_v11p_sd15_openpose.pth", "flux-union.safetensors"], [])
    gear = comfy_gear(told(nodes))
    assert control_for("pose", LocalModel(), gear) is None
    assert control_for("pose", LocalModel(base="sd15"), gear) == "control_v11p_sd15_openpose.pth"
    assert lacks(LocalModel(), gear) == ("references", "composition-guide")
    assert lacks(LocalModel(references=0, base="sd15"), gear) == ()


def test_a_required_adapter_that_is_not_there_fails_the_call_and_another_is_left_out() -> None:
    job = local_job(loras={"radha": ("unknown-xl",)})
    ready = with_loras_there(job, GEAR, "http://gpu")
    assert ready.loras == ()
    assert [loss.code for loss in ready.degradations] == ["lora-missing"]
    must = local_job(names=(), loras_given=(Lora(lora_id="unknown-xl", required=True),))
    with pytest.raises(InvalidRequest, match=r"unknown-xl, which is required.*it has radha-xl, krishna-xl"):
        with_loras_there(must, GEAR, "http://gpu")


def test_a_textual_inversion_is_looked_for_among_textual_inversions() -> None:
    ready = with_loras_there(local_job(loras={"radha": ("token-radha", "token-nobody")}), GEAR, "http://gpu")
    assert [lora.lora_id for lora in ready.loras] == ["token-radha"]
    assert [(loss.code, "it has token-radha" in loss.reason) for loss in ready.degradations] == [
        ("embedding-missing", True)
    ]
    silent = with_loras_there(
        local_job(loras={"radha": ("token-radha",)}), replace(GEAR, embeddings=None), "http://gpu"
    )
    assert (silent.loras, [loss.code for loss in silent.degradations]) == ((), ["embedding-not-supported"])
    must = local_job(
        names=(), loras_given=(Lora(lora_id="token-x", kind=AdapterKind.TEXTUAL_INVERSION, required=True),)
    )
    with pytest.raises(InvalidRequest, match="token-x, which is required"):
        with_loras_there(must, GEAR, "http://gpu")


@pytest.mark.parametrize(
    ("prompt", "triggers", "meant"),
    [
        ("rain, <mira>, night", ("<mira>",), "rain, embedding:mira, night"),
        ("(mira:1.2) runs", ("mira",), "(embedding:mira:1.2) runs"),
        ("mira.", ("mira",), "embedding:mira ."),
        ("old-mira", ("mira",), "old- embedding:mira"),
        ("admiral", ("mira",), "admiral, embedding:mira"),
        (r"mira \(young\)", ("mira (young)",), "embedding:mira"),
        ("night", (), "night, embedding:mira"),
    ],
)
def test_a_textual_inversions_word_stands_for_its_triggers_and_apart_from_other_letters(
    prompt: str, triggers: tuple[str, ...], meant: str
) -> None:
    one = Lora(lora_id="mira", kind=AdapterKind.TEXTUAL_INVERSION, trigger_words=triggers)
    assert spelled(prompt, [(one, "embedding:mira")], WeightForm.COMFY) == meant


# --- parts of the frame ---


def test_a_character_is_told_by_its_looks_costume_and_action_and_nothing_reads_as_weight_or_tag() -> None:
    radha, krishna = local_job(loras={"radha": ("<x>(radha)",)}).parts
    assert "red sari" in radha.prompt
    assert "long black hair" in radha.prompt
    assert "walks along the river" in radha.prompt
    assert not set("()<>") & set(radha.prompt)
    assert "xradha" not in krishna.prompt


def test_masks_of_neighbours_do_not_overlap_and_the_background_is_the_rest() -> None:
    job = local_job()
    assert [part.mask.entity_id for part in job.parts] == ["radha", "krishna"]
    assert len({part.mask.data for part in job.parts}) == 2
    assert job.background is not None
    assert job.background.entity_id == BACKGROUND


# --- ComfyUI ---


def test_the_id_of_a_job_is_the_generations_own() -> None:
    assert prompt_id(JOB) == JOB
    assert uuid.UUID(prompt_id("no uuid")) == uuid.UUID(prompt_id("no uuid"))


def test_a_job_is_looked_for_in_the_queue_then_in_the_history_and_else_it_is_lost() -> None:
    running, other = [0, JOB, {}, {}, []], [1, "another", {}, {}, []]
    assert isinstance(polled(told({"queue_running": [other], "queue_pending": [running]})), Pending)
    look = polled(told({"queue_running": [other], "queue_pending": []}))
    assert isinstance(look, Look)
    assert look.call.url == f"/history/{JOB}"
    with pytest.raises(JobLostError):
        polled(told({}))
    with pytest.raises(UnreadableReplyError):
        polled(told({"somebody": {}}))


def test_a_job_that_has_ended_leads_to_its_picture_with_everything_quoted() -> None:
    picture = {"filename": "a b&c.png", "subfolder": "ice", "type": "output"}
    look = polled(told({JOB: {"outputs": {"9": {"images": [picture]}}, "status": {}}}))
    assert isinstance(look, Look)
    assert look.call.url == "/view?filename=a+b%26c.png&subfolder=ice&type=output"
    made = polled(HttpReply(200, {"content-type": "image/png"}, b"png"))
    assert isinstance(made, Made)
    assert made.data == b"png"


def test_a_job_without_a_picture_says_which_node_failed_or_who_stopped_it() -> None:
    failed = ["execution_error", {"node_type": "KSampler", "exception_type": "RuntimeError", "exception_message": "x"}]
    with pytest.raises(UnusableImage, match="node KSampler failed: RuntimeError: x"):
        polled(told({JOB: {"outputs": {}, "status": {"messages": [["execution_start", {}], failed]}}}))
    stopped = ["execution_interrupted", {"node_type": "KSampler"}]
    with pytest.raises(UnusableImage, match="interrupted on the server, at node KSampler"):
        polled(told({JOB: {"outputs": {}, "status": {"messages": [stopped]}}}))


def test_a_graph_that_is_refused_is_told_in_the_nodes_words() -> None:
    gone = {"type": "value_not_in_list", "message": "Value not in list", "details": "lora_name: 'x' not in ['y']"}
    error = refused("prompt_outputs_failed_validation", gone)
    assert isinstance(error, Configuration)
    assert "LoraLoader: value_not_in_list: Value not in list: lora_name: 'x' not in ['y']" in str(error)
    lost = {"type": "custom_validation_failed", "message": "", "details": "image - Invalid image file: ice/a.png"}
    assert isinstance(refused("prompt_outputs_failed_validation", lost), PictureLostError)
    assert isinstance(refused("missing_node_type"), Configuration)
    assert isinstance(refused("no_prompt"), InvalidRequest)
    assert isinstance(ComfyUI().failure(told({"error": {"message": "busy"}}, 503)), Outage)


def test_another_servers_answer_is_not_taken_for_comfyuis() -> None:
    with pytest.raises(UnreadableReplyError, match="CheckpointLoaderSimple"):
        comfy_gear(told({"openapi": "3.1"}))


# --- AUTOMATIC1111 ---


def asked(job: LocalJob) -> tuple[str, dict[str, Any]]:
    call = A1111().submit(job)
    assert isinstance(call.body, JsonBody)
    return call.url, dict(call.body.value)


def test_adapters_are_tags_behind_the_prompt_and_forges_names_are_known() -> None:
    job = local_job(loras={"radha": ("radha-xl",)}, shown=[("character", "radha")], guides=("pose",), gear=GEAR)
    url, body = asked(job)
    assert url == "/sdapi/v1/txt2img"
    assert body["prompt"].endswith(", <lora:radha-xl:0.8>")
    guide, shown = body["alwayson_scripts"]["ControlNet"]["args"]
    assert (guide["module"], guide["model"]) == ("None", "openpose-sdxl [d6a1ef25]")
    assert (shown["module"], shown["weight"]) == ("CLIP-ViT-H (IPAdapter)", 0.7)
    assert "effective_region_mask" in shown
    assert body["override_settings"]["sd_model_checkpoint"] == "sd_xl_base_1.0.safetensors [31e35c80fc]"


def test_a_textual_inversion_is_called_by_its_name_and_is_no_tag() -> None:
    _, body = asked(local_job(loras={"radha": ("token-radha", "radha-xl")}, prompt="token-radha person", gear=GEAR))
    assert body["prompt"] == "token-radha, <lora:radha-xl:0.8>"
    with pytest.raises(ValueError, match="'token-nobody' is no textual inversion of the server"):
        asked(local_job(loras={"radha": ("token-nobody",)}, gear=GEAR))


def test_words_of_a_prompt_are_no_tags_of_the_server() -> None:
    _, body = asked(local_job(names=(), prompt="a sign that says <lora:radha-xl:1>", gear=GEAR))
    assert "<lora:" not in body["prompt"]
    assert "a sign that says" in body["prompt"]


def test_a_picture_to_start_from_goes_to_img2img() -> None:
    url, body = asked(local_job(shown=[("init", "take-1")], gear=GEAR))
    assert url == "/sdapi/v1/img2img"
    assert body["denoising_strength"] == pytest.approx(0.3)
    assert len(body["init_images"]) == 1
    # The server goes through that share of its steps only: 30 of them are left.
    assert (local_job().steps, body["steps"]) == (None, 100)
    assert "alwayson_scripts" not in body


@pytest.mark.parametrize("model", [LocalModel(sampler="Heun"), LocalModel(scheduler="Polyexponential")])
def test_a_sampler_or_schedule_that_the_server_has_not_is_named_with_those_that_it_has(model: LocalModel) -> None:
    with pytest.raises(ValueError, match=r"(Heun|Polyexponential).*allowed is one of: (DPM\+\+ 2M|Karras)"):
        asked(local_job(model=model, gear=GEAR))


def test_the_seed_is_read_from_json_within_json() -> None:
    made = A1111().read(local_job(), told({"images": ["aGVsbG8="], "info": '{"seed": 77}'}))
    assert (made.data, made.seed) == (b"hello", 77)
    with pytest.raises(UnreadableReplyError, match="images"):
        A1111().read(local_job(), told({"images": [], "info": "{}"}))


def test_what_the_server_has_not_is_a_matter_of_its_set_up() -> None:
    missing = told({"error": "HTTPException", "detail": "Sampler not found", "body": "", "errors": ""}, 404)
    assert isinstance(A1111().failure(missing), Configuration)
    wrong = told({"error": "HTTPException", "detail": "", "errors": "width: too large"}, 422)
    assert isinstance(A1111().failure(wrong), InvalidRequest)
    assert "width: too large" in str(A1111().failure(wrong))


def test_without_a_key_no_authorization_is_sent() -> None:
    assert A1111().authorization("") == ComfyUI().authorization("") == {}
    assert A1111().authorization("a:b") == {"authorization": "Basic YTpi"}
