"""An endpoint of one's own: OpenAI-compatible, or whatever `ICE_CUSTOM_API` describes; see `custom_settings.py`."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import quote

from services.generation.providers.custom_settings import PLACEHOLDER, CustomApi, CustomModel
from services.generation.providers.errors import ProviderError, Refused, UnusableImage
from services.generation.providers.exchange import (
    HttpCall,
    HttpReply,
    JsonBody,
    UnreadableReplyError,
    decoded,
    get,
    is_picture,
)
from services.generation.providers.vendor import Made, ModelTraits, Pending, Reference, Vendor, VendorJob

_POLL_S: Final = 2.0
_DOLLAR: Final = 1_000_000
#: Stands for a value that the job doesn't have; its field is left out.
_ABSENT: Final = object()


class Custom(Vendor):
    """An endpoint by its settings.

    Args:
        api: how it is asked and answers.
        models: by the names that the router's catalogue has them under.
    """

    name = "custom"
    key_variable = "CUSTOM_API_KEY"
    base_url = ""
    reply_timeout_s: ClassVar[float] = 300.0

    def __init__(self, api: CustomApi, models: Mapping[str, CustomModel]) -> None:
        self._api = api
        self.models: Mapping[str, ModelTraits] = {name: model.traits(name) for name, model in models.items()}
        self.has_jobs = api.job is not None
        self.free = api.free
        self.probe_finds_nothing = api.probe_finds_nothing

    def authorization(self, key: str) -> Mapping[str, str]:
        """In the header that the settings name; none without a key."""
        return {self._api.key_header.lower(): f"{self._api.key_prefix}{key}"} if key else {}

    def probe(self) -> HttpCall:
        """Ask what the settings say."""
        return get(self._api.probe)

    def submit(self, job: VendorJob) -> HttpCall:
        """The template, filled."""
        body = _filled(self._api.body, _values(job))
        # Templates have names of their own for prompts, so that none of their fields goes into the record.
        return HttpCall("POST", self._api.path, JsonBody(body), costs=not self.free, parameters={"endpoint": "custom"})

    def read(self, job: VendorJob, reply: HttpReply) -> Made | Pending:
        """The job, or the image."""
        del job
        if self._api.job is None:
            return self._made(reply)
        return Pending(reply.text(*_path(self._api.job)), _POLL_S, self._cost(reply))

    def poll(self, vendor_job_id: str) -> HttpCall:
        """At the path of the settings; a whole URL must be of the same host."""
        where = self._api.poll or "{job}"
        whole = where == "{job}"
        return get(vendor_job_id if whole else where.replace("{job}", quote(vendor_job_id, safe="")))

    def read_poll(self, job: VendorJob, vendor_job_id: str, reply: HttpReply) -> Made | Pending:
        """The job's state; an unknown one is waited out."""
        del job
        api = self._api
        if is_picture(reply.body):
            return self._made(reply)
        if not reply.body and reply.status in {HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}:
            return Pending(vendor_job_id, _POLL_S)
        if api.status is None:
            return self._made(reply) if self._has_image(reply) else Pending(vendor_job_id, _POLL_S)
        state = reply.text(*_path(api.status)).lower()
        if state in {word.lower() for word in api.refused}:
            raise Refused(f"the job ended as {state}")
        if state in {word.lower() for word in api.failed}:
            raise UnusableImage(f"the job ended as {state}: {self.error_message(reply)}", charged=False)
        return self._made(reply) if state in {word.lower() for word in api.done} else Pending(vendor_job_id, _POLL_S)

    def failure(self, reply: HttpReply) -> ProviderError:
        """Refusals by the words of the settings, else by status."""
        text = reply.body.decode("utf-8", "replace").lower()
        if any(word.lower() in text for word in self._api.refusals):
            return Refused(self.error_message(reply))
        return super().failure(reply)

    def _has_image(self, reply: HttpReply) -> bool:
        places = (self._api.image, self._api.url)
        return any(isinstance(reply.at(*_path(place)), str) for place in places if place is not None)

    def _made(self, reply: HttpReply) -> Made:
        if is_picture(reply.body) or reply.headers.get("content-type", "").lower().startswith("image/"):
            return Made(data=reply.body)
        seed = None if self._api.seed is None else reply.number(*_path(self._api.seed))
        told: dict[str, Any] = {
            "cost_usd_micros": self._cost(reply),
            "seed": None if seed is None else int(seed),
        }
        data = None if self._api.image is None else reply.at(*_path(self._api.image))
        if isinstance(data, str) and data:
            return Made(data=decoded(data), **told)
        if self._api.url is None:
            raise UnreadableReplyError(f"{self._api.image}: {str(data)[:40]!r}, allowed is an image as base64")
        return Made(url=reply.text(*_path(self._api.url)), **told)

    def _cost(self, reply: HttpReply) -> int | None:
        cost = None if self._api.cost_usd is None else reply.number(*_path(self._api.cost_usd))
        return round(cost * _DOLLAR) if cost is not None and cost >= 0 else None


def _path(place: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdecimal() else step for step in place.split("."))


def _values(job: VendorJob) -> dict[str, object]:
    """By placeholder; what isn't in here, the job doesn't have."""
    plain = [base64.b64encode(reference.data).decode() for reference in job.references]
    urls = [_data_url(reference, text) for reference, text in zip(job.references, plain, strict=True)]
    found: dict[str, object] = {
        "model": job.traits.options["name"],
        "prompt": job.prompt,
        "width": job.size[0],
        "height": job.size[1],
        "size": f"{job.size[0]}x{job.size[1]}",
    }
    optional: dict[str, object | None] = {
        "negative_prompt": job.negative_prompt or None,
        "seed": job.seed,
        "steps": job.steps,
        "cfg_scale": job.cfg_scale,
        "references": urls or None,
        "reference": urls[0] if urls else None,
        "references_base64": plain or None,
        "reference_base64": plain[0] if plain else None,
    }
    return found | {name: value for name, value in optional.items() if value is not None}


def _data_url(reference: Reference, text: str) -> str:
    return f"data:{reference.mime_type};base64,{text}"


def _filled(template: Mapping[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    filled = {name: _fill(item, values) for name, item in template.items()}
    return {name: item for name, item in filled.items() if item is not _ABSENT}


def _fill(item: object, values: Mapping[str, object]) -> object:
    if isinstance(item, Mapping):
        return _filled(item, values)
    if isinstance(item, list):
        return [made for made in (_fill(part, values) for part in item) if made is not _ABSENT]
    if not isinstance(item, str):
        return item
    alone = PLACEHOLDER.fullmatch(item)
    if alone is not None:
        return values.get(alone[1], _ABSENT)
    # One pass: braces within a prompt are the prompt's own.
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), item)
