"""Weighted words as each program reads them."""

import pytest

from schemas.emphasis import Piece, by_hand, literal, written
from schemas.vocabulary import WeightForm

CHUNKS = ((Piece("solo, "), Piece("Radha (young)", 1.2), Piece(", dusk")), (Piece("forest"),))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (WeightForm.A1111, r"solo, (Radha \(young\):1.2), dusk BREAK forest"),
        (WeightForm.COMFY, r"solo, (Radha \(young\):1.2), dusk, forest"),
        (WeightForm.COMPEL, r"solo, (Radha \(young\))1.2, dusk, forest"),
        (WeightForm.NONE, "solo, Radha (young), dusk, forest"),
    ],
)
def test_each_form_is_written(form: WeightForm, text: str) -> None:
    assert written(CHUNKS, form) == text


@pytest.mark.parametrize(
    ("form", "meant", "safe"),
    [
        (WeightForm.A1111, "<lora:evil:2> AND a BREAK, [a:b:0.5]", r"< lora:evil:2> and a break, \[a:b:0.5\]"),
        (WeightForm.COMFY, "embedding:evil (x:2)", r"embedding :evil \(x:2\)"),
        (WeightForm.COMPEL, 'C++, half-, "a".swap(b)', r"C plus  plus , half" + "\u2013" + r", 'a'.swap\(b\)"),
    ],
)
def test_what_a_program_would_obey_becomes_words(form: WeightForm, meant: str, safe: str) -> None:
    assert literal(meant, form) == safe


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("(gold:1.3) dust", [("gold", 1.3), (" dust", 1.0)]),
        ("((gold)), [ash]", [("gold", 1.21), (", ", 1.0), ("ash", 0.91)]),
        ("(red (gold:1.5):1.2)", [("red ", 1.2), ("gold", 1.8)]),
        (r"sign \(old\)", [("sign (old)", 1.0)]),
        ("a smile :) and (", [("a smile :) and (", 1.0)]),
        ("(gold:9)", [("gold", 2.0)]),
        ("", []),
    ],
)
def test_emphasis_written_by_hand_is_read(text: str, pieces: list[tuple[str, float]]) -> None:
    assert [(piece.text, piece.weight) for piece in by_hand(text)] == pieces
