"""Where the engine is: environment variables, else the stack that runs on this machine, else the defaults."""

from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from schemas.providers import SWITCHES, with_keys
from schemas.text import Name, Slug
from services.chassis.settings import ServiceSettings, Settings, SettingsError, variables_set
from services.cli.exits import CliError, Exit
from services.local_stack.settings import StackSettings
from services.local_stack.state import StackState, read_state

S = TypeVar("S", bound=Settings)

DEFAULT_GATEWAY = "http://127.0.0.1:8080"


def _address(value: str) -> str:
    """Refuse what only looks like an address: the client would end in a fault of its own.

    Raises:
        ValueError: it names no host, or no port that can be one.
    """
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise ValueError("allowed is http:// or https:// with a host and, where it isn't the usual one, a port")
    return value


class CliSettings(Settings):
    """Environment variables with the prefix `ICE_`."""

    model_config = SettingsConfigDict(
        env_prefix="ICE_", frozen=True, extra="ignore", use_attribute_docstrings=True, env_ignore_empty=True
    )

    gateway_url: Annotated[str, AfterValidator(_address)] | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    """Address of the JSON API; None = the running stack's, else `http://127.0.0.1:8080`."""
    providers: tuple[Slug, ...] = Field(
        default_factory=lambda: with_keys(variables_set(SWITCHES.values())), min_length=1
    )
    """Providers of the deployment, as a JSON list: each has topics of its own.
    Not given: previz, every vendor whose key is set, every server of one's own whose address is."""
    default_model_provider: Name | None = Field(default=None, validation_alias="DEFAULT_MODEL_PROVIDER")
    """Provider, model or alias preferred where neither shot nor project names one."""
    image_default_width: int | None = Field(default=None, ge=64, le=8192, validation_alias="IMAGE_DEFAULT_WIDTH")
    """Width in pixels of a film whose plan names none, 64 to 8192; None = the contract's, 1024."""
    image_default_height: int | None = Field(default=None, ge=64, le=8192, validation_alias="IMAGE_DEFAULT_HEIGHT")
    """Height likewise; None = the contract's, 576."""
    state_folder: Path | None = None
    """Where unfinished replays are remembered; None = `ice` below `XDG_STATE_HOME`, else below `~/.local/state`."""
    xdg_state_home: Path | None = Field(default=None, validation_alias="XDG_STATE_HOME")
    """Where programs of this user keep their state."""

    @property
    def frame_size(self) -> dict[str, int]:
        """What a film is given that names no `width` or `height`, by that name."""
        given = {"width": self.image_default_width, "height": self.image_default_height}
        return {name: pixels for name, pixels in given.items() if pixels is not None}

    @property
    def replays(self) -> Path:
        """Folder of the journals of replays."""
        home = self.xdg_state_home or Path.home() / ".local" / "state"
        return (self.state_folder or home / "ice") / "replays"


def read_settings(kind: type[S]) -> S:
    """Settings from the environment.

    Raises:
        CliError: a variable is wrong; the message names it, its value and what is allowed.
    """
    try:
        return kind()
    except SettingsError as error:
        raise CliError(str(error), code=Exit.INVALID) from error


def stack_settings() -> StackSettings:
    """Settings of the local stack; raises as `read_settings`."""
    return read_settings(StackSettings)


def stack_folder(folder: Path | None = None) -> Path:
    """The folder of this machine's stack: as given, else `ICE_LOCAL_FOLDER`, else `.ice`."""
    named = folder or stack_settings().folder
    try:
        return named.resolve()
    except (OSError, RuntimeError):
        # Not ours to look into, or links in a circle: whoever needs what is in it is told so.
        return named.absolute()


def running_stack(folder: Path | None = None) -> StackState | None:
    """The stack that runs here, if one does."""
    return read_state(stack_folder(folder))


def gateway_url(folder: Path | None = None) -> str:
    """Address of the JSON API."""
    told = read_settings(CliSettings).gateway_url
    if told is not None:
        return told.rstrip("/")
    state = running_stack(folder)
    return state.gateway_url if state is not None else DEFAULT_GATEWAY


def broker_settings(folder: Path | None = None) -> ServiceSettings:
    """How to reach the broker: `ICE_KAFKA_BOOTSTRAP` wins over the running stack."""
    settings = read_settings(ServiceSettings)
    state = running_stack(folder)
    if state is None or "kafka_bootstrap" in settings.model_fields_set:
        return settings
    return ServiceSettings(kafka_bootstrap=state.kafka_bootstrap, kafka_idempotence=state.kafka_idempotence)
