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
from schemas.events import REGISTRY
from schemas.film_plan import PLAN_VERSION, FilmPlan
from schemas.plan_reference import plan_reference
from schemas.registry import Registry
from schemas.topics import TopicSpec

ROOT = Path(__file__).resolve().parent.parent / "contracts"
#: `generation.requested` is documented for the provider that every installation has.
DOCUMENTED_PROVIDERS = ("previz",)
PLAN_SCHEMA = f"film.plan.v{PLAN_VERSION}.schema.json"


def schema_of(model: type[BaseModel], name: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of what readers accept."""
    schema = model.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:ice:schema:{name}", **schema}


def rendered(registry: Registry = REGISTRY, specs: tuple[TopicSpec, ...] | None = None) -> dict[Path, str]:
    """Every generated file by its path below `contracts/`.

    The schema of an older version is none of them: no class has it any more, so the committed file stays as it is.

    Args:
        registry: the events, each in its latest version.
        specs: the topics; None = those of this engine.

    Raises:
        ValueError: an event's latest version has no topic, or a topic carries a version that its event doesn't have.
    """
    specs = topics.specs(DOCUMENTED_PROVIDERS) if specs is None else specs
    _check_versions(registry, specs)
    files: dict[Path, str] = {}
    for event in registry:
        file_name = asyncapi.schema_file(event)
        name = f"{event.TYPE.removeprefix('film.')}:v{event.VERSION}"
        files[Path("schemas") / file_name] = _json(schema_of(event, name))
    plan = schema_of(FilmPlan, f"film.plan:v{PLAN_VERSION}")
    files[Path("schemas") / PLAN_SCHEMA] = _json(plan)
    files[Path("film-plan.md")] = plan_reference(plan)
    for spec in specs:
        files[Path("topics") / f"{spec.name}.yaml"] = _yaml(_topic(spec, registry))
    document = asyncapi.document(specs, registry, package_version("image-creation-engine"))
    files[Path("asyncapi.yaml")] = _yaml(document)
    return files


def frozen(registry: Registry = REGISTRY, specs: tuple[TopicSpec, ...] | None = None) -> frozenset[Path]:
    """Schemas of the older versions that still have a topic: committed when they were the latest, and kept."""
    specs = topics.specs(DOCUMENTED_PROVIDERS) if specs is None else specs
    carried = [(registry.event(spec.event_type), spec.version) for spec in specs]
    return frozenset(
        Path("schemas") / asyncapi.schema_file(event, version) for event, version in carried if version < event.VERSION
    )


def _check_versions(registry: Registry, specs: tuple[TopicSpec, ...]) -> None:
    for event in registry:
        carried = {spec.version: spec.name for spec in specs if spec.event_type == event.TYPE}
        wanted = f"topic {event.TYPE.removeprefix('film.')}.v{event.VERSION} in schemas/topics.py (docs/upgrading.md)"
        if carried and event.VERSION not in carried:
            told = ", ".join(carried.values())
            raise ValueError(f"{event.TYPE}: version {event.VERSION} has no topic, only {told}; allowed is a {wanted}")
        newer = [name for version, name in carried.items() if not 1 <= version <= event.VERSION]
        if newer:
            raise ValueError(f"{newer[0]}: {event.TYPE} has versions 1 to {event.VERSION}; allowed is a topic of these")


def _topic(spec: TopicSpec, registry: Registry) -> dict[str, Any]:
    event = registry.event(spec.event_type)
    return {
        "topic": spec.name,
        "event": event.__name__,
        "type": event.TYPE,
        "version": spec.version,
        "schema": f"../schemas/{asyncapi.schema_file(event, spec.version)}",
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


def drifted(files: dict[Path, str], root: Path, kept: frozenset[Path] | None = None) -> list[str]:
    """Files that are missing, differ or belong to nothing; `kept`: those that stay as they are, None = `frozen()`."""
    kept = frozen() if kept is None else kept
    found = [
        f"{path}: {'differs' if (root / path).exists() else 'is missing'}"
        for path, text in files.items()
        if not (root / path).exists() or (root / path).read_text() != text
    ]
    found += [f"{path}: is missing, and only history has it" for path in sorted(kept) if not (root / path).exists()]
    known = {root / path for path in (*files, *kept)}
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
