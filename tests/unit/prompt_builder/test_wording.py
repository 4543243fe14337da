"""Text stays whole in any script, on one line and within bounds."""

import pytest

from services.prompt_builder.adapters.clip_vocabulary import clip_tokens
from services.prompt_builder.domain.articles import one
from services.prompt_builder.domain.colours import in_words
from services.prompt_builder.domain.features import joined, phrases
from services.prompt_builder.domain.tokens import estimate
from services.prompt_builder.domain.wording import (
    appositive,
    clip,
    ended,
    is_balanced,
    is_short_phrase,
    listed,
    one_line,
    pieces,
    top_level_pieces,
)


def test_line_breaks_become_spaces() -> None:
    assert one_line("a\n\tb\u2028c  d") == "a b c d"


def test_clip_cuts_between_words() -> None:
    assert clip("long black hair", 12) == "long black"


@pytest.mark.parametrize("text", ["👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "नमस्ते दुनिया", "e\u0301e\u0301e\u0301", "👍🏽👍🏽"])
@pytest.mark.parametrize("limit", range(1, 8))
def test_clip_never_parts_what_is_shown_as_one_character(text: str, limit: int) -> None:
    head = clip(text, limit)
    assert len(head) <= limit
    rest = text[len(head) :].lstrip()
    assert not rest or rest[0] not in "\u200d\u0301\u0947\u094d\U0001f3fd\ufe0f"
    assert not head.endswith("\u200d")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("She runs", "She runs."),
        ("She runs!", "She runs!"),
        ("“She runs.”", "“She runs.”"),
        ("彼女は走る。", "彼女は走る。"),
        ("वह दौड़ती है।", "वह दौड़ती है।"),
        ("هل تركض؟", "هل تركض؟"),
        ("she runs,", "she runs."),
    ],
)
def test_a_sentence_ends_once_in_its_own_script(text: str, sentence: str) -> None:
    assert ended(text) == sentence


def test_lists_read_like_english() -> None:
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_tags_are_cut_at_commas_and_sentences_but_not_in_numbers() -> None:
    assert pieces("He runs. A 1.85:1 frame, wet; gone") == ("He runs", "A 1.85:1 frame", "wet", "gone")
    assert pieces("赤い、青い。") == ("赤い", "青い")


def test_emphasis_by_hand_is_kept_whole() -> None:
    assert is_balanced("(red, gold:1.3), [x]")
    assert not is_balanced("(red")
    assert not is_balanced("[a)")
    assert top_level_pieces("(red, gold:1.3), sari") == ("(red, gold:1.3)", "sari")


def test_a_phrase_stands_between_commas_and_a_sentence_does_not() -> None:
    assert is_short_phrase("A divine young woman.")
    assert not is_short_phrase("A woman. She sings.")
    assert appositive("A divine young woman.") == "a divine young woman"


@pytest.mark.parametrize(
    ("features", "worded"),
    [
        ({"hair": "long black hair"}, ("long black hair",)),
        ({"hair": "long black"}, ("long black hair",)),
        ({"hair": "long, black and braided"}, ("long hair, black and braided",)),
        ({"style": "traditional Indian", "colors": ("red", "gold")}, ("traditional Indian", "in red and gold")),
        ({"colors": ("#ff0000",), "style": "sari"}, ("sari", "in red")),
        ({"build": "small and sturdy, 155 cm"}, ("a small and sturdy build, 155 cm",)),
        ({"build": "thin, slightly bent, 150 cm"}, ("a thin and slightly bent build, 150 cm",)),
        ({"age": "elderly, eighty"}, ("aged eighty, elderly",)),
        ({"age": "early twenties"}, ("in their early twenties",)),
        ({"vegetation": "kadamba, tamal and tulsi"}, ("kadamba, tamal and tulsi",)),
        ({"age": "19", "eyes": "green"}, ("green eyes", "aged 19")),
        ({"ground": "wet planks", "sky": "grey", "sound": "bees"}, ("wet planks", "grey sky")),
        ({"face": "angular, broken nose"}, ("an angular face, broken nose",)),
        ({"face": "high cheekbones, a scar"}, ("high cheekbones, a scar",)),
        ({"hair": "short white curls, balding"}, ("short white curls, balding",)),
        ({"eyes": "", "skin": "  "}, ()),
        ({"髪": "黒い"}, ("黒い 髪",)),
    ],
)
def test_features_are_worded_as_phrases(features: dict[str, str | tuple[str, ...]], worded: tuple[str, ...]) -> None:
    assert phrases(features) == worded


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        ("red silk sari with gold border", "a red silk sari with gold border"),
        ("ochre shawl", "an ochre shawl"),
        ("blue uniform of the watch", "a blue uniform of the watch"),
        ("unlined umber coat", "an unlined umber coat"),
        ("silver ankle bells", "silver ankle bells"),
        ("torn black lace", "torn black lace"),
        ("traditional Indian attire", "traditional Indian attire"),
        ("his father's coat", "his father's coat"),
        ("two green scarves", "two green scarves"),
        ("barefoot", "barefoot"),
        ("soaked and bedraggled", "soaked and bedraggled"),
        ("Hand-sewn cape", "Hand-sewn cape"),
        ("लाल साड़ी", "लाल साड़ी"),
    ],
)
def test_an_article_stands_before_one_thing_and_before_nothing_else(thing: str, told: str) -> None:
    assert one(thing) == told


def test_height_and_age_follow_the_list() -> None:
    worded = phrases({"age": "19", "build": "small and sturdy, 155 cm", "eyes": "green"})
    assert joined(worded) == "a small and sturdy build and green eyes, 155 cm tall, aged 19"


def test_a_feature_said_elsewhere_is_left_out() -> None:
    assert phrases({"hair": "long black hair", "eyes": "brown"}, said=("Tall, with Long Black Hair",)) == (
        "brown eyes",
    )


def test_hex_colours_become_words() -> None:
    assert in_words("#d4a532 border on #14204f silk") == "gold border on navy silk"


@pytest.mark.parametrize(
    ("text", "counted"),
    [  # Counted with CLIP's own vocabulary (bpe_simple_vocab_16e6).
        ("Radha, long black hair, dark brown eyes", 9),
        ("traditional Indian attire, red sari, gold veil", 9),
        ("cinematic film still, film grain", 6),
        ("Radha walks through the forest and stops to listen", 9),
        ("medium close-up, over-the-shoulder, chiaroscuro, volumetric lighting", 19),
        ("Detective Marlowe, trench coat, fedora, scarred jaw", 12),
        ("an unreadable look, half turned away", 9),
        ("Wojciechowski, Szczepan, Nguyen Thi", 12),
        ("Świętosława łąka", 13),
        ("राधा जंगल में चलती है", 22),
        ("ラーダーは森を歩く", 16),
        ("拉达走过森林", 18),
        ("راधا تمشي في الغابة", 16),
        ("Раадха идёт через лес", 24),
        ("🔥🔥 fire", 2),
    ],
)
def test_the_estimate_is_not_below_what_clip_counts(text: str, counted: int) -> None:
    assert estimate(text) >= counted
    assert clip_tokens().count(text) == counted


@pytest.mark.parametrize(
    ("text", "counted"),
    [("odhni choli tulsi ghagra dhoti", 11), ("", 0), ("don't, he'll, I've", 8), ("1.85:1 2.39", 10)],
)
def test_clip_tokens_are_counted_with_its_own_vocabulary(text: str, counted: int) -> None:
    assert clip_tokens().count(text) == counted


@pytest.mark.parametrize(
    ("text", "after_a_comma"),
    [
        ("Singer at the Blue Heron.", "singer at the Blue Heron"),
        ("Developer, a cold man", "developer, a cold man"),
        ("Policeman on his last round", "policeman on his last round"),
        ("Roman soldier", "Roman soldier"),
        ("Radha's closest friend", "Radha's closest friend"),
        ("An old friend", "an old friend"),
        ("Élodie comes later", "Élodie comes later"),
    ],
)
def test_a_role_is_small_after_a_comma_and_a_name_is_not(text: str, after_a_comma: str) -> None:
    assert appositive(text) == after_a_comma
