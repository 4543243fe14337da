"""Composition root: the clients, and which topic goes to which handler."""

from schemas import topics
from schemas.conditioning import CharactersConditioned
from schemas.reference import ReferenceFailed, ReferenceRequested
from schemas.shot import ShotRejected
from schemas.urgency import is_express
from services.character_conditioning.adapters.adapter_shelf import AdapterShelf
from services.character_conditioning.adapters.bible import CharacterBible
from services.character_conditioning.adapters.revisions import ShotRevisions
from services.character_conditioning.adapters.sheets import FirstAsks, SheetShelf
from services.character_conditioning.equipping import AdapterHandlers, EquippingJudge
from services.character_conditioning.handlers import CastJudge, Handlers
from services.character_conditioning.settings import CharacterConditioningSettings
from services.chassis.app import ServiceApp, make_app
from services.chassis.bindings import On, Sweep
from services.chassis.clock import SystemClock
from services.chassis.documents import Documents
from services.chassis.parking import Parking

NAME = "character_conditioning"


def build(settings: CharacterConditioningSettings) -> ServiceApp:
    """The service, not yet started."""
    documents = Documents(settings)
    bible = CharacterBible(documents.collection("character_bible"))
    revisions = ShotRevisions(documents.collection("character_shot_revisions"))
    sheets = SheetShelf(documents.collection("character_sheets"))
    shelf = AdapterShelf(documents.collection("character_adapters"))
    parking = Parking(
        documents.collection("character_intake"),
        EquippingJudge(
            CastJudge(bible, sheets, wait_s=settings.bible_wait_s, sheet_wait_s=settings.reference_wait_s),
            shelf,
            wait_s=settings.bible_wait_s,
        ),
        SystemClock(),
        warm_up_s=settings.sweep_warm_up_s,
    )
    asks = FirstAsks(documents.collection("character_reference_asks"))
    handlers = Handlers(bible, revisions, sheets, asks, parking)
    emits = (CharactersConditioned, ShotRejected, ReferenceRequested, ReferenceFailed)
    return make_app(
        settings,
        name=NAME,
        subscriptions=(
            # What shots wait for goes before more shots.
            On(topics.BIBLE_CHARACTERS, handlers.character_defined, emits=emits),
            On(topics.BIBLE_ADAPTERS, AdapterHandlers(shelf, parking).adapter_defined, emits=emits),
            On(topics.REFERENCE_READY, handlers.reference_ready, emits=emits),
            On(topics.REFERENCE_FAILED, handlers.reference_failed, emits=emits),
            On(topics.REFERENCE_REQUESTED, handlers.reference_requested, emits=emits),
            On(topics.SHOT_PLANNED, handlers.shot_planned, emits=emits, urgent=is_express),
        ),
        sweeps=(Sweep("end waits for characters and sheets", handlers.sweep, settings.sweep_every_s),),
        resources=(documents,),
        prepare=(bible.prepare, shelf.prepare, parking.prepare),
    )
