"""AUTOMATIC1111's and Forge's web UI by their API (`--api`): one call draws one picture and waits for it.

Fields are those of the servers' own code (modules/api, modules/processing.py) and of the ControlNet extension
(sd-webui-controlnet, built into Forge); nothing here was tried against a running one. Checked 2026-11-23.
"""

import base64
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import orjson

from schemas.emphasis import literal
from schemas.vocabulary import WeightForm
from services.generation.providers.errors import Configuration, InvalidRequest, ProviderError
from services.generation.providers.exchange import (
    HttpCall,
    HttpReply,
    JsonBody,
    UnreadableReplyError,
    at,
    decoded,
    get,
)
from services.generation.providers.local.a1111_gear import CONTROLNET, WebuiGear, webui_gear
from services.generation.providers.local.embeddings import applied, is_embedding, spelled
from services.generation.providers.local.gear import control_for, file_of
from services.generation.providers.local.models import LocalModel, local_model
from services.generation.providers.local.parts import LocalJob
from services.generation.providers.local.vendor import LocalVendor
from services.generation.providers.vendor import INIT, Made, Reference, VendorJob

_STRENGTH: Final = 0.6
_SHARE: Final[Mapping[str, float]] = {"location": 0.6, "continuity": 0.5, "prop": 0.4}
_OTHER_ROLES: Final = frozenset({"composition", INIT})
_LEAST_DENOISE: Final = 0.05
#: As many as the server's own page offers.
_MOST_STEPS: Final = 150
#: Of the prompt, what the server would read as tags of its own: `<lora:…>`, `<hypernet:…>`.
_TAGS: Final = re.compile(r"<(?=\w+:)")
_SURVEY: Final = (
    "/sdapi/v1/sd-models",
    "/sdapi/v1/samplers",
    "/sdapi/v1/loras",
    "/sdapi/v1/schedulers",
    "/sdapi/v1/scripts",
    "/controlnet/model_list",
    "/controlnet/module_list",
    "/sdapi/v1/embeddings",
)


class A1111(LocalVendor):
    """An AUTOMATIC1111 or Forge server."""

    name = "a1111"
    key_variable = "A1111_AUTH"
    address_variable = "A1111_URL"
    base_url = "http://127.0.0.1:7860"
    #: A call waits for those before it, and for its own drawing.
    reply_timeout_s: ClassVar[float] = 1800.0

    def authorization(self, key: str) -> Mapping[str, str]:
        """HTTP's basic authentication, as `--api-auth user:password` wants it."""
        return {"authorization": f"Basic {base64.b64encode(key.encode()).decode()}"} if key else {}

    def probe(self) -> HttpCall:
        """Ask for the checkpoints."""
        return get(_SURVEY[0])

    def survey(self) -> tuple[HttpCall, ...]:
        """Checkpoints and samplers, and what newer servers and extensions tell besides."""
        return tuple(get(path) for path in _SURVEY)

    def gear(self, replies: Sequence[HttpReply | None]) -> WebuiGear:
        """Files, scripts and control models."""
        return webui_gear(replies)

    def queue(self) -> HttpCall:
        """What it draws now; the API doesn't tell what waits."""
        return get("/sdapi/v1/progress?skip_current_image=true")

    def waiting(self, reply: HttpReply) -> int:
        """One, or none."""
        return int((reply.number("state", "job_count") or 0) > 0)

    def submit(self, job: VendorJob) -> HttpCall:
        """One picture, drawn from nothing or from a picture to start with."""
        if not isinstance(job, LocalJob) or not isinstance(job.gear, WebuiGear):
            raise TypeError("job: allowed is one that was prepared for an AUTOMATIC1111 server")
        own, gear = local_model(job.traits), job.gear
        start = next((item for item in job.references if item.role == INIT), None)
        asked = _asked(job, own, gear)
        units = _units(job, own, gear)
        if units:
            asked["alwayson_scripts"] = {"ControlNet": {"args": units}}
        if start is not None:
            asked |= _begun(start, asked["steps"])
        path = "/sdapi/v1/txt2img" if start is None else "/sdapi/v1/img2img"
        return HttpCall("POST", path, JsonBody(asked), parameters=_record(job, asked, units))

    def read(self, job: VendorJob, reply: HttpReply) -> Made:
        """The picture, and the seed as the server tells it."""
        del job
        # With ControlNet the guides come behind the picture.
        image = reply.text("images", 0)
        return Made(data=decoded(image), seed=_seed(reply))

    def failure(self, reply: HttpReply) -> ProviderError:
        """Its words: `error` names the exception, `detail` or `errors` say what it was."""
        error = super().failure(reply)
        words = self.error_message(reply).lower()
        missing = any(word in words for word in ("sampler not found", "model not found", "script", "not found in"))
        if isinstance(error, InvalidRequest) and missing and "not found" in words:
            return Configuration(str(error))
        return error

    def error_message(self, reply: HttpReply) -> str:
        """The most telling of its fields."""
        for field in ("detail", "errors", "error"):
            found = reply.at(field) if reply.is_json else None
            if isinstance(found, str) and found:
                return found[:500]
        return super().error_message(reply)


def task_id(generation_id: str) -> str:
    """By which a server that was asked twice for a generation is asked how the first drawing is."""
    return f"task(ice-{generation_id})"


def _asked(job: LocalJob, own: LocalModel, gear: WebuiGear) -> dict[str, Any]:
    """Everything but pictures.

    Raises:
        ValueError: the server lacks something that the job names; says which, and what it has.
    """
    sampler, scheduler = gear.sampler(own), gear.scheduler(own)
    if sampler is None:
        raise ValueError(f"sampler: {own.sampler!r}, allowed is one of: {', '.join(gear.samplers)}")
    asked: dict[str, Any] = {
        "prompt": ", ".join([_told(job, gear), *_tags(job, gear)]),
        "negative_prompt": job.negative_prompt,
        "seed": -1 if job.seed is None else job.seed,
        "steps": job.steps or own.steps,
        "cfg_scale": own.cfg_scale if job.cfg_scale is None else job.cfg_scale,
        "width": job.size[0],
        "height": job.size[1],
        "sampler_name": sampler,
        "batch_size": 1,
        "n_iter": 1,
        "send_images": True,
        "save_images": False,
        "force_task_id": task_id(job.generation_id),
        "override_settings": {
            "sd_model_checkpoint": file_of(own.checkpoint, gear.checkpoints),
            "CLIP_stop_at_last_layers": own.clip_skip,
        },
        # Loading the checkpoint of before again would take longer than the drawing.
        "override_settings_restore_afterwards": False,
    }
    if scheduler is not None:
        asked["scheduler"] = scheduler
    elif gear.schedulers:
        raise ValueError(f"scheduler: {own.scheduler!r}, allowed is one of: {', '.join(gear.schedulers)}")
    return asked


def _told(job: LocalJob, gear: WebuiGear) -> str:
    """The prompt; textual inversions are called by their names."""
    names = [(lora, file_of(lora.lora_id, gear.embeddings or ())) for lora in job.loras if is_embedding(lora)]
    missing = [lora.lora_id for lora, name in names if name is None]
    if missing:
        raise ValueError(f"loras: {missing[0]!r} is no textual inversion of the server")
    words = [(lora, literal(name, WeightForm.A1111)) for lora, name in names if name is not None]
    return spelled(_TAGS.sub("", job.prompt), words, WeightForm.A1111)


def _tags(job: LocalJob, gear: WebuiGear) -> list[str]:
    """Adapters, as the prompt names them."""
    names = [(file_of(lora.lora_id, gear.loras), lora) for lora in applied(job.loras)]
    missing = [lora.lora_id for name, lora in names if name is None]
    if missing:
        raise ValueError(f"loras: {missing[0]!r} is not on the server")
    return [f"<lora:{name}:{lora.scale:g}>" for name, lora in names]


def _units(job: LocalJob, own: LocalModel, gear: WebuiGear) -> list[dict[str, Any]]:
    """ControlNet's units: one per guide, one per reference, each reference kept to whom it shows."""
    if CONTROLNET not in gear.scripts:
        return []
    guides = [
        _unit(
            "canny" if guide.kind == "canny" else gear.no_module,
            control_for(guide.kind, own, gear),
            _text(guide.picture),
            own.guide_strength,
            guidance_end=own.guide_end,
        )
        for guide in job.guides
    ]
    shown = [reference for reference in job.references if reference.role not in _OTHER_ROLES]
    return [*guides, *(_shown(job, reference, own, gear) for reference in shown)]


def _shown(job: LocalJob, reference: Reference, own: LocalModel, gear: WebuiGear) -> dict[str, Any]:
    strength = _STRENGTH if reference.strength is None else reference.strength
    weight = round(strength * _SHARE.get(reference.role, 1.0), 3)
    mask = job.mask_of(reference)
    where = {} if mask is None else {"effective_region_mask": _text(mask)}
    return _unit(gear.module, gear.adapter(own), _text(reference), weight, **where)


def _unit(module: str | None, model: str | None, image: str, weight: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "enabled": True,
        "module": module,
        "model": model,
        "image": image,
        "weight": weight,
        "resize_mode": "Crop and Resize",
        "control_mode": "Balanced",
        "pixel_perfect": True,
        "guidance_start": 0.0,
        "guidance_end": 1.0,
        **more,
    }


def _begun(start: Reference, steps: int) -> dict[str, Any]:
    """What img2img wants besides: the harder to hold to the picture, the less noise is put over it.

    The server goes through that share of the steps only, so as many more are asked for.
    """
    held = _STRENGTH if start.strength is None else start.strength
    anew = round(min(1.0, max(_LEAST_DENOISE, 1.0 - held)), 3)
    more = min(max(steps, _MOST_STEPS), math.ceil(steps / anew))
    return {"init_images": [_text(start)], "resize_mode": 1, "denoising_strength": anew, "steps": more}


def _text(reference: Reference) -> str:
    return base64.b64encode(reference.data).decode()


def _seed(reply: HttpReply) -> int | None:
    """Of the first picture: `info` is JSON within JSON."""
    told = reply.at("info")
    try:
        seed = at(orjson.loads(told), "seed") if isinstance(told, str) else None
    except orjson.JSONDecodeError:
        raise UnreadableReplyError(f"info: {str(told)[:40]!r}, allowed is JSON") from None
    return seed if isinstance(seed, int) else None


def _record(job: LocalJob, asked: Mapping[str, Any], units: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What goes into the record of the image: no prompts, no pictures."""
    plain = ("width", "height", "seed", "steps", "cfg_scale", "sampler_name", "scheduler", "denoising_strength")
    return {
        "endpoint": "a1111",
        "checkpoint": asked["override_settings"]["sd_model_checkpoint"],
        **{name: asked[name] for name in plain if name in asked},
        "loras": ", ".join(f"{lora.lora_id}:{lora.scale:g}" for lora in job.loras),
        "units": ", ".join(str(unit["model"]) for unit in units),
        "regions": ", ".join(part.character_id for part in job.parts),
    }
