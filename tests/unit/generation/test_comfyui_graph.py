"""The graph for ComfyUI: valid for the server that it is for, and everything at its own character."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.generation.providers.local.comfyui_gear import ComfyGear, comfy_gear
from services.generation.providers.local.comfyui_graph import build_graph
from services.generation.providers.local.models import LocalModel
from services.generation.providers.local.parts import LocalJob, pictures
from tests.fakes.local_jobs import local_job, told
from tests.fakes.requests import a_character
from tests.fakes.vendors import comfyui_nodes

NAMES = ("radha", "krishna", "mira", "tara")
LORAS = [*(f"characters/{name}-xl.safetensors" for name in NAMES), "shared-xl.safetensors"]
CONTROLS = ["openpose-sdxl.safetensors", "depth-sdxl.safetensors", "controlnet-union-sdxl-promax.safetensors"]
Graph = dict[str, dict[str, Any]]


def server(
    *, hooks: bool = True, newest: bool = True, pack: bool = True, files: tuple[str, ...] = ()
) -> dict[str, Any]:
    nodes = comfyui_nodes.core(["sd_xl_base_1.0.safetensors"], LORAS, CONTROLS, [*files])
    nodes |= comfyui_nodes.hooks(LORAS, newest=newest) if hooks else {}
    return nodes | (comfyui_nodes.ip_adapter(["ip-adapter-plus_sdxl_vit-h.safetensors"]) if pack else {})


def gear(nodes: Mapping[str, Any]) -> ComfyGear:
    return comfy_gear(told(nodes), told(["people/token-radha", "token-krishna", "token with spaces"]))


def files(job: LocalJob) -> tuple[str, ...]:
    return tuple(str(item.uploaded) for item in (*job.references, *pictures(job)))


def drawn(job: LocalJob, **server_has: bool) -> Graph:
    """The graph, after the server itself has found nothing wrong with it."""
    nodes = server(**server_has, files=files(job))
    graph = build_graph(job, gear(nodes))
    assert comfyui_nodes.mistakes(graph, nodes) == (None, {})
    return graph


def of(graph: Graph, kind: str) -> list[dict[str, Any]]:
    return [node["inputs"] for node in graph.values() if node["class_type"] == kind]


def behind(graph: Graph, link: Any) -> Iterator[dict[str, Any]]:
    """A node and everything that it is made of."""
    if not isinstance(link, list):
        return
    node = graph[link[0]]
    yield node
    for value in node["inputs"].values():
        yield from behind(graph, value)


def parts(graph: Graph) -> dict[str, list[dict[str, Any]]]:
    """By mask, the nodes of each character's own condition."""
    found = {}
    for kind in ("ConditioningSetProperties", "ConditioningSetMask"):
        for name, node in graph.items():
            if node["class_type"] == kind:
                mask = node["inputs"].get("mask", node["inputs"].get("opt_mask"))
                found[graph[mask[0]]["inputs"]["image"]] = list(behind(graph, [name, 0]))
    return found


def test_a_frame_with_nobody_is_the_plain_graph() -> None:
    graph = drawn(local_job(names=(), negative_prompt="umbrellas"))
    assert [node["class_type"] for node in graph.values()] == [
        *("CheckpointLoaderSimple", "CLIPTextEncode", "CLIPTextEncode", "EmptyLatentImage", "KSampler"),
        *("VAEDecode", "SaveImage"),
    ]
    (sampler,) = of(graph, "KSampler")
    assert (sampler["seed"], sampler["denoise"], sampler["sampler_name"]) == (7, 1.0, "dpmpp_2m")


@pytest.mark.parametrize("newest", [True, False])
def test_each_adapter_is_a_hook_of_its_own_character_and_of_nobody_else(newest: bool) -> None:
    graph = drawn(local_job(loras={"radha": ("radha-xl",), "krishna": ("krishna-xl",)}), newest=newest)
    assert of(graph, "LoraLoader") == []
    for name, other in (("radha", "krishna"), ("krishna", "radha")):
        nodes = parts(graph)[f"ice/mask-{name}"]
        hooked = {node["inputs"]["lora_name"] for node in nodes if node["class_type"] == "CreateHookLora"}
        assert hooked == {f"characters/{name}-xl.safetensors"}
        texts = " ".join(node["inputs"]["text"] for node in nodes if node["class_type"] == "CLIPTextEncode")
        assert f"{name}-xl person" in texts
        assert f"{other}-xl person" not in texts


def test_without_hooks_every_adapter_works_on_the_whole_frame() -> None:
    graph = drawn(local_job(loras={"radha": ("radha-xl",), "krishna": ("krishna-xl",)}), hooks=False)
    assert len(of(graph, "LoraLoader")) == 2
    assert set(parts(graph)) == {"ice/mask-radha", "ice/mask-krishna"}


def test_an_adapter_of_two_characters_and_that_of_a_single_one_are_for_the_whole_frame() -> None:
    shared = drawn(local_job(loras={"radha": ("shared-xl",), "krishna": ("shared-xl",)}))
    alone = drawn(local_job(names=("radha",), loras={"radha": ("radha-xl",)}))
    assert [node["lora_name"] for node in of(shared, "LoraLoader")] == ["shared-xl.safetensors"]
    assert [node["lora_name"] for node in of(alone, "LoraLoader")] == ["characters/radha-xl.safetensors"]
    assert of(alone, "ConditioningCombine") == []


@pytest.mark.parametrize("hooks", [True, False])
def test_a_textual_inversion_is_a_word_in_its_own_characters_prompt_and_in_the_frames(hooks: bool) -> None:
    prompt = "token-radha person and token-krishna person, rain"
    graph = drawn(
        local_job(loras={"radha": ("token-radha",), "krishna": ("token-krishna",)}, prompt=prompt), hooks=hooks
    )
    assert of(graph, "LoraLoader") == of(graph, "CreateHookLora") == []
    texts = {inputs["text"] for inputs in of(graph, "CLIPTextEncode")}
    assert "embedding:people/token-radha and embedding:token-krishna, rain" in texts
    for name, word in (("radha", "embedding:people/token-radha"), ("krishna", "embedding:token-krishna")):
        (own,) = (n["inputs"]["text"] for n in parts(graph)[f"ice/mask-{name}"] if n["class_type"] == "CLIPTextEncode")
        assert own.startswith(f"{word}, ")
        assert own.count("embedding:") == 1
        assert "person" not in own


def test_a_textual_inversion_that_is_not_there_or_that_a_prompt_cannot_call_is_named() -> None:
    for name in ("token-nobody", "token with spaces"):
        with pytest.raises(ValueError, match=f"'{name}' is no textual inversion of the server"):
            build_graph(local_job(loras={"radha": (name,)}), gear(server()))


def test_words_of_people_are_no_textual_inversions() -> None:
    (radha,) = local_job(
        names=("radha",), cast=(a_character("radha", appearance={"hair": "embedding:token-radha"}),)
    ).parts
    assert "embedding:" not in radha.prompt


def test_each_reference_is_shown_within_the_mask_of_whom_it_shows() -> None:
    shown = [("character", "radha"), ("character", "krishna"), ("location", "ghat"), ("continuity", "sh0010")]
    graph = drawn(local_job(shown=shown))
    found = {
        graph[node["image"][0]]["inputs"]["image"]: graph[node["attn_mask"][0]]["inputs"]["image"]
        if "attn_mask" in node
        else None
        for node in of(graph, "IPAdapterAdvanced")
    }
    assert found == {
        "ice/character-radha": "ice/mask-radha",
        "ice/character-krishna": "ice/mask-krishna",
        "ice/location-ghat": "ice/mask-background",
        "ice/continuity-sh0010": None,
    }
    weights = [node["weight"] for node in of(graph, "IPAdapterAdvanced")]
    assert weights == [0.7, 0.7, 0.42, 0.35]


def test_a_guide_goes_through_the_control_model_for_it_and_a_composition_through_its_lines() -> None:
    graph = drawn(local_job(guides=("pose", "canny")))
    names = [node["control_net_name"] for node in of(graph, "ControlNetLoader")]
    assert names == ["openpose-sdxl.safetensors", "controlnet-union-sdxl-promax.safetensors"]
    assert [node["type"] for node in of(graph, "SetUnionControlNetType")] == ["canny/lineart/anime_lineart/mlsd"]
    assert len(of(graph, "Canny")) == 1
    (sampler,) = of(graph, "KSampler")
    assert {node["class_type"] for node in behind(graph, sampler["negative"])} >= {"ControlNetApplyAdvanced"}


def test_a_picture_to_start_from_is_scaled_to_the_frame_and_kept_by_its_strength() -> None:
    graph = drawn(local_job(shown=[("init", "take-1")], width=1280, height=720))
    (scaled,), (sampler,) = of(graph, "ImageScale"), of(graph, "KSampler")
    assert (scaled["width"], scaled["height"], scaled["crop"]) == (1280, 720, "center")
    assert sampler["denoise"] == pytest.approx(0.3)
    assert of(graph, "IPAdapterAdvanced") == of(graph, "EmptyLatentImage") == []


def test_what_the_server_lacks_is_named() -> None:
    with pytest.raises(ValueError, match=r"checkpoint: 'other.safetensors' is not on the server"):
        build_graph(local_job(model=LocalModel(checkpoint="other.safetensors")), gear(server()))
    with pytest.raises(ValueError, match="loras: 'unknown-xl' is not on the server"):
        build_graph(local_job(loras={"radha": ("unknown-xl",)}), gear(server()))


def test_clip_skip_and_the_models_own_settings_are_in_the_graph() -> None:
    own = LocalModel(clip_skip=2, sampler="euler", scheduler="normal", steps=24, cfg_scale=7.5)
    graph = drawn(local_job(model=own, steps=None, cfg_scale=None))
    (sampler,), (skip,) = of(graph, "KSampler"), of(graph, "CLIPSetLastLayer")
    assert (sampler["sampler_name"], sampler["scheduler"], sampler["steps"], sampler["cfg"]) == (
        "euler",
        "normal",
        24,
        7.5,
    )
    assert skip["stop_at_clip_layer"] == -2


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_job_makes_a_graph_that_its_server_takes_with_everything_at_its_own_character(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    wants = data.draw(st.fixed_dictionaries({name: st.booleans() for name in names}))
    loras: dict[str, tuple[str, ...]] = {name: (f"{name}-xl",) for name, wanted in wants.items() if wanted}
    shown = [("character", name) for name in names if data.draw(st.booleans())]
    shown += [("location", "ghat")] if data.draw(st.booleans()) else []
    has = {name: data.draw(st.booleans()) for name in ("hooks", "newest")}
    guides = data.draw(st.lists(st.sampled_from(["pose", "depth", "canny"]), unique=True, max_size=2))
    graph = drawn(local_job(names, loras, shown[:4], guides), **has)
    # Nothing hangs loose: all of it is in the picture.
    (last,) = (name for name, node in graph.items() if node["class_type"] == "SaveImage")
    assert {id(node) for node in behind(graph, [last, 0])} == {id(node) for node in graph.values()}
    used = {node["lora_name"] for node in (*of(graph, "LoraLoader"), *of(graph, "CreateHookLora"))}
    assert used == {f"characters/{name}-xl.safetensors" for name in loras}
    if len(names) > 1:
        assert set(parts(graph)) == {f"ice/mask-{name}" for name in names}
        for name in names:
            nodes = parts(graph)[f"ice/mask-{name}"]
            hooked = {node["inputs"]["lora_name"] for node in nodes if node["class_type"] == "CreateHookLora"}
            assert hooked == ({f"characters/{name}-xl.safetensors"} if has["hooks"] and name in loras else set())
    seen = [graph[node["image"][0]]["inputs"]["image"] for node in of(graph, "IPAdapterAdvanced")]
    assert seen == [f"ice/{role}-{name}" for role, name in shown[:4]]
