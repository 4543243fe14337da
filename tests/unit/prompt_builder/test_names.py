"""Names of any script: as they are where a model reads them, in Latin letters where it doesn't."""

import pytest

from schemas.vocabulary import Dialect
from tests import builders
from tests.unit.prompt_builder.worded import built, event, tagged


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("राधा", "Radha"),
        ("Радость", "Radost"),
        ("悟空", "WuKong"),
        ("Zoë", "Zoe"),
        ("👨\u200d👩 Kapoor", "Man Woman Kapoor"),
    ],
)
def test_names_of_any_script_are_spelled_for_clip_and_stay_as_they_are_elsewhere(name: str, spelled: str) -> None:
    made = built(event(cast=(builders.radha(name=name),)))
    sentences, weighted = made.prompts[:2]
    assert f"Close-up of {name}," in sentences.prompt
    assert f"({spelled}, long black hair" in weighted.prompt
    assert weighted.names == {name: spelled}
    assert made.facts[0].text.startswith(f"{name}: ")


def test_models_of_english_only_get_sentences_with_names_in_latin_letters() -> None:
    made = built(event(cast=(builders.radha(name="राधा"),)))
    latin = [item for item in made.prompts if item.dialect is Dialect.NATURAL and item.latin]
    assert "Close-up of Radha, the face" in latin[0].prompt
    assert latin[0].prompt.isascii()
    assert not [item for item in built(event()).prompts if item.dialect is Dialect.NATURAL and item.latin]


def test_a_name_within_a_longer_word_is_not_spelled() -> None:
    made = built(event(builders.shot(description="女王 comes; 王 follows"), cast=(builders.radha(name="王"),)))
    latin = next(item for item in made.prompts if item.dialect is Dialect.NATURAL and item.latin)
    assert "女王 comes; Wang follows" in latin.prompt


@pytest.mark.parametrize("name", ["👨\u200d👩\u200d👧\u200d👦 Kapoor", "क्ष्म्या", "汧\u200d👩 Kapoor", "Radha"])
@pytest.mark.parametrize("size", [5, 24])
def test_in_a_crowd_each_name_shows_at_least_its_beginning(name: str, size: int) -> None:
    crowd = tuple(f"c{number}" for number in range(size))
    cast = tuple(builders.radha(character_id=member, name=name) for member in crowd)
    shot = builders.shot(cast=crowd, framing="group")
    for rendered in tagged(event(shot, cast=cast)):
        named = [piece for piece in rendered.chunks[0].pieces if piece.weight == 1.2]
        assert len(named) == size
        assert all(piece.text[0].isalpha() for piece in named)
