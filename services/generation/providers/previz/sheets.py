"""Reference pictures: a character's views side by side, a place alone, a thing alone.

A sheet has four panels of one width, from left to right: face from the front, in three-quarter view and in profile,
then the whole figure from the front. Every panel shows the same person in the same clothes and light.
"""

import io
from typing import Final, NamedTuple

from PIL import Image

from services.generation.providers.previz.drawing import render
from services.generation.providers.previz.scene import MIN_SIDE, PrevizLocation, PrevizScene


class Panel(NamedTuple):
    """One view of a sheet."""

    shot_size: str
    facing: str


PANELS: Final = (
    Panel("medium-close-up", "front"),
    Panel("medium-close-up", "three-quarter"),
    Panel("medium-close-up", "profile"),
    Panel("full", "front"),
)
#: A place without landmarks, people or weather of its own: what stands behind a figure on a sheet.
_STUDIO: Final = PrevizLocation(id="studio", location_type="studio", name="studio", description="plain studio backdrop")
#: What a scene of a person or a thing alone has in common.
_NEUTRAL: Final = {
    "frame_role": "single",
    "coverage": "single",
    "angle": "eye-level",
    "movement": "static",
    "composition": "center",
    "lens_mm": None,
    "location": _STUDIO,
    "time_of_day": "noon",
    "weather": "clear",
    "lighting": "natural",
    "mood": "",
    "action": "",
}


def character_panels(scene: PrevizScene) -> tuple[PrevizScene, ...]:
    """The scenes of a sheet's panels, left to right; together as wide as the sheet.

    Args:
        scene: whose first character is shown, of the sheet's size.
    """
    person = scene.characters[0].model_copy(update={"action": "", "expression": "", "props": ()})
    width = max(MIN_SIDE, scene.width // len(PANELS))
    return tuple(
        scene.model_copy(
            update={
                **_NEUTRAL,
                "width": width,
                "characters": (person,),
                "shot_size": panel.shot_size,
                "facing": panel.facing,
            }
        )
        for panel in PANELS
    )


def render_sheet(scene: PrevizScene) -> bytes:
    """A character sheet as PNG of exactly the scene's size; a scene that shows nobody is drawn as it is.

    Raises:
        NoBackendError: no painting library loads.
    """
    if not scene.characters:
        return render(scene)
    sheet = Image.new("RGB", (scene.width, scene.height), "white")
    panels = character_panels(scene)
    for place, panel in enumerate(panels):
        with Image.open(io.BytesIO(render(panel))) as picture:
            left = place * scene.width // len(panels)
            right = (place + 1) * scene.width // len(panels)
            drawn = picture.convert("RGB")
            sheet.paste(drawn if drawn.width == right - left else drawn.resize((right - left, scene.height)), (left, 0))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
