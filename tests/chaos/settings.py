"""What a run is asked to do: environment variables without a prefix, as in `SEEDS=20 python -m tests.chaos`."""

import shutil
import tempfile
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made below it
_ROOM_BYTES = 3 * 1024**3


def _roomy() -> Path:
    """The memory disk where it has room (in a container it often hasn't), else the folder for temporary files."""
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES:
        return _MEMORY
    return Path(tempfile.gettempdir())


class ChaosSettings(BaseSettings):
    """How many runs, of which size, and where their results go."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    seed: int | None = Field(default=None, ge=0)
    """Of the one run, or of the first of several; None = drawn."""
    seeds: int = Field(default=1, ge=1, le=1000)
    """Runs, one after the other, with seeds that follow each other."""
    shots: int = Field(default=300, ge=1, le=10_000)
    """Length of the film."""
    fault_s: float = Field(default=70.0, ge=10, le=600)
    """Length of the window in which shots are fed and faults happen."""
    settle_s: float = Field(default=45.0, ge=10, le=600)
    """After the last fault: longest time in which nothing gets any further, until the run is given up."""
    most_s: float = Field(default=420.0, ge=30, le=3600)
    """After the last fault: longest time until every frame must be accounted for."""
    faults: str = "all"
    """Kinds of fault, separated by commas, or `all`."""
    film: Literal["seen", "unseen"] = "seen"
    """`unseen`: the bible has not one picture, so that sheets, plates and prop views come first. A person then decides
    on calls in doubt (asks for them again), as everything would wait for them."""
    brokers: int = Field(default=3, ge=1, le=3)
    """Nodes of the cluster; fewer than three only with faults that leave brokers and links alone."""
    pace: float = Field(default=1.0, ge=1, le=20)
    """Time limits of services and of the run are so many times as long: for a machine that has other things to do."""
    out: Path | None = None
    """JSON lines, one per run; seeds already in it are skipped."""
    runs: Path = Path(tempfile.gettempdir()) / "ice-chaos"
    """Where each run keeps its logs, its evidence and its report."""
    data: Path = Field(default_factory=_roomy)
    """Where servers keep their data during a run. In memory a synchronous write costs nothing, so that the run is bound
    by the faults and not by the disk; a kill -9 is the same."""
    keep_data: bool = False
    """Whether the servers' data is kept, too."""

    @model_validator(mode="after")
    def _has_what_the_faults_hit(self) -> Self:
        kinds = {part.strip() for part in self.faults.split(",")}
        if self.brokers < 3 and kinds & {"all", "brokers", "links"}:
            raise ValueError(
                f"faults: {self.faults!r}, allowed with {self.brokers} broker(s) are none of links, brokers"
            )
        return self


class ServiceHooks(BaseSettings):
    """What the test-only entry point of a service is told; see `service.py`."""

    model_config = SettingsConfigDict(env_prefix="CHAOS_", frozen=True, extra="ignore", use_attribute_docstrings=True)

    clock: Path | None = None
    """File with the seconds by which this process's wall clock is off; missing = right."""
    vendor: str = "http://127.0.0.1:1"
    """Where the vendor answers."""
