"""Writes `contracts/` from the models, or checks that it is up to date: `python -m schemas.export [--check]`.

A change that would break readers or old data inside a version is refused in both modes: it needs a new version, a new
topic and an upcast (design §4).
"""

import argparse
import json
import sys
from importlib.metadata import version as package_version
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from schemas import asyncapi, topics
from schemas.compatibility import breaking_changes
from schemas.events import EVENTS, REGISTRY
from schemas.film_plan import PLAN_VERSION, FilmPlan
from schemas.plan_reference import plan_reference
from schemas.topics import TopicSpec

ROOT = Path(__file__).resolve().parent.parent / "contracts"
#: `generation.requested` is documented for the provider that every installation has.
DOCUMENTED_PROVIDERS = ("previz",)
PLAN_SCHEMA = f"film.plan.v{PLAN_VERSION}.schema.json"


def schema_of(model: type[BaseModel], name: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of what readers accept."""
    schema = model.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:ice:schema:{name}", **schema}


def rendered() -> dict[Path, str]:
    """Every generated file by its path below `contracts/`."""
    files: dict[Path, str] = {}
    for event in EVENTS:
        file_name = asyncapi.schema_file(event)
        name = f"{event.TYPE.removeprefix('film.')}:v{event.VERSION}"
        files[Path("schemas") / file_name] = _json(schema_of(event, name))
    plan = schema_of(FilmPlan, f"film.plan:v{PLAN_VERSION}")
    files[Path("schemas") / PLAN_SCHEMA] = _json(plan)
    files[Path("film-plan.md")] = plan_reference(plan)
    specs = topics.specs(DOCUMENTED_PROVIDERS)
    for spec in specs:
        files[Path("topics") / f"{spec.name}.yaml"] = _yaml(_topic(spec))
    document = asyncapi.document(specs, REGISTRY, package_version("image-creation-engine"))
    files[Path("asyncapi.yaml")] = _yaml(document)
    return files


def _topic(spec: TopicSpec) -> dict[str, Any]:
    event = REGISTRY.event(spec.event_type)
    return {
        "topic": spec.name,
        "event": event.__name__,
        "type": event.TYPE,
        "version": event.VERSION,
        "schema": f"../schemas/{asyncapi.schema_file(event)}",
        "description": (event.__doc__ or "").strip().splitlines()[0],
        "key": spec.key,
        "producers": list(spec.producers),
        "consumers": list(spec.consumers),
        "partitions": spec.partitions,
        "config": {
            "cleanup.policy": "compact" if spec.compacted else "delete",
            "retention.ms": spec.retention_ms,
        },
        "dead_letter": spec.dead_letter,
        "reserved": spec.reserved,
    }


def broken(files: dict[Path, str], root: Path) -> list[str]:
    """Incompatible changes of the schemas against the committed ones, one line each."""
    found = []
    for path, text in files.items():
        committed = root / path
        if path.parts[0] == "schemas" and committed.exists():
            changes = breaking_changes(json.loads(committed.read_text()), json.loads(text))
            found += [f"{path.name}: {change}" for change in changes]
    return found


def drifted(files: dict[Path, str], root: Path) -> list[str]:
    """Files that are missing, differ or belong to nothing."""
    found = [
        f"{path}: {'differs' if (root / path).exists() else 'is missing'}"
        for path, text in files.items()
        if not (root / path).exists() or (root / path).read_text() != text
    ]
    known = {root / path for path in files}
    for folder in ("schemas", "topics"):
        found += [
            f"{path.relative_to(root)}: belongs to no event" for path in (root / folder).glob("*") if path not in known
        ]
    return found


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _yaml(value: dict[str, Any]) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    yaml.representer.ignore_aliases = lambda _: True
    out = StringIO()
    yaml.dump(value, out)
    return out.getvalue()


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Exit code 0: written, or up to date; 1: drifted or incompatible."""
    parser = argparse.ArgumentParser(prog="python -m schemas.export", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where contracts/ is out of date")
    options = parser.parse_args(arguments)
    files = rendered()
    problems = broken(files, root)
    if problems:
        sys.stderr.write("Incompatible inside one version; make a new version and an upcast instead:\n")
        sys.stderr.writelines(f"  {line}\n" for line in problems)
        return 1
    stale = drifted(files, root)
    if options.check:
        sys.stderr.writelines(f"{line}; run `make contracts`\n" for line in stale)
        return 1 if stale else 0
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    sys.stdout.write(f"{len(files)} files in {root.name}/, {len(stale)} changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
