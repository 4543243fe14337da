"""The artist's desk: a scene in, a PNG out."""

from collections.abc import Sequence
from typing import NamedTuple

from services.generation.providers.previz.air import draw_air, draw_blinds, draw_motes, draw_shafts
from services.generation.providers.previz.backend import Backend, NoBackendError, available_backend
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.cast import actors_of
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.display_list import DisplayList
from services.generation.providers.previz.encoding import png
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.finishing import finish
from services.generation.providers.previz.foreground import draw_foreground
from services.generation.providers.previz.ground import draw_ground
from services.generation.providers.previz.guides import (
    GuidePasses,
    depth_pass,
    lineart_pass,
    mask_pass,
    pose_pass,
)
from services.generation.providers.previz.light import Light, in_black_and_white, light_of
from services.generation.providers.previz.places.catalogue import layout_of
from services.generation.providers.previz.places.layout import Layout
from services.generation.providers.previz.scene import PrevizScene
from services.generation.providers.previz.scenery import Set
from services.generation.providers.previz.sky import draw_sky
from services.generation.providers.previz.staging import Stage, head_box, stage
from services.generation.providers.previz.still import draw_still
from services.generation.providers.previz.style import LOOKS, Look
from services.generation.providers.previz.vocabulary import SIZES

__all__ = ["Backend", "GuidePasses", "NoBackendError", "available_backend", "compose", "guide_passes", "render"]


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
    return png(finish((backend or available_backend()).rasterise(drawing), drawing))


def guide_passes(scene: PrevizScene, *, backend: Backend | None = None) -> GuidePasses:
    """Return depth, pose, line art and a mask per character, each registered to the frame.

    Args:
        scene: the same that was rendered.
        backend: what to paint with; None takes the best that is here.

    Raises:
        NoBackendError: no painting library loads.
    """
    brush = backend or available_backend()
    frame = composed(scene)
    depths = [frame.stage.camera.depth(p.bones["chest"]) for p in frame.stage.people]
    nearest = max(0.3, min([d for d in depths if d > 0.0], default=3.0) * 0.85)

    def painted(drawing: DisplayList, *, antialias: bool = True) -> bytes:
        return png(brush.rasterise(drawing, antialias=antialias))

    return GuidePasses(
        depth=painted(depth_pass(frame.drawing, nearest)),
        pose=painted(pose_pass(frame.drawing, frame.stage.camera, frame.stage.people)),
        lineart=painted(lineart_pass(frame.drawing)),
        masks={p.actor.id: painted(mask_pass(frame.drawing, p.actor.id), antialias=False) for p in frame.stage.people},
    )


class Frame(NamedTuple):
    """A drawing with the camera and the people that it shows."""

    drawing: DisplayList
    stage: Stage


def compose(scene: PrevizScene) -> DisplayList:
    """Return the drawing of a scene as a display list: pure, deterministic."""
    return composed(scene).drawing


def blocked(scene: PrevizScene) -> Stage:
    """Return the camera and everyone in place, without drawing them."""
    scene = scene.normalised()
    return stage(scene, actors_of(scene), layout_of(scene.location))


def composed(scene: PrevizScene) -> Frame:
    """Return the drawing of a scene and how it is staged: pure, deterministic."""
    scene = scene.normalised()
    layout = layout_of(scene.location)
    look = LOOKS[scene.style]
    staged = blocked(scene)
    light = light_of(
        scene.time_of_day,
        scene.weather,
        scene.lighting,
        scene.season,
        sun_yaw=layout.sun_yaw,
        camera_yaw=staged.camera.yaw,
        indoors=layout.indoors,
    )
    if scene.style == "noir" and not layout.indoors:
        light = in_black_and_white(light, scene.weather)
    canvas = Canvas(scene.width, scene.height)
    _Painter(canvas, scene, staged, layout, light, look).paint()
    drawing = DisplayList(scene.width, scene.height, scene.seed, tuple(canvas.ops), look.finishes)
    return Frame(drawing, staged)


class _Painter:
    """Paints one frame from the back to the front."""

    def __init__(
        self, canvas: Canvas, scene: PrevizScene, staged: Stage, layout: Layout, light: Light, look: Look
    ) -> None:
        self._canvas = canvas
        self._scene = scene
        self._stage = staged
        self._layout = layout
        self._light = light
        self._look = look
        self._dice = Dice("air", scene.seed, scene.location.id)

    def paint(self) -> None:
        place = Set(self._canvas, self._stage.camera, self._light, self._look, self._layout)
        with self._canvas.group(blur=focus_blur(self._scene, self._look)):
            self._surroundings(place)
        soft = _out_of_focus(self._scene, self._stage.camera, self._stage.people, self._look)
        cabin = bool(self._layout.seats)
        if cabin:
            self._in_the_air()  # it rains outside the windows
        place.among(self._stage.people, soft)
        if cabin:
            return
        self._in_the_air()
        if self._scene.shot_size == "insert" and not self._stage.people:
            draw_still(self._canvas, self._stage.camera, self._light, self._look, self._scene)
        heads = [head_box(self._stage.camera, person) for person in self._stage.people]
        draw_foreground(
            self._canvas,
            self._light,
            self._look,
            self._layout.kit,
            self._scene.composition,
            heads,
            self._dice.fork("front"),
            indoors=self._layout.indoors,
        )

    def _surroundings(self, place: Set) -> None:
        canvas, camera, light, look = self._canvas, self._stage.camera, self._light, self._look
        scene, indoors = self._scene, self._layout.indoors
        if not indoors:
            draw_sky(canvas, camera, light, look, scene.weather, scene.location.id)
        draw_ground(canvas, camera, light, look, self._layout)
        place.behind(self._stage.people)
        sunny = scene.lighting == "golden-hour" or self._layout.kit == "forest"
        strength = 1.0 if scene.lighting == "volumetric" else 0.55 * sunny
        if not indoors and not light.flat:
            draw_shafts(canvas, camera, light, look, strength * light.key_level, self._dice.fork("shafts"))

    def _in_the_air(self) -> None:
        canvas, light, scene = self._canvas, self._light, self._scene
        if not self._layout.indoors:
            draw_motes(canvas, light, scene.season, self._layout.kit, self._dice.fork("motes"))
            # Heat shimmers far off, never across a face.
            near = scene.weather == "heat-haze" and SIZES[scene.shot_size].share > 1.0
            if not near:
                draw_air(canvas, self._stage.camera, light, scene.weather, scene.season, self._dice)
        elif scene.style == "noir" and self._layout.kit != "bar":
            draw_blinds(canvas, 1.0, self._dice.fork("blinds"))


_FOCUS = {"medium": 1.3, "medium-close-up": 2.4, "close-up": 3.6, "extreme-close-up": 5.0, "insert": 4.2}


def focus_blur(scene: PrevizScene, look: Look) -> float:
    """Return how soft the background of a shot is, as a standard deviation in pixels; wide shots are sharp."""
    if look.cel:
        return 0.0
    return _FOCUS.get(scene.shot_size, 0.0) * scene.height / 576.0


def _out_of_focus(scene: PrevizScene, camera: Camera, people: Sequence[Standing], look: Look) -> dict[str, float]:
    """Return a blur for people who stand much nearer to the lens than the lead."""
    if len(people) < 2:
        return {}
    lead = camera.depth(people[0].bones["head"])
    near = 2.2 * scene.height / 576.0 * (0.0 if look.cel else 1.0)
    return {p.actor.id: near for p in people[1:] if camera.depth(p.bones["head"]) < lead * 0.8}
