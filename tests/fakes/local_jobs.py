"""Jobs for servers of one's own, prepared without a server: for the pure parts of ComfyUI and AUTOMATIC1111."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from schemas.adapter import AdapterKind
from schemas.bible import Lora
from schemas.generation import ReferenceUse
from services.generation.providers import fitting
from services.generation.providers.base import ImageJob
from services.generation.providers.exchange import HttpReply
from services.generation.providers.local.models import LocalModel
from services.generation.providers.local.parts import Guide, LocalJob, pictures, uploaded, with_parts
from services.generation.providers.references import fit_reference
from services.generation.providers.regions import CharacterRegion
from services.generation.providers.vendor import Reference
from tests.fakes.provider import picture
from tests.fakes.requests import a_character, a_request, a_seed


def people(names: Sequence[str], loras: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """A cast, each with adapters of its own, and what is asked for it."""
    cast = tuple(
        a_character(
            name,
            seed=a_seed(number),
            loras=tuple(adapter(lora) for lora in loras.get(name, ())),
        )
        for number, name in enumerate(names)
    )
    wanted = {lora.lora_id: lora for member in cast for lora in member.loras}
    return {"cast": cast, "loras": tuple(wanted.values())}


def adapter(lora_id: str) -> Lora:
    """An adapter with a trigger of its own; a textual inversion where its name begins with `token`."""
    kind = AdapterKind.TEXTUAL_INVERSION if lora_id.startswith("token") else None
    return Lora(lora_id=lora_id, trigger_words=(f"{lora_id} person",), kind=kind)


def local_job(
    names: Sequence[str] = ("radha", "krishna"),
    loras: dict[str, tuple[str, ...]] | None = None,
    shown: Sequence[tuple[str, str]] = (),
    guides: Sequence[str] = (),
    model: LocalModel | None = None,
    gear: object = None,
    loras_given: Sequence[Lora] = (),
    **changes: Any,
) -> LocalJob:
    """A prepared job: people side by side, `shown` references as (role, entity), everything uploaded under its name."""
    own = model or LocalModel()
    uses = tuple(
        ReferenceUse(uri=f"s3://ice/{role}-{name}.png", role=role, entity_id=name, strength=0.7) for role, name in shown
    )
    cast = people(names, loras or {})
    cast["loras"] = (*cast["loras"], *loras_given)
    asked = a_request(**{"seed_to_send": 7, **cast, "references": uses, **changes})
    job, traits = ImageJob.from_request(asked), own.traits()
    assert traits.references is not None
    read = [fit_reference(picture(64, 64, shade=place), use, traits.references) for place, use in enumerate(uses)]
    references = tuple(replace(item, uploaded=f"ice/{item.role}-{item.entity_id}") for item in read)
    ready = fitting.fitted(job, traits, references)
    share = 1 / max(1, len(names))
    regions = [
        CharacterRegion(
            name,
            round(place * share, 3),
            0.2,
            round((place + 1) * share, 3),
            1.0,
            lora_ids=tuple(lora.lora_id for lora in job.cast[place].loras),
        )
        for place, name in enumerate(names)
    ]
    local = with_parts(ready, regions, job.cast)
    drawn = Reference(picture(64, 36), "image/png", 64, 36, role="guide")
    local = replace(local, guides=tuple(Guide(kind, drawn) for kind in guides), gear=gear)
    named = [
        replace(item, uploaded=f"ice/{item.role}-{item.entity_id or place}")
        for place, item in enumerate(pictures(local))
    ]
    return uploaded(local, named)


def told(document: Any, status: int = 200) -> HttpReply:
    """A reply with a JSON document."""
    return HttpReply(status, {"content-type": "application/json"}, orjson.dumps(document))
