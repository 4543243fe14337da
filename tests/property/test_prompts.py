"""Laws of the prompts over all shots: nothing planned is lost, nothing planned breaks them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.bible import Costume
from schemas.conditioning import CharacterConditioning, LocationConditioned, PropConditioning
from schemas.emphasis import written
from schemas.project import ProjectSettings, TemplateOverride
from schemas.prompt import PromptBuilt, RenderedPrompt, RetakeInstruction, WeightedText
from schemas.run import runs_of
from schemas.shot import Shot, ShotPlanned, ShotRejected
from schemas.vocabulary import (
    CameraAngle,
    CameraMovement,
    Composition,
    Dialect,
    Facing,
    Focus,
    FramePlan,
    Framing,
    Lens,
    Season,
    ShotSize,
    SubjectKind,
    TimeOfDay,
    Weather,
    WeightForm,
)
from services.prompt_builder.adapters.clip_vocabulary import clip_tokens
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.domain import KINDS, build, planned_facts
from services.prompt_builder.domain.building import MOST_CHUNKS
from services.prompt_builder.domain.names import renamed
from services.prompt_builder.domain.tokens import CLIP_BUDGET
from tests import builders
from tests.reading_weights import READERS, merged

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEMPLATES = shipped_templates()
#: Any script, emoji, bidirectional marks, quotes and template-looking text; control characters never get this far.
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60),
    st.sampled_from(["{{x}}", "{subject}", "{% if %}", 'say "no"', "(a:9)", "a\nb", "))(", "a, b. c!"]),
    st.sampled_from(["عَرَبِيّ ١٢", "नमस्ते।", "走る、止まる。", "👩\u200d👧"]),
)
_WITH_CAST = (SubjectKind.KEYFRAME, SubjectKind.CHARACTER_SHEET)
VISIBLE = TEXT.filter(lambda text: bool(text.strip()))


class Marks:
    """Gives each text of a shot a word of its own, which must be found again."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def put(self, text: str) -> str:
        mark = f"ZQ{len(self.all)}XY"
        self.all.append(mark)
        return f"{text} {mark}"


@st.composite
def casts(draw: st.DrawFn, marks: Marks) -> tuple[CharacterConditioning, ...]:
    members = []
    for number in range(draw(st.integers(0, 4))):
        visible = draw(st.booleans())
        own = marks if visible else Marks()
        members.append(
            builders.radha(
                character_id=f"c{number}",
                visible=visible,
                name=own.put(draw(VISIBLE)),
                description=own.put(draw(TEXT)),
                appearance={"hair": own.put(draw(TEXT)), "eyes": (own.put(draw(TEXT)), own.put(draw(TEXT)))},
                changing={"mood": own.put(draw(TEXT)), "expression": own.put(draw(TEXT))},
                costume=Costume(costume_id="c", description=own.put(draw(TEXT))),
                action=own.put(draw(TEXT)),
                expression=own.put(draw(TEXT)),
                facing=draw(st.sampled_from(Facing)),
            )
        )
    return tuple(members)


@st.composite
def shots(draw: st.DrawFn, marks: Marks, cast: tuple[CharacterConditioning, ...]) -> Shot:
    return builders.shot(
        cast=tuple(member.character_id for member in cast),
        description=marks.put(draw(TEXT)),
        action=marks.put(draw(TEXT)),
        prompt=marks.put(draw(TEXT)),
        shot_size=draw(st.sampled_from(ShotSize)),
        framing=draw(st.sampled_from(Framing)),
        camera_angle=draw(st.sampled_from(CameraAngle)),
        facing=draw(st.sampled_from(Facing)),
        camera_movement=draw(st.sampled_from(CameraMovement)),
        composition=draw(st.sampled_from(Composition)),
        focus=draw(st.sampled_from(Focus)),
        lens_mm=draw(st.none() | st.floats(4, 1200)),
        lens=draw(st.none() | st.sampled_from(Lens)),
        light_source=draw(st.none() | st.sampled_from(TEMPLATES.words("lighting"))),
        frames=draw(st.sampled_from(FramePlan)),
        lighting=draw(st.sampled_from(TEMPLATES.words("lighting"))),
        mood=draw(st.sampled_from(TEMPLATES.words("mood"))),
        style=draw(st.sampled_from(TEMPLATES.words("style"))),
        time_of_day=draw(st.none() | st.sampled_from(TimeOfDay)),
        dialogue=draw(st.just("") | TEXT),
        width=draw(st.integers(64, 8192)),
        height=draw(st.integers(64, 8192)),
    )


@st.composite
def marked_events(draw: st.DrawFn) -> tuple[LocationConditioned, list[str]]:
    """A conditioned shot, and the marks of every text in it that a prompt must account for."""
    marks = Marks()
    subject = draw(st.sampled_from(SubjectKind))
    cast = draw(casts(marks)) if subject in _WITH_CAST else ()
    shot = draw(shots(marks, cast))
    project = ProjectSettings(
        project_id="p", title="P", style_guide=marks.put(draw(TEXT)), period=marks.put(draw(TEXT))
    )
    planned = ShotPlanned(project=project, shot=shot)
    place = None
    if draw(st.booleans()):
        place = builders.forest(
            name=marks.put(draw(VISIBLE)),
            description=marks.put(draw(TEXT)),
            landmarks=(marks.put(draw(TEXT)), marks.put(draw(TEXT))),
            environment={"ground": marks.put(draw(TEXT))},
            atmosphere={"air": marks.put(draw(TEXT))},
            time_of_day=draw(st.sampled_from(TimeOfDay)),
            weather=draw(st.sampled_from(Weather)),
            season=draw(st.sampled_from(Season)),
        )
    prop = PropConditioning(
        prop_id="p", bible_version=1, bible_digest="0" * 64, name=marks.put("lamp"), description=marks.put(draw(TEXT))
    )
    runs = runs_of(planned)
    run = runs[draw(st.integers(0, len(runs) - 1))].model_copy(update={"subject": subject})
    return builders.location_conditioned(run, cast=cast, location=place, props=(prop,)), marks.all


def plainly(rendered: RenderedPrompt) -> str:
    """The words of a prompt as they are meant."""
    pieces = [piece.text for chunk in rendered.chunks for piece in (*chunk.pieces, WeightedText(text=" "))]
    return "".join(pieces) if pieces else rendered.prompt


def built(event: LocationConditioned, **more: Any) -> PromptBuilt:
    made = build(event, TEMPLATES, **more)
    assert isinstance(made, PromptBuilt)
    return made


@given(marked_events())
@quick
def test_every_planned_text_is_prompted_or_listed_as_dropped(
    marked: tuple[LocationConditioned, list[str]],
) -> None:
    event, marks = marked
    for rendered in built(event).prompts:
        accounted = " ".join([plainly(rendered), *(item.text for item in rendered.dropped)])
        assert [mark for mark in marks if mark not in accounted] == []
        assert all(item.reason for item in rendered.dropped)


@given(marked_events())
@quick
def test_every_planned_choice_is_a_fact(marked: tuple[LocationConditioned, list[str]]) -> None:
    event, _ = marked
    kinds = {fact.kind for fact in built(event).facts}
    assert kinds <= set(KINDS)
    expected = {"shot-size", "angle", "framing", "facing", "movement", "composition", "focus", "ratio", "style", "mood"}
    expected |= {"lighting", "description", "action"}
    expected |= {"lens"} if event.run.shot.lens_mm is not None else set()
    expected |= {"time", "weather", "season", "light", "landmarks", "location"} if event.location else set()
    expected |= {"identity", "costume", "cast-count"} if event.visible_cast else set()
    expected |= {"speaking"} if event.run.shot.dialogue.strip() else set()
    assert expected - kinds == set()


@given(marked_events())
@quick
def test_each_wording_of_a_fact_is_in_its_prompt_or_listed(marked: tuple[LocationConditioned, list[str]]) -> None:
    event, _ = marked
    facts, _ = planned_facts(event, TEMPLATES)
    for rendered in built(event).prompts:
        spelled = renamed(facts, rendered.names)
        shown = plainly(rendered)
        listed = " ".join(item.text for item in rendered.dropped)
        whole = {item.rank for item in rendered.dropped if not item.part}
        for fact in spelled:
            if rendered.dialect is Dialect.NATURAL:
                said = fact.clause.rstrip(".,;:").casefold() in shown.casefold() or fact.kind == "prompt"
                assert fact.rank in whole or said, fact
                continue
            # A name too long for its share is cut, be it inside a word.
            tags = fact.tags[1:] if fact.kind == "identity" else () if fact.kind == "prompt" else fact.tags
            words = [word for tag in tags for word in tag.split()]
            lost = [word for word in words if word.casefold() not in f"{shown} {listed}".casefold()]
            assert fact.omitted or lost == [], fact


@given(marked_events())
@quick
def test_prompts_are_one_line_and_within_their_budgets(marked: tuple[LocationConditioned, list[str]]) -> None:
    event, _ = marked
    for rendered in built(event).prompts:
        assert len(rendered.prompt) <= 32_000
        for text in (rendered.prompt, rendered.negative_prompt, rendered.negative_folded):
            assert text.splitlines() in ([text], [])
        if rendered.dialect is Dialect.TAGS:
            assert 1 <= len(rendered.chunks) <= MOST_CHUNKS
            for chunk in rendered.chunks:
                counted = clip_tokens().count("".join(piece.text for piece in chunk.pieces))
                assert counted == chunk.tokens <= CLIP_BUDGET
            assert clip_tokens().count(rendered.negative_prompt) <= CLIP_BUDGET
    assert [len(item.chunks) for item in built(event).prompts if item.dialect is Dialect.TAGS][-1] == 1


@given(marked_events())
@quick
def test_no_fact_is_parted_between_two_chunks(marked: tuple[LocationConditioned, list[str]]) -> None:
    event, marks = marked
    for rendered in built(event).prompts:
        words = ["".join(piece.text for piece in chunk.pieces) for chunk in rendered.chunks]
        assert [mark for mark in marks if sum(mark in text for text in words) > 1] == []


@given(marked_events())
@quick
def test_weights_are_read_back_and_no_text_of_people_is_one(marked: tuple[LocationConditioned, list[str]]) -> None:
    event, _ = marked
    weights = {round(fact.weight, 2) for fact in built(event).facts}
    for rendered in built(event).prompts:
        meant = [[(piece.text, piece.weight) for piece in chunk.pieces] for chunk in rendered.chunks]
        if rendered.dialect is not Dialect.TAGS or "(" in event.run.shot.prompt:
            continue
        assert {weight for chunk in meant for _, weight in chunk} <= weights | {1.0}
        for form in (WeightForm.A1111, WeightForm.COMFY):
            read = READERS[form](written((chunk.pieces for chunk in rendered.chunks), form))
            if form is WeightForm.A1111:
                expected = [merged([(text.lower(), weight) for text, weight in chunk]) for chunk in meant]
                assert [merged([(text.lower(), weight) for text, weight in chunk]) for chunk in read] == expected
            else:
                assert {round(weight, 2) for chunk in read for _, weight in chunk} <= weights | {1.0}


@given(marked_events())
@quick
def test_identity_survives_truncation(marked: tuple[LocationConditioned, list[str]]) -> None:
    event, _ = marked
    for rendered in built(event).prompts:
        if rendered.dialect is Dialect.NATURAL:
            assert [item for item in rendered.dropped if item.kind == "identity"] == []
            continue
        # Each identity is stressed and so stands by itself; of a name too long for its share the beginning is left.
        opening = [piece.text.split(", ")[0] for piece in rendered.chunks[0].pieces if piece.weight > 1]
        for member in event.visible_cast:
            name = " ".join(member.name.split())
            spelled = rendered.names.get(name, name)
            said = next((words for words in opening if words and spelled.startswith(words)), None)
            assert said is not None, (spelled, opening)
            opening.remove(said)


@given(marked_events(), VISIBLE, st.lists(st.sampled_from(KINDS), max_size=4))
@quick
def test_a_retake_loses_nothing_either(
    marked: tuple[LocationConditioned, list[str]], note: str, strengthen: list[str]
) -> None:
    event, marks = marked
    retake = RetakeInstruction(reason="r", strengthen=tuple(strengthen), avoid=("zq avoid",), note=f"{note} ZQNOTE")
    made = built(event, take=2, retake=retake)
    for rendered in made.prompts:
        accounted = " ".join([rendered.prompt, *(item.text for item in rendered.dropped)])
        assert [mark for mark in (*marks, "ZQNOTE") if mark not in accounted] == []
        assert "zq avoid" in rendered.negative_prompt
        if rendered.dialect is Dialect.NATURAL:
            assert "zq avoid" in rendered.negative_folded
    assert {fact.weight for fact in made.facts if fact.kind in strengthen} <= {1.2, 1.32, 1.44}


@given(marked_events())
@quick
def test_the_same_shot_is_worded_the_same(marked: tuple[LocationConditioned, list[str]]) -> None:
    event, _ = marked
    assert built(event) == built(event)
    assert PromptBuilt.model_validate_json(built(event).model_dump_json()) == built(event)


@given(
    st.lists(
        st.builds(
            TemplateOverride,
            table=st.sampled_from([*TEMPLATES.tables, "no-such-table"]),
            key=st.sampled_from(["noir", "cinematic", "close-up", "wide", "peaceful", "mine"]),
            text=VISIBLE,
            negative=TEXT,
        ),
        max_size=4,
        unique_by=lambda item: (item.table, item.key),
    )
)
@quick
def test_any_override_is_used_or_refused(overrides: list[TemplateOverride]) -> None:
    project = builders.project(templates=tuple(overrides))
    event = builders.location_conditioned(runs_of(ShotPlanned(project=project, shot=builders.shot()))[0])
    made = build(event, TEMPLATES)
    assert isinstance(made, PromptBuilt | ShotRejected)


@pytest.mark.parametrize("size", [10_000, 100_000])
def test_enormous_wordings_are_bounded(size: int) -> None:
    cast = tuple(
        builders.radha(character_id=f"c{n}", appearance={"hair": tuple("curl " * 90 for _ in range(size // 4000))})
        for n in range(8)
    )
    shot = builders.shot(cast=tuple(member.character_id for member in cast))
    made = built(builders.location_conditioned(runs_of(builders.planned(shot))[0], cast=cast))
    assert len(made.prompt_for(Dialect.NATURAL).prompt) <= 32_000
