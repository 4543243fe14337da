"""The short form of `python -m tests.chaos`: one seed, a shorter film, every kind of fault, real Kafka."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.processes import ROOT
from tests.chaos.settings import ChaosSettings
from tests.fixtures.kafka_jars import KafkaUnavailableError, jars, java
from tests.fixtures.settings import BrokerChoice, FixtureSettings

#: Another one each time something changes here would hide what a change elsewhere broke.
SEED = 20
_LIMIT_S = 900


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(_LIMIT_S + 60)
def test_a_film_under_every_fault_loses_nothing_and_pays_for_nothing_twice(
    tmp_path: Path, fixture_settings: FixtureSettings
) -> None:
    try:
        java()
        jars(fixture_settings.test_cache)
    except KafkaUnavailableError as error:
        if fixture_settings.test_broker is BrokerChoice.KAFKA:
            pytest.fail(f"--broker=kafka: {error}", pytrace=False)
        pytest.skip(f"no Apache Kafka here: {error}")
    out = tmp_path / "row.jsonl"
    short = {"SEED": str(SEED), "SHOTS": "60", "FAULT_S": "48", "OUT": str(out), "RUNS": str(ChaosSettings().runs)}
    ran = subprocess.run(
        ["/usr/bin/env", *(f"{name}={value}" for name, value in short.items()), sys.executable, "-m", "tests.chaos"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert out.exists(), ran.stdout[-4000:] + ran.stderr[-4000:]
    row = json.loads(out.read_text())
    assert row["good"], ran.stdout[-8000:]
    assert row["ready"] + row["in_doubt"] + row["failed"] >= row["frames"] >= 60
    assert ran.returncode == 0
