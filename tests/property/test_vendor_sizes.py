"""The size that a model is asked for: always one that it makes, and never far from the wanted one."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.generation.providers.openai import MODELS
from services.generation.providers.sizes import RatioList, SizeList, SizeRange, kept

SIDES = st.integers(min_value=64, max_value=8192)
GPT = MODELS["gpt-image-2.6-sunburst"].sizes
PAIRS = SizeList(((1024, 1024), (1344, 768), (768, 1344), (1536, 640), (640, 1536)))
RATIOS = RatioList((("1:1", (1024, 1024)), ("16:9", (1344, 768)), ("9:16", (768, 1344))))


@given(SIDES, SIDES)
def test_a_range_answers_with_a_size_that_it_makes(width: int, height: int) -> None:
    assert isinstance(GPT, SizeRange)
    assert GPT.makes(*GPT.nearest(width, height))


@given(SIDES, SIDES)
def test_little_is_cropped_where_the_ratio_is_allowed(width: int, height: int) -> None:
    made = GPT.nearest(width, height)
    if max(width, height) <= 2.9 * min(width, height):
        assert kept(made, (width, height)) > 0.97


@given(st.integers(16, 240), st.integers(16, 240))
def test_a_size_that_the_model_makes_is_asked_for_itself(across: int, down: int) -> None:
    assert isinstance(GPT, SizeRange)
    size = (across * 16, down * 16)
    if GPT.makes(*size):
        assert GPT.nearest(*size) == size


@given(SIDES, SIDES)
def test_a_list_answers_with_one_of_its_sizes_and_no_other_is_much_better(width: int, height: int) -> None:
    made = PAIRS.nearest(width, height)
    assert made in PAIRS.pairs
    best = max(kept(pair, (width, height)) for pair in PAIRS.pairs)
    # All of them have about a megapixel, so that pixels can decide next to nothing.
    assert kept(made, (width, height)) >= best - 0.1 * math.log(1024 * 1024 / (1536 * 640)) - 1e-9


@given(SIDES, SIDES)
def test_a_ratio_has_the_name_of_its_size(width: int, height: int) -> None:
    size = RATIOS.nearest(width, height)
    assert dict(RATIOS.by_name)[RATIOS.name(size)] == size


@given(st.integers(64, 4096), st.integers(64, 4096), st.sampled_from([1, 8, 16, 32, 64]))
def test_a_range_of_any_step_finds_a_size(width: int, height: int, step: int) -> None:
    sizes = SizeRange(min_side=64, max_side=2048, step=step, min_pixels=262_144, max_pixels=1_048_576, max_ratio=4)
    assert sizes.makes(*sizes.nearest(width, height))
