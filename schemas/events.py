"""All events of the engine, and the topic of each."""

from collections.abc import Mapping

from schemas import topics
from schemas.adapter import AdapterDefined
from schemas.base import Event
from schemas.bible import CharacterDefined, LocationDefined, PropDefined
from schemas.conditioning import CharactersConditioned, LocationConditioned
from schemas.generation import GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.keyframe import KeyframeFailed, KeyframeReady
from schemas.prompt import PromptBuilt, RetakeRequested
from schemas.provider import ProviderCallbackReceived, ProviderHealthChanged
from schemas.reference import ReferenceFailed, ReferenceReady, ReferenceRequested
from schemas.registry import Downcast, Registry, Upcast
from schemas.review import ReviewDecided, ReviewRequested
from schemas.run import RunSuperseded
from schemas.shot import ShotPlanned, ShotRejected
from schemas.validation import FrameValidated

EVENTS: tuple[type[Event], ...] = (
    ShotPlanned,
    ShotRejected,
    CharacterDefined,
    LocationDefined,
    PropDefined,
    AdapterDefined,
    ReferenceRequested,
    ReferenceReady,
    ReferenceFailed,
    CharactersConditioned,
    LocationConditioned,
    PromptBuilt,
    RetakeRequested,
    GenerationRequested,
    GenerationCompleted,
    GenerationFailed,
    FrameValidated,
    RunSuperseded,
    ReviewRequested,
    ReviewDecided,
    KeyframeReady,
    KeyframeFailed,
    ProviderHealthChanged,
    ProviderCallbackReceived,
)

#: One step per (type, version): the dict of that version in, the dict of the next out.
UPCASTS: Mapping[tuple[str, int], Upcast] = {}

#: While readers of an older version are about: the dict of that version in, the dict of the one before out.
DOWNCASTS: Mapping[tuple[str, int], Downcast] = {}

REGISTRY = Registry(EVENTS, UPCASTS, DOWNCASTS)

#: The topic of the latest version, where older ones are kept beside it.
_TOPICS = {
    spec.event_type: spec.name
    for spec in topics.specs(providers=())
    if spec.name.endswith(f".v{REGISTRY.event(spec.event_type).VERSION}")
}


def topic_of(event: Event) -> str:
    """The topic that an event is published on, without a deployment's prefix."""
    if isinstance(event, GenerationRequested):
        return topics.generation_requested(event.provider, event.lane)
    return _TOPICS[event.TYPE]
