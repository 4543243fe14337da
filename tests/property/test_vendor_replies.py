"""Whatever a vendor answers, its module says what it means, or that it can't be read: nothing else ever comes out.

Each good reply is changed in every place in every way: another type, an absurd number, nothing at all, half of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from services.generation.providers.catalogue import VENDORS
from services.generation.providers.custom import Custom
from services.generation.providers.custom_settings import CustomApi, CustomModel
from services.generation.providers.errors import ProviderError
from services.generation.providers.exchange import HttpReply, UnreadableReplyError
from services.generation.providers.local.a1111 import A1111
from services.generation.providers.local.comfyui import ComfyUI
from services.generation.providers.local.comfyui_gear import CORE
from services.generation.providers.vendor import Made, Pending, Reference, Vendor, VendorJob

_API: dict[str, Any] = {"seed": "seed", "cost_usd": "cost", "job": "id", "poll": "/jobs/{job}"}
MODULES: Mapping[str, Vendor] = {
    **{name: make() for name, make in VENDORS.items()},
    "custom": Custom(CustomApi.model_validate(_API), {"m": CustomModel(price_usd_micros=5, seeds=(0, 9))}),
    "a1111": A1111(),
    "comfyui": ComfyUI(),
}
SHOWN = Reference(b"ab", "image/png", 64, 64, "character")
IMAGE = "eHh4eHh4"
NODE = {"input": {"required": {"ckpt_name": [["a.safetensors"], {}]}, "optional": {"x": ["COMBO", {"options": ["a"]}]}}}
GRAPH_ERROR = {"class_type": "L", "errors": [{"type": "value_not_in_list", "message": "m", "details": "d"}]}
ENDED = {"status": {"messages": [["execution_error", {"node_type": "K", "exception_message": "out of memory"}]]}}

Reads = Callable[[Vendor, HttpReply], object]


def job(vendor: Vendor, wanted: str = "") -> VendorJob:
    model = wanted or next(name for name, traits in vendor.models.items() if traits.retires is None)
    traits, size = vendor.models[model], vendor.models[model].sizes.nearest(1280, 720)
    return VendorJob("g", model, traits, "p", "", 1280, 720, size, 5, (), (), None, None)


def read(vendor: Vendor, reply: HttpReply) -> object:
    return vendor.read(job(vendor), reply)


def read_v1(vendor: Vendor, reply: HttpReply) -> object:
    return vendor.read(job(vendor, "stable-diffusion-xl-1024-v1-0"), reply)


def polled(vendor: Vendor, reply: HttpReply) -> object:
    return vendor.read_poll(job(vendor), "j1", reply)


def uploaded(vendor: Vendor, reply: HttpReply) -> object:
    return vendor.read_upload(SHOWN, reply)


def failed(vendor: Vendor, reply: HttpReply) -> object:
    return (vendor.failure(reply), vendor.poll_failure(reply))


def surveyed(vendor: Vendor, reply: HttpReply) -> object:
    if isinstance(vendor, ComfyUI):
        nodes = reply.document if reply.is_json else None
        others = {**dict.fromkeys(CORE, NODE), **nodes} if isinstance(nodes, dict) else nodes
        whole = HttpReply(200, body=json.dumps(others).encode()) if others is not None else reply
        return vendor.gear([whole, reply])
    assert isinstance(vendor, A1111)
    listed = HttpReply(200, body=b'[{"title": "a", "name": "b"}]')
    return (vendor.gear([listed, listed, *[reply] * 6]), vendor.waiting(reply))


def listed(vendor: Vendor, reply: HttpReply) -> object:
    return (vendor.listed(reply), vendor.stopped(reply))


GOOD: list[tuple[str, Reads, Any]] = [
    (
        "openai",
        read,
        {
            "data": [{"b64_json": IMAGE}],
            "size": "1x1",
            "usage": {
                "input_tokens": 5,
                "output_tokens": 7,
                "input_tokens_details": {"image_tokens": 1},
                "output_tokens_details": {"text_tokens": 1},
            },
        },
    ),
    ("openai", failed, {"error": {"message": "m", "type": "invalid_request_error", "code": "moderation_blocked"}}),
    ("openai", listed, {"data": [{"id": "gpt-image-2"}]}),
    ("stability", read, {"image": IMAGE, "seed": 5, "finish_reason": "SUCCESS"}),
    ("stability", read_v1, {"artifacts": [{"base64": IMAGE, "seed": 5, "finishReason": "SUCCESS"}]}),
    ("stability", failed, {"id": "1", "name": "content_moderation", "errors": ["x"]}),
    ("stability", listed, [{"id": "x", "name": "y"}]),
    ("leonardo", read, {"generate": {"generationId": "abc", "cost": {"amount": "0.01", "unit": "DOLLARS"}}}),
    ("leonardo", read, [{"message": "m", "extensions": {"code": "VALIDATION_ERROR", "details": {"a": 1}}}]),
    (
        "leonardo",
        polled,
        {"generations_by_pk": {"status": "COMPLETE", "seed": 5, "generated_images": [{"url": "u", "nsfw": False}]}},
    ),
    ("leonardo", uploaded, {"uploadInitImage": {"id": "1", "url": "https://a.example", "fields": '{"a": "b"}'}}),
    ("leonardo", failed, {"error": "content moderation filter: x", "path": "$", "code": "unexpected"}),
    (
        "google",
        read,
        {
            "candidates": [
                {"content": {"parts": [{"text": "x"}, {"inlineData": {"data": IMAGE}}]}, "finishReason": "STOP"}
            ],
            "promptFeedback": {"blockReason": None},
        },
    ),
    ("google", failed, {"error": {"status": "S", "details": [{"@type": "T", "retryDelay": "7s", "reason": "x"}]}}),
    ("google", listed, {"models": [{"name": "models/gemini-3-pro-image"}]}),
    ("bfl", read, {"id": "1", "polling_url": "https://api.bfl.ai/x", "cost": 3.5}),
    ("bfl", polled, {"status": "Ready", "result": {"sample": "u"}, "details": {}}),
    ("bfl", failed, {"detail": [{"loc": ["a"], "msg": "m", "type": "t"}]}),
    ("replicate", read, {"id": "1", "status": "starting"}),
    ("replicate", polled, {"status": "succeeded", "output": ["u"], "error": None}),
    ("replicate", polled, {"status": "failed", "output": None, "error": "NSFW"}),
    ("replicate", uploaded, {"urls": {"get": "u"}}),
    ("replicate", listed, {"status": "canceled"}),
    ("replicate", failed, {"title": "t", "detail": "throttled, resets in ~5s", "retry_after": 4}),
    ("fal", read, {"request_id": "1"}),
    ("fal", polled, {"status": "IN_PROGRESS"}),
    ("fal", polled, {"images": [{"url": "u"}], "seed": 5, "has_nsfw_concepts": [False]}),
    ("fal", failed, {"detail": [{"msg": "m", "type": "content_policy_violation"}]}),
    ("custom", read, {"id": "1", "cost": 1}),
    ("custom", polled, {"status": "done", "data": [{"b64_json": IMAGE, "url": "u"}], "seed": 5, "cost": 0.1}),
    ("custom", failed, {"error": "content policy"}),
    ("a1111", read, {"images": [IMAGE], "info": '{"seed": 5}'}),
    ("a1111", failed, {"error": "HTTPException", "detail": "Sampler not found", "errors": ""}),
    ("a1111", surveyed, {"state": {"job_count": 1}, "txt2img": ["x"], "model_list": ["m"], "loaded": {"a": {}}}),
    ("comfyui", read, {"prompt_id": "1"}),
    ("comfyui", polled, {"queue_running": [[1, "j1"]], "queue_pending": []}),
    ("comfyui", polled, {"j1": {"outputs": {"9": {"images": [{"filename": "a", "subfolder": "", "type": "output"}]}}}}),
    ("comfyui", polled, {"j1": {"outputs": {}, **ENDED}}),
    ("comfyui", uploaded, {"name": "a", "subfolder": "b"}),
    ("comfyui", failed, {"error": {"type": "t", "message": "m"}, "node_errors": {"4": GRAPH_ERROR}}),
    ("comfyui", surveyed, {"CheckpointLoaderSimple": NODE}),
]
ODD: list[Any] = [
    None, True, -1, 2**70, 1e308, "", "x", "nan", "inf", "\x00", "a" * 999, [], {}, [[]], [{}], {"a": 1}, [None],
]  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        yield from places(item, (*path, step))


def changed(value: Any, path: tuple[str | int, ...], odd: Any) -> Any:
    """A copy with `odd` in that place; `...` takes what is there away."""
    if not path:
        return None if odd is ... else odd
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and odd is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(value[path[0]], path[1:], odd)
    return copy


def bodies(good: Any) -> Iterator[bytes]:
    for path in places(good):
        for odd in (*ODD, ...):
            yield json.dumps(changed(good, path, odd)).encode()
    whole = json.dumps(good).encode()
    yield from (whole[:end] for end in range(0, len(whole), 9))
    yield from (b"<html>", b"\xff\xfe", b"[" * 2000, whole.replace(b"5", b"1e999"), whole.replace(b"5", b"NaN"))


def check(found: object) -> None:
    for item in found if isinstance(found, tuple) else (found,):
        if isinstance(item, ProviderError):
            assert item.retry_after_s is None or 0 <= item.retry_after_s <= 3600
        if isinstance(item, Made):
            assert (item.data is None) is isinstance(item.url, str)
            assert item.seed is None or isinstance(item.seed, int)
        if isinstance(item, Made | Pending):
            assert item.cost_usd_micros is None or isinstance(item.cost_usd_micros, int)


@pytest.mark.parametrize(("name", "reads", "good"), GOOD, ids=lambda value: getattr(value, "__name__", None))
def test_no_answer_is_answered_with_anything_but_its_meaning(name: str, reads: Reads, good: Any) -> None:
    vendor = MODULES[name]
    for body in bodies(good):
        reply = HttpReply(400 if reads is failed else 200, {}, body)
        try:
            check(reads(vendor, reply))
        except (ProviderError, UnreadableReplyError):
            continue
