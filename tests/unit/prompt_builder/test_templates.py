"""Templates: complete for every vocabulary, overridable by a project, never evaluated."""

from enum import StrEnum

import pytest
from pydantic import ValidationError

from schemas.project import TemplateOverride
from schemas.vocabulary import (
    CameraAngle,
    CameraMovement,
    Composition,
    Facing,
    Focus,
    Framing,
    Lens,
    Season,
    ShotSize,
    TimeOfDay,
    Weather,
)
from services.prompt_builder.adapters.shipped_templates import shipped_templates
from services.prompt_builder.domain import Entry, TemplateError, TemplateFile, assemble
from services.prompt_builder.domain.templates import fill

SHIPPED = shipped_templates()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("shot-size", ShotSize),
        ("framing", Framing),
        ("camera-angle", CameraAngle),
        ("facing", Facing),
        ("movement", CameraMovement),
        ("movement-start", CameraMovement),
        ("movement-end", CameraMovement),
        ("composition", Composition),
        ("focus", Focus),
        ("lens", Lens),
        ("time-of-day", TimeOfDay),
        ("weather", Weather),
        ("season", Season),
    ],
)
def test_every_word_of_a_closed_vocabulary_has_a_wording_and_no_other(table: str, words: type[StrEnum]) -> None:
    assert set(SHIPPED.words(table)) == {word.value for word in words}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("shot-size", "wide medium close-up extreme-close-up"),
        ("framing", "over-the-shoulder"),
        ("camera-angle", "eye-level high-angle low-angle birds-eye worms-eye"),
        ("style", "cinematic anime noir realistic painterly"),
        ("lighting", "golden-hour blue-hour natural dramatic soft rim"),
        ("mood", "romantic tense peaceful mysterious joyful melancholic neutral"),
        ("action", "walking standing sitting running talking looking"),
        ("location", "forest city interior beach mountain field"),
    ],
)
def test_every_key_of_the_prototype_is_worded(table: str, words: str) -> None:
    assert set(words.split()) <= set(SHIPPED.words(table))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("mood", "serene ominous hopeful lonely epic nostalgic playful grieving awe"),
        ("style", "watercolour comic 3-d-cg claymation ink documentary vintage-film"),
        (
            "lighting",
            (
                "daylight sunny overcast moonlight firelight practical tungsten fluorescent hmi led mixed key fill "
                "three-point rembrandt side back top under silhouette edge hard high-key low-key chiaroscuro volumetric"
            ),
        ),
        ("ratio", "1-1 4-3 3-2 16-9 1-85 2-39 21-9 9-16 4-5 2-3"),
    ],
)
def test_the_wider_vocabulary_is_worded(table: str, words: str) -> None:
    assert set(words.split()) <= set(SHIPPED.words(table))


#: Tables whose words a shot or the engine chooses; the others word fixed parts.
VOCABULARY = (
    *("shot-size", "framing", "camera-angle", "facing", "movement", "movement-start", "movement-end", "composition"),
    *("focus", "lens", "ratio", "lighting", "time-of-day", "weather", "season", "light-direction"),
    *("style", "mood", "action", "location", "quality", "continuity"),
)


def entries(table: str) -> dict[str, Entry]:
    """Each wording of a table once, by the first of its keys."""
    return {entry.source: entry for entry in SHIPPED.tables[table].values()}


@pytest.mark.parametrize("table", VOCABULARY)
def test_every_word_has_a_wording_of_its_own_in_sentences_and_in_tags(table: str) -> None:
    worded = entries(table).values()
    assert all(entry.text.strip() and entry.tag.strip() for entry in worded)
    assert len({entry.text.casefold() for entry in worded}) == len(worded)
    assert len({entry.tag.casefold() for entry in worded}) == len(worded)


def test_no_two_tables_say_the_same_in_tags() -> None:
    one_frame = [table for table in VOCABULARY if table not in {"movement-start", "movement-end"}]
    owners: dict[str, str] = {}
    for table in one_frame:
        for source, entry in entries(table).items():
            assert owners.setdefault(entry.tag.casefold(), source) == source


@pytest.mark.parametrize("table", VOCABULARY)
def test_tags_are_short_and_no_sentences(table: str) -> None:
    for entry in entries(table).values():
        for tag in entry.tag.split(", "):
            assert len(tag.split()) <= 6, tag
            assert not tag.endswith("."), tag


@pytest.mark.parametrize("table", [table for table in VOCABULARY if table != "continuity"])
def test_sentences_hold_no_soup_of_tags(table: str) -> None:
    for entry in entries(table).values():
        assert entry.text.count(",") <= 2, entry.text


def test_what_rules_something_out_says_what_is_there_instead() -> None:
    for table in ("style", "never"):
        for entry in entries(table).values():
            assert bool(entry.instead) == bool(entry.negative)
            assert not set(entry.instead.casefold().split()) & {"no", "not", "without", "never", "avoid"}, entry.instead


def test_every_style_has_negatives_and_every_mood_a_face_and_a_posture() -> None:
    assert all(entry.negative for entry in SHIPPED.tables["style"].values())
    assert all(entry.expression and entry.body for entry in SHIPPED.tables["mood"].values())


def test_there_are_four_quality_enhancers() -> None:
    assert len(SHIPPED.tables["quality"]) == 4


def test_an_alias_is_worded_like_its_key() -> None:
    assert SHIPPED.entry("style", "film-noir") == SHIPPED.entry("style", "noir")


def test_version_is_number_and_digest_and_the_same_each_time() -> None:
    number, digest = SHIPPED.version.split("+")
    assert number == "3"
    assert len(digest) == 12
    assert SHIPPED.version == shipped_templates().version


def test_an_override_replaces_a_wording_and_changes_the_version() -> None:
    override = TemplateOverride(table="style", key="noir", text="noir in deep green", negative="red")
    changed = SHIPPED.with_overrides((override,))
    entry = changed.required("style", "noir")
    assert (entry.text, entry.tags, entry.negative) == ("noir in deep green", "noir in deep green", "red")
    assert entry.source == "project:templates/style/noir"
    assert changed.version != SHIPPED.version
    assert SHIPPED.required("style", "noir").text != entry.text


def test_an_override_keeps_what_it_does_not_say() -> None:
    changed = SHIPPED.with_overrides((TemplateOverride(table="mood", key="tense", text="taut"),))
    assert changed.required("mood", "tense").expression == SHIPPED.required("mood", "tense").expression
    style = SHIPPED.with_overrides((TemplateOverride(table="style", key="noir", text="noir again"),))
    assert style.required("style", "noir").negative == SHIPPED.required("style", "noir").negative


def test_no_override_changes_nothing() -> None:
    assert SHIPPED.with_overrides(()) is SHIPPED


def test_slots_are_filled_in_one_pass() -> None:
    assert fill("{subject} in {location}", {"subject": "{location}", "location": "Delhi"}) == "{location} in Delhi"


@pytest.mark.parametrize("text", ["{{subject}}", "{% for x in y %}", "{0}", "{subject.name}", "{Subject}", "{}", "{"])
def test_what_is_no_slot_stays_as_it_is(text: str) -> None:
    assert fill(text, {"subject": "Radha"}) == text


def test_a_shipped_slot_that_does_not_exist_is_refused() -> None:
    file = TemplateFile(version=1, tables={"style": {"a": {"text": "{nobody}"}}}, scales={})
    with pytest.raises(TemplateError, match="style/a: unknown slot nobody"):
        assemble([file])


def test_files_of_two_versions_are_refused() -> None:
    files = [TemplateFile(version=number, tables={}, scales={}) for number in (1, 2)]
    with pytest.raises(TemplateError, match="version"):
        assemble(files)


def test_an_alias_given_twice_is_refused() -> None:
    table = {"a": {"text": "x", "aliases": ("b",)}, "b": {"text": "y"}}
    file = TemplateFile.model_validate({"version": 1, "tables": {"style": table}, "scales": {}})
    with pytest.raises(TemplateError, match="style/b: given twice"):
        assemble([file])


def test_a_scale_must_cover_every_number() -> None:
    with pytest.raises(ValidationError, match="last band"):
        TemplateFile.model_validate({"version": 1, "tables": {}, "scales": {"x": [{"below": 1, "text": "a"}]}})


@pytest.mark.parametrize(
    ("kelvin", "words"), [(1000, "candle-warm"), (3200, "warm"), (5600, "daylight-white"), (20000, "cold blue")]
)
def test_numbers_are_worded_by_their_band(kelvin: float, words: str) -> None:
    assert SHIPPED.scaled("colour-temperature-k", kelvin) == words
