"""Whatever a frame wants and whoever refuses it: each next request plans references and seed anew, none is lost."""

from hypothesis import given, settings
from hypothesis.strategies import booleans, integers, lists, sampled_from

from schemas.bible import Lora, ReferenceImage
from schemas.conditioning import CharacterConditioning
from schemas.generation import GenerationRequested
from schemas.generation.v1 import FailureKind
from services.orchestrator.adapters.catalogue_file import load_catalogue
from services.orchestrator.domain.references import wanted_loras, wanted_references
from tests import builders
from tests.fakes.orchestration import Stage, broken, terms, worded

SHIPPED = load_catalogue()
PROVIDERS = tuple(dict.fromkeys(card.provider for card in SHIPPED))
GOING_ON = [FailureKind.REFUSED, FailureKind.UNUSABLE_IMAGE, FailureKind.OUTAGE, FailureKind.INVALID_REQUEST]


def member(number: int, *, visible: bool, pictures: int) -> CharacterConditioning:
    """One of the cast, with so many pictures and an adapter."""
    return builders.radha(
        character_id=f"c{number}",
        visible=visible,
        references=tuple(ReferenceImage(uri=f"s3://ice/c{number}-{view}.png") for view in range(pictures)),
        loras=(Lora(lora_id=f"c{number}-v1", base_model="sdxl"),),
    )


@given(
    cast=lists(booleans(), max_size=6),
    pictures=integers(0, 2),
    failures=lists(sampled_from(GOING_ON), min_size=1, max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_every_reference_adapter_and_seed_is_sent_or_listed_by_every_model_of_the_chain(
    cast: list[bool], pictures: int, failures: list[FailureKind]
) -> None:
    members = tuple(member(number, visible=seen, pictures=pictures) for number, seen in enumerate(cast))
    place = builders.forest(references=(ReferenceImage(uri="s3://ice/forest.png"),))
    prompt = worded(cast=members, location=place)
    stage = Stage(terms(catalogue=SHIPPED, providers=PROVIDERS))
    caused = stage.send(prompt)
    for kind in (*failures, None):
        asked = next((event for event in caused if isinstance(event, GenerationRequested)), None)
        if asked is None:
            return
        card = SHIPPED.card(asked.model)
        assert card is not None
        wanted = wanted_references(prompt)
        assert [use.uri for use in asked.references] == [item.use.uri for item in wanted[: card.references.max]]
        lost = {item.what for item in asked.degradations if item.code == "reference-dropped"}
        assert lost == {item.label for item in wanted[card.references.max :]}
        adapters = [item for item in asked.degradations if item.code.startswith("lora-")]
        assert len(asked.loras) + len(adapters) == len(wanted_loras(prompt))
        assert (asked.seed_to_send is None) == any(item.code == "seed-not-supported" for item in asked.degradations)
        if kind is not None:
            caused = stage.send(broken(asked, kind, charged=False))
