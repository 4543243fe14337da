"""docker-compose.yml obeys the Compose specification, and the command of each of our containers runs as a process."""

import asyncio
import json
import os
import re
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from compose_spec import PyCompose
from ruamel.yaml import YAML

from schemas.providers import ADDRESS_VARIABLES, FREE_PROVIDER, KEY_VARIABLES, SWITCHES
from services.generation.providers.catalogue import NAMES
from services.local_stack.servers import ports
from tests.fixtures.broker import Broker
from tests.fixtures.object_store import S3Endpoint

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
OURS = {name: item for name, item in COMPOSE["services"].items() if str(item["image"]).startswith("image-creation")}
VENDORS = {name: item for name, item in OURS.items() if "profiles" in item}
"""Workers that need a key; they run the same command as previz' but for the provider."""
LONG_RUNNING = sorted(set(OURS) - {"provision"} - set(VENDORS))


#: Painted by a worker of ours on a graphics card: installed there, since its packages alone are gigabytes.
ON_A_CARD = "diffusers"


def specified(document: dict[str, Any]) -> PyCompose:
    # Docker's own word for the host's address, which the library takes for a broken one.
    compose = PyCompose.from_json(json.dumps(document).replace(":host-gateway", ":127.0.0.1"))
    compose.validate()
    compose.validate_volumes()
    return compose


def test_the_file_obeys_the_specification() -> None:
    assert specified(COMPOSE)


def test_the_check_would_find_a_typo() -> None:
    broken = json.loads(json.dumps(COMPOSE))
    broken["services"]["kafka"]["prots"] = []
    with pytest.raises(ValueError, match="prots"):
        specified(broken)


def test_every_service_of_the_engine_has_a_container() -> None:
    modules = {" ".join(item["command"]) for item in OURS.values()}
    packages = {path.parent.name for path in (ROOT / "services").glob("*/app.py")} - {"chassis", "cli", "local_stack"}
    for package in packages:
        assert any(f"services.{package}" in command for command in modules), package


def test_images_are_pinned_and_ports_are_for_this_machine_only() -> None:
    for name, item in COMPOSE["services"].items():
        tag = str(item["image"]).rsplit(":", 1)[-1]
        assert re.search(r"\d", tag), f"{name}: {item['image']}"
        assert all(str(port).startswith("127.0.0.1:") for port in item.get("ports", ())), name


@pytest.mark.parametrize("vendor", sorted(set(NAMES) - {FREE_PROVIDER, ON_A_CARD}))
def test_each_vendor_has_a_worker_under_its_profile_with_its_own_key_alone(vendor: str) -> None:
    worker = VENDORS[f"generation-{vendor}"]
    given = worker["environment"]
    assert worker["profiles"] == [vendor]
    assert worker["command"][-2:] == ["--provider", vendor]
    # Without a value, so that it is handed on from .env.
    key = (KEY_VARIABLES.get(vendor, "CUSTOM_API_KEY"), f"ICE_{vendor.upper()}_BASE_URL")
    for name in (ADDRESS_VARIABLES[vendor],) if vendor in ADDRESS_VARIABLES else key:
        assert given[name] is None
    others = set(SWITCHES.values()) - {SWITCHES.get(vendor)}
    assert others & given.keys() == set()
    assert {"ICE_KAFKA_BOOTSTRAP", "ICE_MONGO_URL", "ICE_S3_ENDPOINT"} <= given.keys()


@pytest.mark.parametrize("service", ["provision", "orchestrator", "gateway"])
def test_who_has_to_know_the_providers_sees_every_key(service: str) -> None:
    assert {"ICE_PROVIDERS", *SWITCHES.values()} <= OURS[service]["environment"].keys()


def test_every_variable_that_a_container_is_handed_from_outside_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    handed = {name for item in OURS.values() for name, value in item["environment"].items() if value is None}
    assert handed
    assert sorted(name for name in handed if not re.search(rf"^(# )?{name}=", example, re.MULTILINE)) == []


def environment(broker: Broker, mongo_url: str, s3: S3Endpoint, name: str, port: int) -> dict[str, str]:
    """The container's environment, with the fixtures' servers in the place of the compose network's."""
    path = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}  # noqa: TID251 - for a child
    return {
        **path,
        "PYTHONPATH": str(ROOT),
        "ICE_KAFKA_BOOTSTRAP": broker.bootstrap,
        "ICE_KAFKA_TOPIC_PREFIX": f"{name}.",
        "ICE_KAFKA_GROUP_PREFIX": f"{name}.",
        "ICE_KAFKA_IDEMPOTENCE": str(broker.idempotent).lower(),
        "ICE_MONGO_URL": mongo_url,
        "ICE_MONGO_DATABASE": name,
        "ICE_S3_ENDPOINT": s3.endpoint,
        "ICE_S3_ACCESS_KEY": s3.access_key,
        "ICE_S3_SECRET_KEY": s3.secret_key,
        "ICE_S3_BUCKET": s3.bucket,
        "ICE_HTTP_HOST": ports.LOOPBACK,
        "ICE_HTTP_PORT": str(port),
    }


def command(service: str) -> list[str]:
    first, *rest = OURS[service]["command"]
    assert first == "python"
    return [sys.executable, *rest]


async def ready(url: str, within_s: float) -> dict[str, Any]:
    """What `/readyz` says once it is ready; fails with its last words."""
    deadline, said = time.monotonic() + within_s, "nothing"
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            try:
                answer = await client.get(f"{url}/readyz", timeout=5)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                said = answer.text
                if answer.status_code == 200:
                    found: dict[str, Any] = answer.json()
                    return found
            await asyncio.sleep(0.2)
    raise AssertionError(f"{url} was not ready within {within_s:.0f} s: {said}")


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_command_of_each_container_runs_and_stops_in_order(
    broker: Broker, mongo_url: str, s3_endpoint: S3Endpoint
) -> None:
    name = f"c{secrets.token_hex(3)}"
    chosen = ports.choose(LONG_RUNNING, {}, {})
    provision = await asyncio.create_subprocess_exec(
        *command("provision"), "--quiet", env=environment(broker, mongo_url, s3_endpoint, name, 0)
    )
    assert await provision.wait() == 0
    running = {
        service: await asyncio.create_subprocess_exec(
            *command(service),
            env=environment(broker, mongo_url, s3_endpoint, name, chosen[service]),
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )
        for service in LONG_RUNNING
    }
    try:
        for service in LONG_RUNNING:
            health = await ready(f"http://{ports.LOOPBACK}:{chosen[service]}", within_s=150)
            assert health["live"], service
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        endings = {service: await asyncio.wait_for(process.wait(), 120) for service, process in running.items()}
        assert endings == dict.fromkeys(LONG_RUNNING, 0)
    finally:
        for process in running.values():
            if process.returncode is None:
                process.kill()
                await process.wait()
