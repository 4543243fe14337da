"""docs/operations.md tells what may be deleted of everything that a service keeps, and names only metrics that are."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.fakes.crashing import Fuse
from tests.fakes.durable import World
from tests.fakes.lives import KINDS, Kind, build

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_what_may_be_deleted_when_is_told_of_every_collection(kind: Kind) -> None:
    world = World()
    build(kind, world, Fuse())
    told = re.findall(r"`([a-z_*]+)`", PAGE)
    untold = [name for name in world.documents.names() if not any(fnmatchcase(name, item) for item in told)]
    assert untold == []


def test_every_metric_of_the_page_is_one_of_ours() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))
    assert [name for name in sorted(set(re.findall(r"`(ice_[a-z_]+)`", PAGE))) if f'"{name}"' not in code] == []
