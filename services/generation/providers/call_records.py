"""What the record of an image tells of its call: plain values only, no prompt, no bytes, no secret. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from services.generation.providers.exchange import FormBody, HttpCall, JsonBody, MultipartBody
from services.generation.providers.vendor import INIT, VendorJob

#: The event has these in fields of their own.
_ELSEWHERE: Final = frozenset({"prompt", "negative_prompt", "text_prompts", "contents"})
_LONGEST: Final = 200
_MOST: Final = 64


def parameters_of(call: HttpCall, job: VendorJob) -> dict[str, Any]:
    """The parameters of a call, with its size and its references counted."""
    told = call.parameters if call.parameters is not None else _values(call)
    record: dict[str, Any] = {"model": job.model, "requested_size": f"{job.size[0]}x{job.size[1]}"}
    if job.references:
        record["references_sent"] = len(job.references)
    start = next((reference for reference in job.references if reference.role == INIT), None)
    if start is not None:
        record["begun_with"] = start.entity_id or "a picture"
        record["begun_with_kept"] = start.strength
    return {**record, **plain_values(told)}


def plain_values(told: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, truth values and short texts; whatever else a vendor may have sent stays out of the record."""
    return {name: value for name, value in told.items() if _plain(name, value)}


def _values(call: HttpCall) -> Mapping[str, Any]:
    body = call.body
    if isinstance(body, JsonBody):
        return _flat(body.value)
    if isinstance(body, MultipartBody | FormBody):
        return dict(body.fields)
    return {}


def _flat(value: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, item in value.items():
        if name in _ELSEWHERE or len(found) >= _MOST:
            continue
        if isinstance(item, Mapping):
            found.update(_flat(item, f"{path}{name}."))
        else:
            found[f"{path}{name}"] = item
    return found


def _plain(name: str, value: object) -> bool:
    if name in _ELSEWHERE or value is None:
        return False
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _LONGEST)
