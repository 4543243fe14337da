"""How weighted prompts are read, and parted into CLIP's windows."""

import pytest

from services.generation.providers.diffusers.prompt_weights import WINDOW, Piece, Weighted, chunks_of, parse, pieces


@pytest.mark.parametrize(
    ("prompt", "meant"),
    [
        ("two men, rain", [("two men, rain", 1.0)]),
        ("a (red coat:1.3), rain", [("a ", 1.0), ("red coat", 1.3), (", rain", 1.0)]),
        ("(red)", [("red", 1.1)]),
        ("((red))", [("red", 1.21)]),
        ("[red]", [("red", 1 / 1.1)]),
        ("(a (b:2) c:0.5)", [("a ", 0.5), ("b", 1.0), (" c", 0.5)]),
        (r"radha \(young\)", [("radha (young)", 1.0)]),
        ("time: 10:30", [("time: 10:30", 1.0)]),
        ("left (open", [("left open", 1.0)]),
        ("close) it", [("close it", 1.0)]),
        ("ratio 16:9)", [("ratio 16:9", 1.0)]),
        ("(huge:99)", [("huge", 3.0)]),
        ("(.5 dot: .5)", [(".5 dot", 0.5)]),
        ("", []),
    ],
)
def test_weights_are_read_as_they_are_written(prompt: str, meant: list[tuple[str, float]]) -> None:
    found = parse(prompt)
    assert [item.text for item in found] == [text for text, _ in meant]
    assert [item.weight for item in found] == pytest.approx([weight for _, weight in meant])


def test_a_break_begins_a_window_of_its_own() -> None:
    assert chunks_of("two men, rain BREAK a (red:1.2) coat") == ("two men, rain", "a (red:1.2) coat")
    assert chunks_of("BREAKFAST, daybreak") == ("BREAKFAST, daybreak",)
    assert chunks_of(" BREAK ") == ("",)


def test_nothing_is_one_empty_piece() -> None:
    assert pieces((), (), comma=9) == (Piece((), ()),)


def test_a_short_prompt_is_one_piece() -> None:
    assert pieces((1, 2), (1.0, 0.5), comma=9) == (Piece((1, 2), (1.0, 0.5)),)


def test_a_long_prompt_is_parted_after_the_last_comma_of_the_window() -> None:
    tokens = [1] * 70 + [9] + [2] * 30
    assert [len(piece.tokens) for piece in pieces(tokens, [1.0] * 101, comma=9)] == [71, 30]


def test_without_a_comma_near_it_is_parted_where_the_window_ends() -> None:
    tokens = [1] * 10 + [9] + [2] * 140
    assert [len(piece.tokens) for piece in pieces(tokens, [1.0] * 151, comma=9)] == [WINDOW, WINDOW, 1]
    assert [len(piece.tokens) for piece in pieces(tokens, [1.0] * 151, comma=None)] == [WINDOW, WINDOW, 1]


def test_a_prompt_that_fills_its_window_makes_no_empty_piece() -> None:
    assert len(pieces([1] * WINDOW, [1.0] * WINDOW, comma=None)) == 1


def test_every_token_needs_a_weight() -> None:
    with pytest.raises(ValueError, match="weights: 1, allowed are as many as tokens, 2"):
        pieces((1, 2), (1.0,), comma=None)


def test_plain_words_are_one_item() -> None:
    assert parse(r"a \: b") == (Weighted("a : b"),)
