"""Retakes, negatives, bounds, and shots that can't be worded."""

import pytest

from schemas.project import TemplateOverride
from schemas.prompt import RetakeInstruction
from schemas.run import runs_of
from schemas.shot import ShotPlanned, ShotRejected
from schemas.vocabulary import Dialect
from services.prompt_builder.domain import build
from tests import builders
from tests.unit.prompt_builder.worded import TEMPLATES, built, event


def test_negatives_come_from_retake_shot_project_and_style_in_that_order() -> None:
    shot = builders.shot(negative_prompt="umbrellas", style="anime")
    retake = RetakeInstruction(reason="r", avoid=("extra hands",))
    made = built(event(shot, project={"negative_prompt": "cars, Umbrellas"}), take=2, retake=retake)
    for dialect in Dialect:
        negative = made.prompt_for(dialect).negative_prompt
        assert negative.startswith("extra hands, umbrellas, cars, photograph, photorealistic")


def test_a_retake_strengthens_and_carries_the_note() -> None:
    retake = RetakeInstruction(reason="dark", strengthen=("lighting", "identity"), note="Warmer, please")
    first, second = built(event()), built(event(), take=2, retake=retake)
    assert second.retake == retake
    assert second.take == 2
    assert second.event_id != first.event_id
    weights = {fact.kind: fact.weight for fact in second.facts}
    assert (weights["lighting"], weights["identity"]) == (1.2, 1.44)
    kinds = [fact.kind for fact in second.facts]
    assert kinds.index("lighting") < kinds.index("description")
    sentences, tagged = (second.prompt_for(dialect).prompt for dialect in Dialect)
    assert sentences.startswith("Change from the last take: Warmer, please.")
    assert "Most important: The scene is lit by golden-hour light" in sentences
    assert sentences.index("golden-hour light") < sentences.index("Radha walks through")
    assert "(Warmer, please:1.2)" in tagged
    assert "(golden hour light:1.2)" in tagged


def test_a_kind_to_strengthen_that_the_frame_lacks_is_listed() -> None:
    made = built(event(), take=2, retake=RetakeInstruction(reason="r", strengthen=("props",)))
    assert [(item.kind, item.reason) for item in made.prompt_for(Dialect.NATURAL).dropped] == [
        ("props", "to be strengthened, but this frame has no such fact")
    ]


def test_an_enormous_fact_is_cut_and_the_rest_listed() -> None:
    features = {f"part {number}": f"feature number {number} of the armour" for number in range(60)}
    rendered = built(event(cast=(builders.radha(appearance=features),))).prompt_for(Dialect.NATURAL)
    cut = [item for item in rendered.dropped if item.kind == "identity"]
    assert [item.reason for item in cut] == ["longer than 1200 characters: cut"]
    assert "feature number 0" in rendered.prompt
    assert "feature number 59" in cut[0].text


def test_the_largest_shot_stays_within_every_limit() -> None:
    long = "x" * 4000
    cast = tuple(
        builders.radha(
            character_id=f"c{number}",
            name="n" * 200,
            description=long,
            appearance={f"k{key}": "v" * 500 for key in range(64)},
            changing={f"c{key}": "w" * 500 for key in range(64)},
            action="a" * 500,
        )
        for number in range(24)
    )
    shot = builders.shot(
        cast=tuple(member.character_id for member in cast),
        description=long,
        action=long,
        prompt=long,
        negative_prompt=long,
    )
    made = built(event(shot, cast=cast, project={"style_guide": long, "period": long, "negative_prompt": long}))
    assert len(made.prompt_for(Dialect.NATURAL).prompt) <= 32_000
    assert len(made.model_dump_json()) < 4_000_000


def test_unknown_words_reject_the_shot_with_the_closest_first() -> None:
    shot = builders.shot(style="noirr", mood="peacefull", lighting="moon-glow")
    refused = build(event(shot), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert refused.stage == "prompt-builder"
    told = {problem.field: problem for problem in refused.problems}
    assert set(told) == {"shot.style", "shot.mood", "shot.lighting"}
    assert told["shot.style"].allowed.startswith("noir (did you mean this?), ")
    assert told["shot.style"].code == "unknown-style"
    assert "golden-hour" in told["shot.lighting"].allowed


def test_the_projects_style_is_named_as_such() -> None:
    refused = build(event(project={"style": "cubist"}), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert [problem.field for problem in refused.problems] == ["project.style"]


def test_both_frames_of_a_shot_are_refused_once() -> None:
    shot = builders.shot(style="cubist", frames="start-end")
    refusals = {build(event(shot, role=role), TEMPLATES).event_id for role in (0, 1)}
    assert len(refusals) == 1


@pytest.mark.parametrize(
    ("override", "field", "code"),
    [
        (("stlye", "x", "y"), "project.templates.0.table", "unknown-template-table"),
        (("shot-size", "huge", "y"), "project.templates.0.key", "unknown-template-key"),
        (("style", "x", "in {locaton}"), "project.templates.0.text", "unknown-slot"),
    ],
)
def test_an_override_that_can_not_be_used_is_refused(override: tuple[str, str, str], field: str, code: str) -> None:
    table, key, text = override
    templates = (TemplateOverride(table=table, key=key, text=text),)
    refused = build(event(project={"templates": templates}), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert [(problem.field, problem.code) for problem in refused.problems] == [(field, code)]


def test_a_refusal_carries_the_digest_of_what_was_planned() -> None:
    planned = ShotPlanned(project=builders.project(), shot=builders.shot(style="cubist"))
    refused = build(builders.location_conditioned(runs_of(planned)[0]), TEMPLATES)
    assert isinstance(refused, ShotRejected)
    assert refused.content_digest == planned.digest
