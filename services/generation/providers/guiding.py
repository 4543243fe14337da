"""The storyboard's picture that holds a vendor's model to a composition: `composition: previz`.

Drawn by the worker from the same blocking as a previz frame, when the film wants it and the model takes one.
"""

from dataclasses import replace

from pydantic import ValidationError

from schemas.project import CompositionGuide
from services.generation.providers.base import ImageJob
from services.generation.providers.errors import InvalidRequest
from services.generation.providers.references import Offload
from services.generation.providers.regions import guides_of
from services.generation.providers.vendor import Guidance, ModelTraits, Reference


def wanted(job: ImageJob, traits: ModelTraits) -> bool:
    """Whether a guide is drawn: the film wants one, and the model takes one that the request doesn't bring with it."""
    given = any(use.role == "composition" for use in job.references)
    return traits.guide is not None and not given and job.run.project.composition is CompositionGuide.PREVIZ


def room_beside(traits: ModelTraits) -> ModelTraits:
    """The traits for what is sent with a guide: where it takes the place of a reference, one less is sent."""
    limits = traits.references
    if limits is None or traits.guide is None or traits.guide.beside_references:
        return traits
    return replace(traits, references=replace(limits, most=max(0, limits.most - 1)))


async def drawn(job: ImageJob, guide: Guidance, offload: Offload) -> Reference:
    """The guide, of the job's size.

    Raises:
        InvalidRequest: the facts of the shot make no scene.
        NoBackendError: no painting library loads.
    """
    try:
        passes = await offload.run(lambda: guides_of(job))
    except ValidationError as error:
        raise InvalidRequest(f"the facts of the shot make no scene to be guided by: {error}") from error
    data = {"depth": passes.depth, "pose": passes.pose, "line": passes.lineart}[guide.kind]
    return Reference(data, "image/png", job.width, job.height, "composition")
