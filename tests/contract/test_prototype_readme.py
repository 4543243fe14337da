"""The snippets of the prototype's README run with only their import lines changed."""

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

DOC = Path(__file__).resolve().parents[2] / "docs" / "prototype-api.md"
BASIC, WORKER, SETUP, BATCH = range(4)

#: The prototype's lines, imports left out, as its README has them.
PROTOTYPE = {
    BASIC: """
# Create models
shot = Shot(
    scene_id="scene_001",
    shot_number=1,
    shot_type="close-up",
    description="Character walking through forest",
    style="cinematic",
    lighting="golden-hour",
    mood="peaceful"
)

character = Character(
    name="Radha",
    description="Divine character",
    appearance={
        "hair": "long black hair",
        "eyes": "dark brown eyes"
    },
    attire={
        "style": "traditional Indian",
        "colors": ["red", "gold"]
    }
)

location = Location(
    name="Vrindavan Forest",
    description="Sacred forest with flower fields",
    location_type="exterior",
    time_of_day="dusk"
)

# Generate image
engine = ImageEngine()
request = engine.generate_shot_image(
    shot=shot,
    characters=[character],
    location=location
)

print(request["parameters"]["prompt"])
""",
    WORKER: """
async def generate_images():
    worker = ImageGeneratorWorker()

    # Add jobs
    job_id = await worker.add_job(
        shot=shot,
        characters=[character],
        location=location,
        priority=1
    )

    # Process queue
    await worker.process_queue()

    # Check status
    status = worker.get_queue_status()
    print(status)

asyncio.run(generate_images())
""",
    BATCH: """
# Process multiple shots
shots = [shot1, shot2, shot3]
characters_map = {"char_001": character1, "char_002": character2}
locations_map = {"loc_001": location1}

requests = engine.process_shot_batch(
    shots=shots,
    characters_map=characters_map,
    locations_map=locations_map
)
""",
}  # fmt: skip


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def code_lines(code: str) -> list[str]:
    """Every line but the imports; white space at a line's end is no difference."""
    lines = [line.rstrip() for line in code.splitlines() if not line.startswith(("import ", "from "))]
    return "\n".join(lines).strip("\n").splitlines()


@pytest.fixture(scope="module")
def ran() -> dict[str, Any]:
    """What the snippets leave behind, run one after another as a reader would; their output under `printed`."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = []
    for number, block in enumerate(blocks()):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(block, f"{DOC.name}#{number}", "exec"), names)  # noqa: S102 - our own document
        printed.append(out.getvalue())
    names["printed"] = printed
    return names


@pytest.mark.parametrize("number", PROTOTYPE)
def test_only_import_lines_differ_from_the_prototype(number: int) -> None:
    assert code_lines(blocks()[number]) == code_lines(PROTOTYPE[number])


@pytest.mark.parametrize("number", [BASIC, WORKER])
def test_the_imports_are_ours(number: int) -> None:
    imports = [line for line in blocks()[number].splitlines() if line.startswith(("import ", "from "))]
    assert imports
    assert all(line == "import asyncio" or line.startswith("from services.engine import ") for line in imports)


def test_the_basic_snippet_prints_the_prompt(ran: dict[str, Any]) -> None:
    prompt = ran["printed"][BASIC].strip()
    assert prompt == ran["request"]["parameters"]["prompt"]
    for words in (
        "Close-up of Radha",
        "long black hair",
        "dark brown eyes",
        "red and gold",
        "Vrindavan Forest",
        "dusk",
    ):
        assert words in prompt
    assert json.loads(json.dumps(ran["request"])) == ran["request"]


def test_the_worker_snippet_makes_the_image(ran: dict[str, Any]) -> None:
    printed = ran["printed"][WORKER]
    assert "'completed': 1" in printed
    assert "scene_001_sh0001" in printed


def test_the_batch_snippet_makes_a_request_per_shot(ran: dict[str, Any]) -> None:
    requests = ran["requests"]
    assert [request["shot_id"] for request in requests] == [f"scene_002_sh000{number}" for number in (1, 2, 3)]
    assert {request["status"] for request in requests} == {"ready"}
    assert all([member["name"] for member in request["characters"]] == ["Radha", "Krishna"] for request in requests)
