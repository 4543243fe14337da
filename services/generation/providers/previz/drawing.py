"""The artist's desk: a scene in, a PNG out."""

import io

from PIL import Image

from services.generation.providers.previz.backend import Backend, NoBackendError, available_backend
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.cast import actors_of
from services.generation.providers.previz.display_list import DisplayList
from services.generation.providers.previz.finishing import finish
from services.generation.providers.previz.ground import draw_ground
from services.generation.providers.previz.light import light_of
from services.generation.providers.previz.places.catalogue import layout_of
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.scenery import Set
from services.generation.providers.previz.sky import draw_sky
from services.generation.providers.previz.staging import stage
from services.generation.providers.previz.style import LOOKS

__all__ = ["Backend", "NoBackendError", "available_backend", "compose", "render"]

_HUFFMAN_ONLY = 2  # zlib strategy: half the time of matching, and smaller, on grain


def render(scene: PrevizScene, *, backend: Backend | None = None) -> bytes:
    """Return a storyboard frame as PNG, exactly scene.width x scene.height, sRGB, without text.

    The same scene gives the same drawing. CPU-bound: call it in a pool of processes.

    Args:
        scene: what to draw.
        backend: what to paint with; None takes the best that is here.

    Raises:
        NoBackendError: no painting library loads.
    """
    drawing = compose(scene)
    pixels = finish((backend or available_backend()).rasterise(drawing), drawing)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_type=_HUFFMAN_ONLY)
    return out.getvalue()


def compose(scene: PrevizScene) -> DisplayList:
    """Return the drawing of a scene as a display list: pure, deterministic."""
    scene = scene.normalised()
    layout = layout_of(scene.location)
    look = LOOKS[scene.style]
    actors = actors_of(scene)
    staged = stage(scene, actors, layout)
    camera = staged.camera
    light = light_of(
        scene.time_of_day,
        scene.weather,
        scene.lighting,
        sun_yaw=layout.sun_yaw,
        camera_yaw=camera.yaw,
        indoors=layout.indoors,
    )
    canvas = Canvas(scene.width, scene.height)
    draw_sky(canvas, camera, light, look, scene.weather, scene.location.id)
    draw_ground(canvas, camera, light, look, layout)
    Set(canvas, camera, light, look, layout).draw(staged.people)
    return DisplayList(scene.width, scene.height, scene.seed, tuple(canvas.ops), look.finishes)
