"""From a job of the engine to an order: whose each adapter and reference is, and what is left out."""

from pathlib import Path
from typing import Any

import pytest

from schemas.bible import Lora
from schemas.generation import ReferenceUse
from services.generation.providers import fitting
from services.generation.providers.base import ImageJob
from services.generation.providers.diffusers import asking
from services.generation.providers.diffusers.asking import Material
from services.generation.providers.diffusers.diffusers_settings import LocalModel
from services.generation.providers.diffusers.orders import Order, Picture, Start, Where
from services.generation.providers.vendor import Reference
from tests.fakes.requests import a_character, a_request, a_run

BARE = LocalModel(path=Path("/models/sdxl"))
FULL = BARE.model_copy(
    update={"ip_adapter": Path("ip.safetensors"), "controlnets": {"pose": Path("p"), "depth": Path("d")}}
)


def filed(name: str, **changes: Any) -> Lora:
    sha256 = (name.encode().hex() + "0" * 64)[:64]
    return Lora(
        lora_id=name, uri=f"s3://ice/adapters/{sha256}.safetensors", sha256=sha256, base_model="sdxl", **changes
    )


RADHA = a_character("radha", loras=(filed("radha-xl", trigger_words=("radhaxl",)), filed("festival")))
KRISHNA = a_character("krishna", loras=(filed("krishna-xl", scale=0.5), filed("festival")))


def job(**changes: Any) -> ImageJob:
    values = {"cast": (RADHA, KRISHNA), "width": 1280, "height": 720, "seed_to_send": 5, **changes}
    return ImageJob.from_request(a_request(**values))


def ordered(asked: ImageJob, model: LocalModel = FULL, **material: Any) -> Order:
    traits = asking.traits_of(model, "sdxl")
    parts = asking.split(asked)
    fitted = fitting.fitted(parts.job, traits, ())
    files = {lora.sha256 or "": Path(lora.lora_id) for lora in fitted.loras}
    return asking.order_of("a", asked, fitted, model, Material(files=files, **material))


def shown(role: str, entity_id: str | None = None, strength: float | None = None) -> Reference:
    return Reference(f"{role} {entity_id}".encode(), "image/png", 8, 8, role, entity_id, strength)


def test_each_adapter_is_its_characters_and_a_shared_one_is_everybodys() -> None:
    loras = (*RADHA.loras, *KRISHNA.loras[:1], filed("style"))
    made = {adapter.name: adapter for adapter in ordered(job(loras=loras)).adapters}
    assert {name: adapter.owner for name, adapter in made.items()} == {
        "radha-xl": "radha", "krishna-xl": "krishna", "festival": None, "style": None,
    }  # fmt: skip
    assert made["krishna-xl"].scale == 0.5
    assert made["radha-xl"].trigger_words == ("radhaxl",)


def test_each_reference_speaks_about_its_own_part_of_the_frame() -> None:
    references = (
        shown("character", "radha", 0.9),
        shown("location", "ghat"),
        shown("continuity"),
        shown("prop", "lamp"),
    )
    pictures = ordered(job(), references=references).pictures
    assert pictures == (
        Picture(b"character radha", 0.9, Where.OWNER, "radha"),
        Picture(b"location ghat", 0.5, Where.AROUND),
        Picture(b"continuity None", 0.35, Where.EVERYWHERE),
        Picture(b"prop lamp", 0.25, Where.EVERYWHERE),
    )


def test_the_nearest_trained_size_is_painted_and_the_wanted_one_kept_in_mind() -> None:
    made = ordered(job())
    assert (made.made, made.wanted, made.seed) == ((1344, 768), (1280, 720), 5)
    assert (made.steps, made.cfg_scale) == (30, 6.0)
    own = ordered(job(steps=12, cfg_scale=3.5), FULL.model_copy(update={"sizes": ((640, 360),)}))
    assert (own.made, own.steps, own.cfg_scale) == ((640, 360), 12, 3.5)


def test_an_image_to_begin_with_is_no_reference() -> None:
    uses = (
        ReferenceUse(uri="s3://ice/a.png", role="init", strength=0.75),
        ReferenceUse(uri="s3://ice/m.png", role="mask"),
        ReferenceUse(uri="s3://ice/r.png", role="character", entity_id="radha"),
    )
    parts = asking.split(job(references=uses))
    assert [use.role for use in parts.job.references] == ["character"]
    assert (parts.start, parts.repaint) == uses[:2]
    assert asking.split(job(references=uses[1:])).repaint is None, "a mask alone means nothing"
    begun = ordered(job(references=uses), start=shown("init", None, 0.75), repaint=shown("mask"))
    assert begun.start == Start(b"init None", 0.25, b"mask None")
    assert ordered(job(), start=shown("init", None, 1.0)).start == Start(b"init None", 0.05)


def test_orders_of_other_seeds_words_and_people_share_a_batch_and_of_other_steps_do_not() -> None:
    one = ordered(job())
    assert one.key == ordered(job(seed_to_send=9, prompt="a dog", loras=RADHA.loras)).key
    assert one.key != ordered(job(steps=12)).key
    assert one.key != ordered(job(width=720, height=1280)).key
    assert one.key != ordered(job(), guides={"pose": b"png"}).key
    assert one.key != ordered(job(), start=shown("init")).key


def test_masks_are_drawn_where_anything_is_a_characters_own() -> None:
    assert asking.wants_masks(job(loras=RADHA.loras))
    assert asking.wants_masks(
        job(references=(ReferenceUse(uri="s3://ice/r.png", role="character", entity_id="radha"),))
    )
    assert not asking.wants_masks(job(loras=(filed("style"),)))


def test_guides_are_drawn_where_the_film_wants_them_and_the_model_reads_them() -> None:
    guided = job(run=a_run(project={"composition": "previz"}))
    assert asking.guide_kinds(guided, FULL) == ("depth", "pose")
    assert asking.guide_kinds(guided, BARE) == ()
    assert asking.guide_kinds(job(), FULL) == ()


def test_what_is_left_out_is_told() -> None:
    loras = (
        Lora(lora_id="vendor-7", base_model="sdxl"),
        filed(
            "old",
        ).model_copy(update={"base_model": "sd15"}),
    )
    uses = (ReferenceUse(uri="s3://ice/r.png", role="character", entity_id="radha"),)
    asked = job(loras=loras, references=uses, run=a_run(project={"composition": "previz"}))
    fitted = fitting.fitted(asking.split(asked).job, asking.traits_of(BARE, "sdxl"), ())
    told = {loss.code: loss.reason for loss in asking.losses(asked, fitted, BARE)}
    assert set(told) == {"lora-dropped", "reference-dropped", "composition-guide-not-supported"}
    reasons = [loss.reason for loss in asking.losses(asked, fitted, BARE) if loss.code == "lora-dropped"]
    assert any("trained for sd15" in reason for reason in reasons)
    assert "the registry has no file of it" in reasons
    assert ordered(asked).adapters == ()


@pytest.mark.parametrize(("family", "size"), [("sdxl", (1024, 1024)), ("sd15", (512, 512))])
def test_each_family_has_its_sizes(family: str, size: tuple[int, int]) -> None:
    assert asking.traits_of(BARE, family).sizes.nearest(800, 800) == size
