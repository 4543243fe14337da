"""Laws of weighted prompts: what is written in a program's form is read back as it was meant, whatever people wrote."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.emphasis import Piece, by_hand, chunk_written, literal, written
from schemas.vocabulary import WeightForm
from tests.reading_weights import READERS, merged

quick = settings(max_examples=60, deadline=None)
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
    st.sampled_from(
        ["Radha (young)", "(a:9)", "[x]", "))((", "a\\b", "C++ half-", "BREAK AND", "<lora:x:1>", "embedding:y", "4:3"]
    ),
)
PIECES = st.lists(st.builds(Piece, TEXT, st.sampled_from([1.0, 1.2, 0.8, 1.44])), min_size=1, max_size=5)
#: Words that a form says in other words, as both sides of a comparison have them.
SAID = {
    WeightForm.COMPEL: lambda text: re.sub(r"[=\"'+\u2013/\\-]|plus|equals", "", text),
    WeightForm.A1111: str.lower,
}


def bare(text: str, form: WeightForm) -> str:
    return "".join(SAID.get(form, str)(text).split())


@pytest.mark.parametrize("form", [form for form in WeightForm if form is not WeightForm.NONE])
@given(pieces=PIECES)
@quick
def test_a_chunk_is_read_back_as_it_was_meant(form: WeightForm, pieces: list[Piece]) -> None:
    apart = [Piece(f"{piece.text.strip()}, ", piece.weight) for piece in pieces]
    (read,) = READERS[form](chunk_written(apart, form))
    meant = merged([(bare(piece.text, form), piece.weight) for piece in apart])
    assert merged([(bare(text, form), weight) for text, weight in read]) == meant


@pytest.mark.parametrize("form", list(WeightForm))
@given(text=TEXT)
@quick
def test_no_text_of_people_is_a_weight(form: WeightForm, text: str) -> None:
    (read,) = READERS[form](literal(text, form))
    assert {weight for _, weight in read} <= {1.0}
    assert bare("".join(words for words, _ in read), form) == bare(text, form)


@given(chunks=st.lists(PIECES, min_size=1, max_size=3))
@quick
def test_chunks_stay_apart_where_a_form_has_a_mark_for_that(chunks: list[list[Piece]]) -> None:
    apart = [[Piece(f"x{piece.text}x", piece.weight) for piece in chunk] for chunk in chunks]
    assert len(READERS[WeightForm.A1111](written(apart, WeightForm.A1111))) == len(chunks)


@given(pieces=PIECES)
@quick
def test_emphasis_by_hand_is_read_as_a1111_reads_it(pieces: list[Piece]) -> None:
    text = chunk_written([Piece(f"{piece.text}, ", piece.weight) for piece in pieces], WeightForm.A1111)
    (meant,) = READERS[WeightForm.A1111](text)
    assert merged([(piece.text, piece.weight) for piece in by_hand(text)]) == merged(meant)
