"""The real painter on tiny models with random weights: what is asked for reaches the network, and nothing else does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from services.generation.providers.diffusers.orders import Failed, Forgotten, Painted, Picture, Shrunk, Start, Where

_NEEDS = "torch and diffusers are not installed: make test-diffusers makes an environment with them"
torch = pytest.importorskip("torch", reason=_NEEDS, exc_type=ImportError)
stage = pytest.importorskip("tests.local_models.studio_floor", reason=_NEEDS, exc_type=ImportError)

pytestmark = [
    pytest.mark.timeout(900),
    # The libraries warn of each other.
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
#: Rounding: a batch's sums are taken in another order.
ROUNDING = 2
#: What another seed, adapter or reference makes of a picture at least.
MUCH = 8
order, flat, side, apart, SIZE = (getattr(stage, name) for name in ("order", "flat", "side", "apart", "SIZE"))


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return stage.floor(tmp_path_factory.mktemp("models"), hot_adapters=3, batch_adapters=3)


@contextmanager
def watched(network: Any, seen: list[dict[str, Any]]) -> Iterator[None]:
    """What a network is called with."""

    def look(_network: Any, _given: Any, named: dict[str, Any]) -> None:
        seen.append(named)

    handle = network.register_forward_pre_hook(look, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def rich(floor: Any, name: str, seed: int = 7) -> Any:
    """An order with an adapter and a reference for each of two people."""
    return order(
        name,
        seed=seed,
        prompt="two people, (rain:1.3)",
        adapters=(floor.adapter("mira", "mira", 0.7), floor.adapter("otto", "otto")),
        pictures=(Picture(flat("red"), 0.8, Where.OWNER, "mira"), Picture(flat("blue"), 0.6, Where.OWNER, "otto")),
    )


def test_an_image_is_the_same_whoever_is_painted_beside_it(floor: Any) -> None:
    plain = order("plain", seed=1)
    alone = floor.paint(plain) | floor.paint(rich(floor, "rich"))
    others = (order("other", seed=3, prompt="a dog"), rich(floor, "rich two", seed=9))
    together = floor.paint(others[0], rich(floor, "rich"), others[1], plain)
    assert [told.facts["batch"] for told in floor.heard(Painted)] == [4] * 4
    assert apart(alone["plain"], together["plain"]) <= ROUNDING
    assert apart(alone["rich"], together["rich"]) <= ROUNDING
    assert apart(together["rich"], together["rich two"]) > MUCH


def test_the_same_order_gives_the_same_image_and_another_seed_another(floor: Any) -> None:
    first, second = floor.paint(order("a"))["a"], floor.paint(order("a"))["a"]
    assert apart(first, second) == 0
    assert apart(first, floor.paint(order("a", seed=8))["a"]) > MUCH


@pytest.mark.parametrize("size", [(128, 64), (64, 128), (72, 64)])
def test_the_size_is_exact(floor: Any, size: tuple[int, int]) -> None:
    painted = floor.paint(order("a", made=size, wanted=size, masks={}))["a"]
    assert painted.shape == (size[1], size[0], 3)


def test_each_adapter_works_in_its_characters_part_of_the_frame_and_in_its_own_images_alone(floor: Any) -> None:
    mira, otto = floor.adapter("mira", "mira"), floor.adapter("otto", "otto")
    floor.paint(order("load", adapters=(mira, otto)))
    products: dict[str, list[Any]] = {"mira": [], "otto": []}
    handles = []
    shelf = {name: f"ice_{adapter.sha256[:24]}" for name, adapter in (("mira", mira), ("otto", otto))}
    layer = floor.model().pipeline.unet.down_blocks[1].attentions[0].transformer_blocks[0].attn1.to_out[0]
    for name, slot in shelf.items():
        handle = layer.lora_B[slot].register_forward_hook(lambda _l, _g, made, name=name: products[name].append(made))
        handles.append(handle)
    floor.paint(order("both", adapters=(mira, otto)), order("mira alone", adapters=(mira,)), order("none"))
    for handle in handles:
        handle.remove()
    for name, makes in products.items():
        assert makes, "the layer was used"
        for made in makes:
            # Each image twice, without and with its prompt; 8 × 16 cells, halved once by this layer.
            strength = made.abs().amax(dim=-1).view(2, 3, 4, 8).amax(dim=(0, 2))
            left, right = strength[:, :2].amax(dim=1), strength[:, -2:].amax(dim=1)
            own, foreign = (left, right) if name == "mira" else (right, left)
            assert own[0] > 0
            assert foreign.max() == 0
            assert (own[1] > 0) == (name == "mira")
            assert strength[2].max() == 0


def test_an_adapters_strength_counts_and_zero_is_none(floor: Any) -> None:
    without = floor.paint(order("a"))["a"]
    weak = floor.paint(order("a", adapters=(floor.adapter("mira", None, 0.1),)))["a"]
    strong = floor.paint(order("a", adapters=(floor.adapter("mira", None, 1.0),)))["a"]
    none = floor.paint(order("a", adapters=(floor.adapter("mira", None, 0.0),)))["a"]
    assert apart(without, none) <= ROUNDING
    assert 0 < np.abs(without - weak).mean() < np.abs(without - strong).mean()


def test_an_adapter_that_changes_how_words_are_read_does_so(floor: Any) -> None:
    reading, other = floor.adapter("reads"), floor.adapter("mira")
    floor.paint(order("a", adapters=(reading,)))
    encoder = floor.model().pipeline.text_encoder
    assert any("lora_B" in name for name, _ in encoder.named_modules())
    with_it = floor.painter._prepared(order("a", adapters=(reading,))).words.prompt
    without = floor.painter._prepared(order("a", adapters=(other,))).words.prompt
    assert (with_it - without).abs().max() > 0
    assert (without - floor.painter._prepared(order("a")).words.prompt).abs().max() == 0


def test_each_reference_is_heard_in_its_characters_part_of_the_frame(floor: Any) -> None:
    seen: list[dict[str, Any]] = []
    with watched(floor.model().pipeline.unet, seen):
        floor.paint(rich(floor, "rich"), order("none"))
    (masks,) = seen[0]["cross_attention_kwargs"]["ip_adapter_masks"]
    (looks,) = seen[0]["added_cond_kwargs"]["image_embeds"]
    assert tuple(masks.shape) == (4, 2, 8, 16)
    told = masks[2]
    red, blue = told[0], told[1]
    assert (float(red[:, 1:5].max()), float(blue[:, 11:15].max())) == pytest.approx((0.8, 0.6), abs=1e-5)
    assert red[:, 10:].max() == 0
    assert blue[:, :6].max() == 0
    assert masks[3].abs().max() == 0, "the other image has none"
    assert torch.equal(masks[:2], masks[2:])
    mira = floor.painter._looks["sdxl"].of(Picture(flat("red"), 1.0))
    otto = floor.painter._looks["sdxl"].of(Picture(flat("blue"), 1.0))
    assert torch.equal(looks[2], torch.stack([mira, otto]))
    assert not torch.equal(mira, otto)
    assert looks[0].abs().max() == 0, "without its prompt an image is shown nothing"


@pytest.mark.parametrize("model", ["sdxl", "sd15"])
def test_a_reference_changes_the_picture_and_one_of_no_strength_does_not(floor: Any, model: str) -> None:
    without = floor.paint(order("a", model=model))["a"]
    red = floor.paint(order("a", model=model, pictures=(Picture(flat("red"), 0.9),)))["a"]
    none = floor.paint(order("a", model=model, pictures=(Picture(flat("red"), 0.0),)))["a"]
    assert apart(without, red) > 0
    assert apart(without, none) == 0


def test_what_saves_memory_leaves_the_picture_and_its_references(floor: Any) -> None:
    def painter(**changes: Any) -> Any:
        given = floor.painter._settings
        given = given.model_copy(update={"models": {"sdxl": given.models["sdxl"]}, **changes})
        made = stage.Floor(floor.folder, stage.Painter(given, floor.told.append), floor.told)
        made.painter.load()
        return made

    red = order("red", pictures=(Picture(flat("red"), 0.9),), adapters=(floor.adapter("mira", "mira"),))
    plain = floor.paint(order("a"), red)
    saving = painter(attention_slicing=True)
    kinds = {type(layer).__name__ for layer in saving.model().pipeline.unet.attn_processors.values()}
    assert kinds == {"SlicedAttnProcessor", "IPAdapterAttnProcessor2_0"}
    saved = saving.paint(order("a"), red)
    assert apart(plain["a"], saved["a"]) <= ROUNDING
    assert apart(plain["red"], saved["red"]) <= ROUNDING
    # Tiles are normalised each by itself, so a decoder of random weights gives others.
    half = painter(precision="bf16", vae_tiling=True).paint(order("a"), red)
    assert [told.facts["precision"] for told in floor.heard(Painted)] == ["bfloat16"] * 2
    assert apart(half["a"], plain["a"]) > 0
    assert apart(half["a"], half["red"]) > 0


def test_guides_reach_their_own_control_models(floor: Any) -> None:
    asked = order("a", guides={"pose": flat("white"), "depth": flat("black")})
    seen: dict[str, list[dict[str, Any]]] = {"pose": [], "depth": []}
    networks = floor.model()._guides
    with watched(networks["pose"], seen["pose"]), watched(networks["depth"], seen["depth"]):
        guided = floor.paint(asked)["a"]
    assert {kind: float(each[0]["controlnet_cond"].mean()) for kind, each in seen.items()} == {
        "pose": 1.0,
        "depth": 0.0,
    }
    assert apart(guided, floor.paint(order("a"))["a"]) > 0
    assert floor.paint(order("a", model="sd15", guides={"pose": flat("white")})) == {}
    (failed,) = floor.heard(Failed)
    assert failed.invalid
    assert "guides: pose, allowed by sd15: none" in failed.reason


@pytest.mark.parametrize("guides", [{}, {"depth": flat("gray")}], ids=["plain", "guided"])
@pytest.mark.parametrize("repaint", [None, side(left=True)], ids=["whole", "part"])
def test_an_image_can_begin_with_another(floor: Any, guides: dict[str, bytes], repaint: bytes | None) -> None:
    def begun(colour: str) -> Any:
        start = Start(flat(colour), 0.5, repaint)
        return floor.paint(
            order("a", steps=3, start=start, guides=guides), order("b", steps=3, start=start, guides=guides)
        )

    green = begun("green")
    assert floor.steps == [1, 2, 3], "as many steps as were asked, however far it leaves the beginning"
    assert green["a"].shape == (SIZE[1], SIZE[0], 3)
    assert apart(green["a"], green["b"]) <= ROUNDING
    assert apart(green["a"], begun("yellow")["a"]) > 0


@pytest.mark.parametrize("model", ["sdxl", "sd15"])
def test_words_beyond_clips_window_are_read_and_weights_count(floor: Any, model: str) -> None:
    tail = "x" * 100
    short, long = (
        floor.paint(order("a", model=model))["a"],
        floor.paint(order("a", model=model, prompt=f"two {tail}y"))["a"],
    )
    (told,) = floor.heard(Painted)
    assert told.facts["prompt_windows"] == 2
    assert apart(long, floor.paint(order("a", model=model, prompt=f"two {tail}z"))["a"]) > 0
    stressed = floor.paint(order("a", model=model, prompt="two people, (rain:1.5)"))["a"]
    assert apart(short, stressed) > 0
    assert apart(short, floor.paint(order("a", model=model, prompt="two people, (rain:1.0)"))["a"]) == 0


def test_prompts_of_other_lengths_are_painted_in_batches_of_their_own(floor: Any) -> None:
    painted = floor.paint(order("short"), order("long", prompt="x" * 100), order("short too"))
    assert sorted(painted) == ["long", "short", "short too"]
    assert {told.order_id: told.facts["batch"] for told in floor.heard(Painted)} == {
        "short": 2,
        "short too": 2,
        "long": 1,
    }


def test_a_textual_inversion_stands_for_its_trigger_words(floor: Any) -> None:
    word = floor.adapter("word", "mira", 1.0, "mira")
    without = floor.paint(order("a", prompt="mira, rain"))["a"]
    with_it = floor.paint(order("a", prompt="mira, rain", adapters=(word,)))["a"]
    assert apart(without, with_it) > 0
    shelf = floor.model().shelf
    assert shelf.worded("mira, admiral, rain", (word,)) == f"<ice{word.sha256[:16]}>, admiral, rain"
    assert shelf.worded("rain", (word,)) == f"rain, <ice{word.sha256[:16]}>"
    assert apart(without, floor.paint(order("a", prompt="mira, rain"))["a"]) == 0, "others' words stay as they were"


def test_what_isnt_wanted_any_more_stops_at_the_next_step(floor: Any) -> None:
    wanted = iter([True, True, False])
    assert floor.paint(order("a", steps=8), wanted=lambda _: next(wanted, False)) == {}
    assert floor.heard(Forgotten) == [Forgotten("a", 2)]
    assert floor.steps == [1, 2]


def test_one_image_of_a_batch_can_be_given_up(floor: Any) -> None:
    unwanted: set[str] = set()

    def wanted(order_id: str) -> bool:
        if floor.steps:
            unwanted.add("b")
        return order_id not in unwanted

    assert list(floor.paint(order("a"), order("b"), wanted=wanted)) == ["a"]
    assert floor.heard(Forgotten) == [Forgotten("b", 2)]


@contextmanager
def memory_for(floor: Any, images: int) -> Iterator[None]:
    """The network runs out of memory for more images than these."""

    def refuse(_network: Any, given: Any, _named: Any) -> None:
        if given[0].shape[0] > 2 * images:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    handle = floor.model().pipeline.unet.register_forward_pre_hook(refuse, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def test_when_memory_runs_out_the_batch_is_painted_in_halves(floor: Any) -> None:
    alone = floor.paint(order("a", seed=1))["a"]
    orders = [order(name, seed=seed) for seed, name in enumerate("abcd", start=1)]
    with memory_for(floor, 1):
        painted = floor.paint(*orders)
    assert sorted(painted) == list("abcd")
    assert [told.most for told in floor.heard(Shrunk)] == [2, 1, 1]
    assert {told.key for told in floor.heard(Shrunk)} == {orders[0].key}
    assert apart(alone, painted["a"]) <= ROUNDING


def test_one_image_that_doesnt_fit_fails_and_says_what_helps(floor: Any) -> None:
    with memory_for(floor, 0):
        assert floor.paint(order("a")) == {}
    (failed,) = floor.heard(Failed)
    assert failed.invalid
    assert "out of memory at 128x64, even alone; ICE_DIFFUSERS_ATTENTION_SLICING" in failed.reason
    assert list(floor.paint(order("a"))) == ["a"], "the next one finds the painter well"


def test_adapters_stay_loaded_and_the_longest_unused_goes_first(floor: Any) -> None:
    shelf, folder = floor.model().shelf, floor.folder
    names = [f"hot{number}" for number in range(4)]
    for number, name in enumerate(names):
        stage.tiny.lora(folder / f"{name}.safetensors", folder / "sdxl", 40 + number)
    slots = {name: f"ice_{floor.adapter(name).sha256[:24]}" for name in names}
    for name in ("hot0", "hot1", "hot2", "hot0", "hot3"):
        floor.paint(order("a", adapters=(floor.adapter(name),)))
    assert shelf.hot == (slots["hot2"], slots["hot0"], slots["hot3"])
    assert set(floor.model().pipeline.unet.peft_config) == set(shelf.hot)
    first = floor.paint(order("a", adapters=(floor.adapter("hot1"),)))["a"]
    for name in ("hot0", "hot2", "hot3"):
        floor.paint(order("a", adapters=(floor.adapter(name),)))
    assert apart(first, floor.paint(order("a", adapters=(floor.adapter("hot1"),)))["a"]) == 0, (
        "loaded anew it is the same"
    )


def test_an_adapter_that_doesnt_fit_fails_its_own_image_alone(floor: Any) -> None:
    pickled = floor.folder / "pickled.safetensors"
    pickled.write_bytes(b"\x80\x04 no safetensors")
    stage.tiny.dora(floor.folder / "mira.safetensors", floor.folder / "scales.safetensors")
    wrong = order("wrong", adapters=(floor.adapter("small"),))
    broken = order("broken", adapters=(floor.adapter("pickled"),))
    scaling = order("scaling", adapters=(floor.adapter("scales"),))
    assert list(floor.paint(wrong, broken, scaling, order("right", adapters=(floor.adapter("mira"),)))) == ["right"]
    reasons = {told.order_id: told.reason for told in floor.heard(Failed)}
    assert "adapter small: can't be applied to sdxl" in reasons["wrong"]
    assert "it is a DoRA" in reasons["scaling"]
    assert "no safetensors file" in reasons["broken"]
    assert all(told.invalid for told in floor.heard(Failed))


def test_a_file_that_has_gone_is_told_so_that_it_can_be_fetched_again(floor: Any) -> None:
    stage.tiny.lora(floor.folder / "gone.safetensors", floor.folder / "sdxl", 60)
    gone = floor.adapter("gone")
    (floor.folder / "gone.safetensors").unlink()
    floor.paint(order("a", adapters=(gone,)))
    (failed,) = floor.heard(Failed)
    assert failed.lost_file


def test_a_picture_of_no_numbers_is_a_failure_and_not_black(floor: Any) -> None:
    handle = floor.model().pipeline.vae.decoder.register_forward_hook(lambda _l, _g, made: made * float("nan"))
    assert floor.paint(order("a")) == {}
    handle.remove()
    (failed,) = floor.heard(Failed)
    assert not failed.invalid
    assert "invalid value" in failed.reason


def test_a_reference_that_is_no_image_fails_its_own_image_alone(floor: Any) -> None:
    assert list(floor.paint(order("wrong", pictures=(Picture(b"no image", 1.0),)), order("right"))) == ["right"]
    assert [told.order_id for told in floor.heard(Failed)] == ["wrong"]
