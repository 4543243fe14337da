"""Laws of batching, over all arrivals: nobody is lost, doubled, kept waiting or mixed up."""

from hypothesis import given
from hypothesis import strategies as st

from services.generation.providers.diffusers.batching import Batcher, Terms, Ticket
from services.generation.providers.diffusers.prompt_weights import WINDOW, parse, pieces

ARRIVALS = st.lists(
    st.tuples(
        st.floats(0, 10), st.sampled_from("xyz"), st.frozensets(st.sampled_from(["mira", "otto", "nora"]), max_size=3)
    ),
    max_size=25,
)
TERMS = st.builds(Terms, most=st.integers(1, 5), wait_s=st.floats(0, 2), adapters=st.integers(1, 3))


@given(arrivals=ARRIVALS, terms=TERMS, shrunk=st.integers(1, 5))
def test_everybody_is_painted_once_in_time_with_their_like(
    arrivals: list[tuple[float, str, frozenset[str]]], terms: Terms, shrunk: int
) -> None:
    waiting, painted, now = Batcher(terms), list[str](), 0.0
    waiting.shrink("x", shrunk)
    tickets = [Ticket(str(n), key, since, names) for n, (since, key, names) in enumerate(sorted(arrivals))]
    by_id = {ticket.order_id: ticket for ticket in tickets}
    for ticket in [*tickets, None]:
        while (due := waiting.due_at()) is not None and (ticket is None or due <= ticket.since):
            now = max(now, due)
            batch = [by_id[name] for name in waiting.take(now)]
            assert batch, "what is due goes"
            assert len({mate.key for mate in batch}) == 1
            assert len(batch) <= (min(shrunk, terms.most) if batch[0].key == "x" else terms.most)
            together = frozenset().union(*(mate.adapters for mate in batch))
            assert len(together) <= max(terms.adapters, *(len(mate.adapters) for mate in batch))
            assert all(now - mate.since <= terms.wait_s + 1e-9 for mate in batch), (
                "an idle painter keeps nobody waiting"
            )
            assert [mate.since for mate in batch] == sorted(mate.since for mate in batch)
            painted += [mate.order_id for mate in batch]
        if ticket is not None:
            now = max(now, ticket.since)
            waiting.add(ticket)
    assert sorted(painted) == sorted(by_id)
    assert len(waiting) == 0


@given(tokens=st.lists(st.integers(0, 9), max_size=400))
def test_parting_loses_no_token_and_fills_no_window_beyond_its_end(tokens: list[int]) -> None:
    weights = [number / 10 for number in tokens]
    found = pieces(tokens, weights, comma=0)
    assert [token for piece in found for token in piece.tokens] == tokens
    assert [weight for piece in found for weight in piece.weights] == weights
    assert all(len(piece.tokens) <= WINDOW for piece in found)


@given(prompt=st.text(alphabet="ab ()[]:\\.12,", max_size=60))
def test_any_prompt_can_be_read_and_keeps_its_letters(prompt: str) -> None:
    found = parse(prompt)
    assert all(0 <= item.weight <= 3 for item in found)
    assert sorted("".join(item.text for item in found).replace(" ", "")).count("a") == prompt.count("a")
