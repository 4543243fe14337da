"""What a ComfyUI server tells in `/object_info`: the nodes of the core that we use and a pack, by their own code."""

from collections.abc import Mapping
from typing import Any, Final

_INT: Final = ["INT", {"default": 0}]
_FLOAT: Final = ["FLOAT", {"default": 1.0}]
_TEXT: Final = ["STRING", {"multiline": True}]
_BOOL: Final = ["BOOLEAN", {"default": False}]
_AREA: Final = [["default", "mask bounds"]]
SAMPLERS: Final = ["euler", "euler_ancestral", "dpmpp_2m", "dpmpp_2m_sde", "ddim"]
SCHEDULERS: Final = ["normal", "karras", "exponential", "simple"]
PRESETS: Final = [
    "LIGHT - SD1.5 only (low strength)",
    "STANDARD (medium strength)",
    "VIT-G (medium strength)",
    "PLUS (high strength)",
    "PLUS FACE (portraits)",
]
WEIGHTS: Final = ["linear", "ease in", "style transfer", "composition", "strong style transfer"]
UNION: Final = ["auto", "openpose", "depth", "hed/pidi/scribble/ted", "canny/lineart/anime_lineart/mlsd", "normal"]


def _node(required: Mapping[str, Any], outputs: list[str], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"required": dict(required)}
    if optional:
        told["optional"] = dict(optional)
    return {"input": told, "output": outputs, "output_name": outputs, "output_node": not outputs}


def core(checkpoints: list[str], loras: list[str], controls: list[str], pictures: list[str]) -> dict[str, Any]:
    """The nodes of a server without any pack."""
    return {**_texts_and_models(checkpoints, loras), **_pictures(pictures), **_controls(controls)}


def _texts_and_models(checkpoints: list[str], loras: list[str]) -> dict[str, Any]:
    model, clip, conds = ["MODEL"], ["CLIP"], ["CONDITIONING"]
    strengths = {"strength_model": _FLOAT, "strength_clip": _FLOAT}
    return {
        "CheckpointLoaderSimple": _node({"ckpt_name": [checkpoints]}, ["MODEL", "CLIP", "VAE"]),
        "CLIPSetLastLayer": _node({"clip": clip, "stop_at_clip_layer": _INT}, ["CLIP"]),
        "LoraLoader": _node({"model": model, "clip": clip, "lora_name": [loras], **strengths}, ["MODEL", "CLIP"]),
        "CLIPTextEncode": _node({"text": _TEXT, "clip": clip}, ["CONDITIONING"]),
        "ConditioningCombine": _node({"conditioning_1": conds, "conditioning_2": conds}, ["CONDITIONING"]),
        "ConditioningSetMask": _node(
            {"conditioning": conds, "mask": ["MASK"], "strength": _FLOAT, "set_cond_area": _AREA}, ["CONDITIONING"]
        ),
        "EmptyLatentImage": _node({"width": _INT, "height": _INT, "batch_size": _INT}, ["LATENT"]),
        "KSampler": _node(
            {
                "model": model,
                "seed": _INT,
                "steps": _INT,
                "cfg": _FLOAT,
                "sampler_name": [SAMPLERS],
                "scheduler": [SCHEDULERS],
                "positive": conds,
                "negative": conds,
                "latent_image": ["LATENT"],
                "denoise": _FLOAT,
            },
            ["LATENT"],
        ),
    }


def _pictures(pictures: list[str]) -> dict[str, Any]:
    return {
        "VAEDecode": _node({"samples": ["LATENT"], "vae": ["VAE"]}, ["IMAGE"]),
        "VAEEncode": _node({"pixels": ["IMAGE"], "vae": ["VAE"]}, ["LATENT"]),
        "SaveImage": _node({"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}, []),
        "LoadImage": _node({"image": [pictures, {"image_upload": True}]}, ["IMAGE", "MASK"]),
        "LoadImageMask": _node(
            {"image": [pictures, {"image_upload": True}], "channel": [["alpha", "red", "green", "blue"]]}, ["MASK"]
        ),
        "ImageScale": _node(
            {
                "image": ["IMAGE"],
                # As the newer form of the schema tells choices.
                "upscale_method": ["COMBO", {"options": ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]}],
                "width": _INT,
                "height": _INT,
                "crop": ["COMBO", {"options": ["disabled", "center"]}],
            },
            ["IMAGE"],
        ),
        "Canny": _node({"image": ["IMAGE"], "low_threshold": _FLOAT, "high_threshold": _FLOAT}, ["IMAGE"]),
    }


def _controls(controls: list[str]) -> dict[str, Any]:
    conds = ["CONDITIONING"]
    return {
        "ControlNetLoader": _node({"control_net_name": [controls]}, ["CONTROL_NET"]),
        "SetUnionControlNetType": _node({"control_net": ["CONTROL_NET"], "type": [UNION]}, ["CONTROL_NET"]),
        "ControlNetApplyAdvanced": _node(
            {
                "positive": conds,
                "negative": conds,
                "control_net": ["CONTROL_NET"],
                "image": ["IMAGE"],
                "strength": _FLOAT,
                "start_percent": _FLOAT,
                "end_percent": _FLOAT,
            },
            ["CONDITIONING", "CONDITIONING"],
            {"vae": ["VAE"]},
        ),
    }


def hooks(loras: list[str], *, newest: bool = True) -> dict[str, Any]:
    """Nodes that tie adapters to conditions: in the core since 0.3.8, their optional inputs renamed since."""
    prefix = "" if newest else "opt_"
    clip_inputs = {"clip": ["CLIP"]} | ({"apply_to_conds": _BOOL, "schedule_clip": _BOOL} if newest else {})
    return {
        "CreateHookLora": _node(
            {"lora_name": [loras], "strength_model": _FLOAT, "strength_clip": _FLOAT},
            ["HOOKS"],
            {"prev_hooks": ["HOOKS"]},
        ),
        "SetClipHooks": _node(clip_inputs, ["CLIP"], {"hooks": ["HOOKS"]}),
        "ConditioningSetProperties": _node(
            {"cond_NEW": ["CONDITIONING"], "strength": _FLOAT, "set_cond_area": _AREA},
            ["CONDITIONING"],
            {f"{prefix}mask": ["MASK"], f"{prefix}hooks": ["HOOKS"], f"{prefix}timesteps": ["TIMESTEPS_RANGE"]},
        ),
    }


def ip_adapter(files: list[str]) -> dict[str, Any]:
    """The pack ComfyUI_IPAdapter_plus."""
    return {
        "IPAdapterModelLoader": _node({"ipadapter_file": [files]}, ["IPADAPTER"]),
        "IPAdapterUnifiedLoader": _node(
            {"model": ["MODEL"], "preset": [PRESETS]}, ["MODEL", "IPADAPTER"], {"ipadapter": ["IPADAPTER"]}
        ),
        "IPAdapterAdvanced": _node(
            {
                "model": ["MODEL"],
                "ipadapter": ["IPADAPTER"],
                "image": ["IMAGE"],
                "weight": _FLOAT,
                "weight_type": [WEIGHTS],
                "combine_embeds": [["concat", "add", "subtract", "average", "norm average"]],
                "start_at": _FLOAT,
                "end_at": _FLOAT,
                "embeds_scaling": [["V only", "K+V", "K+V w/ C penalty", "K+mean(V) w/ C penalty"]],
            },
            ["MODEL"],
            {"image_negative": ["IMAGE"], "attn_mask": ["MASK"], "clip_vision": ["CLIP_VISION"]},
        ),
    }


def mistakes(graph: Any, nodes: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What the server finds wrong with a graph before it takes it: an error, and errors by node."""
    if not isinstance(graph, dict) or not graph:
        return _error("no_prompt", "No prompt provided", ""), {}
    by_node: dict[str, Any] = {}
    for name, node in graph.items():
        if node.get("class_type") not in nodes:
            words = f"Node '{node.get('class_type')}' not found."
            return _error("missing_node_type", words, f"Node ID '#{name}'"), {}
        found = list(_wrong_inputs(node, graph, nodes))
        if found:
            by_node[name] = {"errors": found, "dependent_outputs": [], "class_type": node["class_type"]}
    if not any(nodes[node["class_type"]]["output_node"] for node in graph.values()):
        return _error("prompt_no_outputs", "Prompt has no outputs", ""), {}
    if by_node:
        return _error("prompt_outputs_failed_validation", "Prompt outputs failed validation", ""), by_node
    return None, {}


def _wrong_inputs(node: dict[str, Any], graph: dict[str, Any], nodes: Mapping[str, Any]) -> Any:
    told, known = node["inputs"], nodes[node["class_type"]]["input"]
    every = {**known["required"], **known.get("optional", {})}
    for name in known["required"]:
        if name not in told:
            yield _error("required_input_missing", "Required input is missing", name)
    for name, value in told.items():
        if name not in every:
            # The server would pass it over; from us it is a mistake.
            yield _error("unknown_input", "Input is not known", name)
            continue
        wanted = every[name][0]
        if isinstance(value, list):
            source = graph.get(value[0])
            outputs = nodes[source["class_type"]]["output"] if source else []
            got = outputs[value[1]] if value[1] < len(outputs) else "nothing"
            if got != wanted:
                details = f"{name}, received_type({got}) mismatch input_type({wanted})"
                yield _error("return_type_mismatch", "Return type mismatch between linked nodes", details)
            continue
        yield from _wrong_value(node["class_type"], name, value, every[name])


def _wrong_value(kind: str, name: str, value: Any, spec: list[Any]) -> Any:
    choices = spec[0] if isinstance(spec[0], list) else spec[1].get("options") if len(spec) > 1 else None
    if kind in {"LoadImage", "LoadImageMask"} and name == "image":
        if value not in (choices or []):
            yield _error(
                "custom_validation_failed", "Custom validation failed for node", f"image - Invalid image file: {value}"
            )
    elif choices is not None and value not in choices:
        yield _error("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {choices}")


def _error(kind: str, message: str, details: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": {}}
