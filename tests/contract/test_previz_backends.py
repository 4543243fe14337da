"""Both painting backends paint the same display list to the same picture."""

import importlib

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from services.generation.providers.previz.backend import Backend, NoBackendError, Pixels, available_backend
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.display_list import (
    Blend,
    DisplayList,
    Linear,
    Radial,
    Stop,
    ellipse,
    polygon,
    rectangle,
    spline,
)
from services.generation.providers.previz.drawing import compose, render
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene
from services.generation.providers.previz.svg_backend import ResvgBackend, to_svg


def _backends() -> list[Backend]:
    """Every backend that loads here: Skia needs libGL and libEGL, which slim machines lack."""
    try:
        skia = importlib.import_module("services.generation.providers.previz.skia_backend")
    except ImportError:
        return [ResvgBackend()]
    return [skia.SkiaBackend(), ResvgBackend()]


BACKENDS = _backends()
both = pytest.mark.skipif(len(BACKENDS) < 2, reason="Skia does not load: libGL.so.1 or libEGL.so.1 is missing")
RED, BLUE, GREY = (200.0, 30.0, 30.0), (20.0, 40.0, 220.0), (90.0, 90.0, 90.0)


def _everything() -> DisplayList:
    canvas = Canvas(160, 120)
    canvas.body(rectangle(0, 0, 160, 120), Linear((0, 0), (0, 120), (Stop(0, BLUE), Stop(1, GREY))))
    canvas.body(ellipse(50, 50, 30, 20), RED)
    canvas.tint(spline([(90, 20), (140, 40), (100, 90)]), (255.0, 255.0, 255.0), 0.5, blend=Blend.SCREEN)
    glow = Radial((120, 90), 30, (Stop(0, (255.0, 220.0, 120.0), 0.9), Stop(1, (255.0, 220.0, 120.0), 0.0)))
    canvas.tint(ellipse(120, 90, 30, 30), glow, blend=Blend.SCREEN)
    with canvas.group(ellipse(40, 90, 25, 25), without=rectangle(40, 60, 80, 120)):
        canvas.tint(rectangle(0, 60, 80, 120), RED, 0.8, blend=Blend.MULTIPLY)
    with canvas.group(opacity=0.6, blur=2.0):
        canvas.body(polygon([(10, 10), (40, 12), (22, 36)]), (240.0, 240.0, 60.0))
    canvas.line(spline([(5, 110), (60, 100), (155, 112)], closed=False), (10.0, 10.0, 10.0), 3.0, 0.9)
    return DisplayList(160, 120, 1, tuple(canvas.ops))


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.name)
def test_a_backend_paints_exactly_the_asked_size_in_rgb(backend: Backend) -> None:
    pixels = backend.rasterise(_everything())
    assert pixels.shape == (120, 160, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda b: b.name)
def test_a_backend_paints_the_same_pixels_again(backend: Backend) -> None:
    assert (backend.rasterise(_everything()) == backend.rasterise(_everything())).all()


@both
def test_every_kind_of_mark_looks_the_same_in_both() -> None:
    a, b = (backend.rasterise(_everything()).astype(int) for backend in BACKENDS)
    assert np.abs(a - b).mean() < 2.0
    assert np.percentile(np.abs(a - b).max(axis=2), 97) < 24


@both
@pytest.mark.parametrize(("place", "style"), [("street", "cinematic"), ("forest", "anime"), ("bar", "comic")])
def test_a_whole_frame_looks_the_same_in_both(place: str, style: str) -> None:
    person = PrevizCharacter(id="a", seed=1, garments=("red coat", "navy trousers"), accessories=("fedora",))
    scene = PrevizScene(
        width=320, height=180, style=style, shot_size="medium-wide", weather="rain", time_of_day="dusk",
        characters=(person,), location=PrevizLocation(id=place, seed=2, name=place),
    )  # fmt: skip
    drawing = compose(scene)
    a, b = (_small(backend.rasterise(drawing)) for backend in BACKENDS)
    assert np.abs(a - b).mean() < 5.0


def _small(pixels: Pixels) -> npt.NDArray[np.float64]:
    return np.asarray(Image.fromarray(pixels).resize((64, 36), Image.Resampling.BOX), np.float64)


def test_an_svg_holds_no_text() -> None:
    svg = to_svg(_everything())
    assert "<text" not in svg
    assert "<image" not in svg


@both
def test_skia_is_taken_first_and_resvg_when_its_libraries_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert available_backend().name == "skia"
    whole = importlib.import_module

    def without_skia(name: str) -> object:
        if name.endswith("skia_backend"):
            raise ImportError("libGL.so.1: cannot open shared object file")
        return whole(name)

    monkeypatch.setattr(importlib, "import_module", without_skia)
    assert available_backend().name == "resvg"
    assert render(PrevizScene(width=64, height=64))[:4] == b"\x89PNG"


def test_with_neither_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> object:
        raise ImportError(f"{name}: libEGL.so.1 is missing")

    monkeypatch.setattr(importlib, "import_module", nothing)
    with pytest.raises(NoBackendError, match=r"libEGL\.so\.1.*Install skia-python.*libgl1.*resvg-py"):
        available_backend()
