"""Composition root: the clients, and which topic goes to which handler."""

from schemas import topics
from schemas.conditioning import LocationConditioned
from schemas.reference import ReferenceFailed, ReferenceRequested
from schemas.shot import ShotRejected
from schemas.urgency import is_express
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import On, Sweep
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents
from services.chassis.parking import Parking
from services.location_conditioning.adapters.bible import LocationBible, PropBible
from services.location_conditioning.adapters.references import ReferenceShelf
from services.location_conditioning.adapters.template_file import load_templates
from services.location_conditioning.adapters.tracks import ShotTracks
from services.location_conditioning.handlers import FrameJudge, Handlers, Limits
from services.location_conditioning.settings import LocationConditioningSettings

NAME = "location_conditioning"


def build(settings: LocationConditioningSettings) -> ServiceApp:
    """The service, not yet started."""
    documents = Documents(settings)
    locations = LocationBible(documents.collection("location_bible"))
    props = PropBible(documents.collection("location_props"))
    tracks = ShotTracks(documents.collection("location_shots"))
    references = ReferenceShelf(documents.collection("location_references"))
    limits = Limits(
        bible_s=settings.bible_wait_s,
        continuity_s=settings.continuity_wait_s,
        reference_s=settings.reference_wait_s,
    )
    parking = Parking(
        documents.collection("location_runs"),
        FrameJudge(locations, props, tracks, references, load_templates(), limits),
        SystemClock(),
        warm_up_s=settings.sweep_warm_up_s,
    )
    handlers = Handlers(locations, props, tracks, references, parking)
    emits = (LocationConditioned, ShotRejected, ReferenceRequested, ReferenceFailed)
    return make_app(
        settings,
        name=NAME,
        subscriptions=(
            # What frames wait for goes before more frames.
            On(topics.BIBLE_LOCATIONS, handlers.location_defined, emits=emits),
            On(topics.BIBLE_PROPS, handlers.prop_defined, emits=emits),
            On(topics.KEYFRAME_READY, handlers.keyframe_ready, emits=emits),
            On(topics.KEYFRAME_FAILED, handlers.keyframe_failed, emits=emits),
            On(topics.SHOT_REJECTED, handlers.shot_rejected, emits=emits),
            On(topics.REFERENCE_READY, handlers.reference_ready, emits=emits),
            On(topics.REFERENCE_FAILED, handlers.reference_failed, emits=emits),
            On(topics.CHARACTERS_CONDITIONED, handlers.characters_conditioned, emits=emits, urgent=is_express),
        ),
        sweeps=(
            Sweep(
                "end waits for entries, keyframes and references",
                handlers.sweep,
                settings.sweep_every_s,
            ),
        ),
        resources=(documents,),
        prepare=(locations.prepare, props.prepare, parking.prepare),
    )
