"""The README's planner and video engine work as printed."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.bible import CharacterDefined, LocationDefined
from tests import builders
from tests.fixtures.engine import Engine

pytestmark = [pytest.mark.integration, pytest.mark.e2e]

README = Path(__file__).resolve().parents[2] / "README.md"
MOST_LINES = 20


def code(name: str) -> str:
    found = re.search(rf"<!-- code:{name} -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found, f"README.md has no code block {name!r}"
    return found[1]


def names(source: str) -> dict[str, Any]:
    defined: dict[str, Any] = {}
    exec(compile(source, "README.md", "exec"), defined)  # noqa: S102 - our own README
    return defined


@pytest.mark.parametrize("name", ["planner", "video-engine"])
def test_the_examples_are_short(name: str) -> None:
    lines = [line for line in code(name).splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) <= MOST_LINES


async def test_the_planner_of_the_readme_gets_a_keyframe_that_its_video_engine_reads(engine: Engine) -> None:
    prefix, bootstrap = engine.settings.kafka_topic_prefix, engine.settings.kafka_bootstrap
    await engine.publish(
        [
            CharacterDefined(project_id="readme", character=builders.RADHA),
            LocationDefined(project_id="readme", location=builders.FOREST),
        ]
    )
    shot = {
        "shot_id": "sh010",
        "scene_id": "sc1",
        "description": "Radha waits under the banyan",
        "cast": ["radha"],
        "location_id": "vrindavan-forest",
    }
    await names(code("planner"))["plan"](
        bootstrap, {"project_id": "readme", "title": "My film"}, shot, topic=f"{prefix}shot.planned.v1"
    )
    keyframes = names(code("video-engine"))["keyframes"](
        bootstrap, group=f"{prefix}video-engine", topic=f"{prefix}keyframe.ready.v1"
    )
    async with asyncio.timeout(150):
        keyframe = await anext(keyframes)
    await keyframes.aclose()
    assert (keyframe["shot"]["project_id"], keyframe["shot"]["shot_id"]) == ("readme", "sh010")
    assert keyframe["asset"]["uri"].startswith("s3://")
