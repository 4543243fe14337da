"""Settings of the orchestrator, beside those of every service."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from schemas.providers import SWITCHES, missing_keys, with_keys
from schemas.text import Name, Slug
from services.chassis.settings import ServiceSettings
from services.orchestrator.domain.ruling import InDoubtPolicy


def _key(name: str) -> SecretStr | None:
    return Field(default=None, validation_alias=name)


class OrchestratorSettings(ServiceSettings):
    """Environment variables with the prefix `ICE_`; those of the prototype and the vendors' keys without it."""

    model_config = SettingsConfigDict(populate_by_name=True, env_ignore_empty=True)

    providers: tuple[Slug, ...] | None = Field(default=None, min_length=1)
    """Providers whose workers run in this deployment, as a JSON list; models of others are skipped.
    Not given: previz, every vendor whose key is set, every server of one's own whose address is."""
    orchestrator_catalogue: Path | None = None
    """Model catalogue, YAML; None = the one that ships with the engine."""
    orchestrator_in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD
    """What becomes of a run whose paid call may or may not have been made: hold or next-model."""
    orchestrator_in_doubt_s: float = Field(default=86_400.0, gt=0, le=30 * 86_400)
    """Seconds that such a run is held for a person; then it ends and says what may have been paid."""
    orchestrator_review_s: float = Field(default=86_400.0, ge=0, le=30 * 86_400)
    """Seconds that the best failed attempt of a keyframe is shown for review where approval is automatic; then the run
    fails. 0 = it fails at once. Where approval is manual a review has no end."""
    orchestrator_strategy_tries: int = Field(default=8, ge=0, le=10_000)
    """Tries of a change against a failed check, none of which helped in the project, after which retakes leave it out;
    it is tried once more after each 16 times that it was left out. 0 = never left out."""
    orchestrator_health_fresh_s: float = Field(default=1.0, ge=0, le=60)
    """Seconds that a reading of the providers' health is good for."""
    orchestrator_wait_s: float = Field(default=3600.0, ge=0, le=7 * 86_400)
    """Seconds that a run waits while every model that could make it is down or throttled; then it fails."""
    orchestrator_look_s: float = Field(default=15.0, gt=0, le=3600)
    """Seconds between two looks at a run that waits while nobody says when a model is back."""
    orchestrator_throttle_s: float = Field(default=30.0, ge=0, le=3600)
    """Longest time that a throttled model is waited for before the next model is asked."""
    orchestrator_outage_s: float = Field(default=30.0, gt=0, le=3600)
    """Seconds before a run asks a provider again that failed it; doubles with each time."""
    orchestrator_outages: int = Field(default=3, ge=1, le=100)
    """Outages in a row, over all runs, that open a provider's circuit."""
    orchestrator_cool_down_s: float = Field(default=30.0, gt=0, le=3600)
    """Seconds that an open circuit rests before one run is let through; doubles with each one that fails."""
    orchestrator_probe_s: float = Field(default=120.0, gt=0, le=3600)
    """Seconds that this one run gets before another may try."""
    orchestrator_sweep_s: float = Field(default=1.0, gt=0, le=60)
    """Seconds between two looks for runs whose rest is over."""
    orchestrator_warm_up_s: float = Field(default=10.0, ge=0, le=600)
    """Seconds after a start in which no rest ends: news of providers may lie in the backlog."""
    orchestrator_softening: str = Field(default="", max_length=500)
    """Note with which a refused prompt is worded once more before another model is asked; empty = not at all."""

    default_model_provider: Name | None = Field(default=None, validation_alias="DEFAULT_MODEL_PROVIDER")
    """Provider, model or alias to prefer where neither the shot nor the project names one."""
    default_generation_steps: int | None = Field(
        default=None, ge=1, le=500, validation_alias="DEFAULT_GENERATION_STEPS"
    )
    """Sampling steps where the project says nothing and the model has them."""
    default_cfg_scale: float | None = Field(default=None, ge=0, le=50, validation_alias="DEFAULT_CFG_SCALE")
    """Guidance scale where the project says nothing and the model has one."""

    openai_api_key: SecretStr | None = _key("OPENAI_API_KEY")
    stability_api_key: SecretStr | None = _key("STABILITY_API_KEY")
    leonardo_api_key: SecretStr | None = _key("LEONARDO_API_KEY")
    replicate_api_key: SecretStr | None = _key("REPLICATE_API_KEY")
    gemini_api_key: SecretStr | None = _key("GEMINI_API_KEY")
    bfl_api_key: SecretStr | None = _key("BFL_API_KEY")
    fal_key: SecretStr | None = _key("FAL_KEY")
    comfyui_urls: SecretStr | None = _key("COMFYUI_URLS")
    a1111_url: SecretStr | None = _key("A1111_URL")

    @property
    def workers(self) -> tuple[str, ...]:
        """Providers whose workers run here."""
        return self.providers if self.providers is not None else with_keys(self._keys)

    @property
    def absent(self) -> dict[str, str]:
        """Why a vendor runs no worker here, where that is known."""
        return {} if self.providers is not None else missing_keys(self._keys)

    @property
    def _keys(self) -> frozenset[str]:
        """Keys and addresses that are set."""
        return frozenset(name for name in SWITCHES.values() if self._has(name))

    def _has(self, name: str) -> bool:
        key: SecretStr | None = getattr(self, name.lower())
        return key is not None and bool(key.get_secret_value().strip())
