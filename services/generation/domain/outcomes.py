"""The events and the record that a call ends in."""

from dataclasses import dataclass
from datetime import datetime

from schemas.asset import Asset, AssetRef
from schemas.conditioning import ConditionedEvent, Degradation
from schemas.generation import FailureKind, GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.text import without_controls
from services.generation.domain import naming
from services.generation.domain.images import Picture
from services.generation.domain.ledger import Entry, InDoubtPolicy
from services.generation.providers.base import GeneratedImage
from services.generation.providers.errors import ProviderError

_REASON_LIMIT = 1000
_JOB_ID_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """Where the pictures of a generation are, or will be."""

    image: AssetRef
    original: AssetRef | None


def stored(request: GenerationRequested, picture: Picture, bucket: str) -> Stored:
    """The references of a checked picture, by its deterministic keys in `bucket`."""
    names = naming.keys(request, picture.original.extension if picture.original else "png")
    image = AssetRef(
        uri=f"s3://{bucket}/{names.image}",
        sha256=picture.sha256,
        size_bytes=len(picture.png),
        mime_type="image/png",
        width=picture.width,
        height=picture.height,
        thumbnail_uri=f"s3://{bucket}/{names.thumbnail}",
    )
    if picture.original is None:
        return Stored(image, None)
    original = AssetRef(
        uri=f"s3://{bucket}/{names.original}",
        sha256=picture.original.sha256,
        size_bytes=len(picture.original.data),
        mime_type=picture.original.mime_type,
        width=picture.original.width,
        height=picture.original.height,
    )
    return Stored(image, original)


def completed(
    request: GenerationRequested, made: GeneratedImage, where: Stored, picture: Picture, duration_ms: int
) -> GenerationCompleted:
    """The good end. Every number is the provider's own; nothing is filled in."""
    degradations = (*request.degradations, *made.degradations)
    if picture.fitted:
        fitted = Degradation(
            code="image-fitted",
            what=f"{request.width}×{request.height} pixels from the model itself",
            reason=picture.fitted,
        )
        degradations = (*degradations, fitted)
    return GenerationCompleted(
        **_conditioned(request),
        degradations=degradations,
        generation_id=request.generation_id,
        provider=request.provider,
        model=request.model,
        take=request.take,
        attempt=request.attempt,
        candidate=request.candidate,
        dialect=request.dialect,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        seed_used=made.seed_used,
        references=request.references,
        asset=where.image,
        original=where.original,
        provider_job_id=_job_id(made.vendor_job_id),
        cost_usd_micros=made.cost_usd_micros,
        duration_ms=duration_ms,
        parameters=made.parameters,
        template_version=request.template_version,
    )


def failed(request: GenerationRequested, error: ProviderError) -> GenerationFailed:
    """The provider's error as an event; a cost that is unknown is the expected one."""
    cost = error.cost_usd_micros
    if not cost and error.charged is not False:
        cost = request.estimated_cost_usd_micros
    return _failed(request, error.kind, str(error), charged=error.charged, cost=cost, retry_after_s=error.retry_after_s)


def superseded(request: GenerationRequested) -> GenerationFailed:
    """The run was replaced before the call was sent."""
    reason = "a newer revision replaced this run before the call was sent"
    return _failed(request, FailureKind.SUPERSEDED, reason, charged=False, cost=0)


def in_doubt(request: GenerationRequested, entry: Entry, policy: InDoubtPolicy) -> GenerationFailed:
    """The call was sent, and what became of it is unknown.

    The event says all that a person needs to look it up at the vendor: provider, model, when it was last sent, the
    vendor's job id where there is one, how often it was sent, and what it may have cost.
    """
    charged = True if entry.pending else None
    lost = "its image was received and lost before it was stored" if entry.pending else "its outcome is unknown"
    after = {
        InDoubtPolicy.HOLD: "held for a person to decide",
        InDoubtPolicy.RETRY_ONCE: "sent again once already, now held for a person to decide",
        InDoubtPolicy.NEXT_MODEL: "left to the next model",
    }[policy]
    reason = f"the call was sent {entry.sends} time(s) and {lost}; policy {policy.value}: {after}"
    cost = request.estimated_cost_usd_micros * max(1, entry.sends)
    return _failed(request, FailureKind.IN_DOUBT, reason, charged=charged, cost=cost, sent=entry)


def asset(request: GenerationRequested, done: GenerationCompleted, now: datetime) -> Asset:
    """The metadata record of a stored image."""
    where = done.asset
    return Asset(
        asset_id=done.generation_id,
        url=where.uri,
        filename=naming.filename(request),
        prompt=done.prompt,
        model=done.model,
        generation_params={
            "provider": done.provider,
            "negative_prompt": done.negative_prompt,
            "seed": done.seed_used,
            "steps": request.steps,
            "cfg_scale": request.cfg_scale,
            "references": [item.uri for item in done.references],
            "loras": [item.lora_id for item in request.loras],
            **done.parameters,
        },
        width=where.width,
        height=where.height,
        aspect_ratio=naming.aspect_ratio(where.width, where.height),
        file_size=where.size_bytes,
        mime_type=where.mime_type,
        sha256=where.sha256,
        project_id=request.run.project.project_id,
        shot_id=request.run.shot.shot_id,
        scene_id=request.run.shot.scene_id,
        created_at=now,
        updated_at=now,
    )


def _failed(  # noqa: PLR0913 - the fields of the event
    request: GenerationRequested,
    kind: FailureKind,
    reason: str,
    *,
    charged: bool | None,
    cost: int,
    retry_after_s: float | None = None,
    sent: Entry | None = None,
) -> GenerationFailed:
    return GenerationFailed(
        **_conditioned(request),
        degradations=request.degradations,
        generation_id=request.generation_id,
        provider=request.provider,
        model=request.model,
        take=request.take,
        attempt=request.attempt,
        candidate=request.candidate,
        kind=kind,
        reason=readable(reason),
        charged=charged,
        cost_usd_micros=cost,
        retry_after_s=retry_after_s,
        provider_job_id=_job_id(sent.vendor_job_id) if sent else None,
        sent_at=sent.sent_at if sent else None,
    )


def _conditioned(request: GenerationRequested) -> dict[str, object]:
    """What every event of the chain carries on; degradations are set by the caller."""
    return {name: getattr(request, name) for name in ConditionedEvent.model_fields if name != "degradations"}


def _job_id(vendor_job_id: str | None) -> str | None:
    """A vendor's id as an event can carry it; whatever it looks like, it must not spoil a paid call's answer."""
    return readable(vendor_job_id)[:_JOB_ID_LIMIT] if vendor_job_id and vendor_job_id.strip() else None


def readable(text: str) -> str:
    """A vendor's words as an event can carry them: no control characters, bounded length."""
    cleaned = "".join(char if _allowed(char) else " " for char in text[:_REASON_LIMIT])
    return cleaned or "no reason given"


def _allowed(char: str) -> bool:
    try:
        without_controls(char)
    except ValueError:
        return False
    return True
