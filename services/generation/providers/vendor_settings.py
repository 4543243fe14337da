"""Keys and addresses of the vendors, by the names that their own documentation and the prototype use."""

import re
from typing import Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from services.chassis.settings import Settings
from services.generation.providers.custom_settings import CustomApi, CustomModel, check_custom
from services.generation.providers.host_rules import is_address
from services.generation.providers.local.models import LocalModel

#: A host with two labels at least: `.com` would be everybody.
_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+")
_ADDRESS = "allowed is an http(s) address without user, query or spaces, such as https://proxy.example.com/v1"


class VendorSettings(Settings):
    """Environment variables, each named like its field in capitals: `OPENAI_API_KEY`, `ICE_OPENAI_BASE_URL`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    openai_api_key: SecretStr | None = None
    stability_api_key: SecretStr | None = None
    leonardo_api_key: SecretStr | None = None
    replicate_api_key: SecretStr | None = None
    gemini_api_key: SecretStr | None = None
    bfl_api_key: SecretStr | None = None
    fal_key: SecretStr | None = None
    custom_api_key: SecretStr | None = None

    comfyui_urls: str | None = None
    """Where your ComfyUI servers are: `http://127.0.0.1:8188`, or several with commas between; may be http and on a
    private network. Setting it is what switches provider `comfyui` on."""
    comfyui_api_key: SecretStr | None = None
    """Bearer token, where a proxy before them wants one; ComfyUI itself has none."""
    ice_comfyui_models: dict[str, LocalModel] = Field(default_factory=dict)
    """Models on them by the names that the router's catalogue has, as a JSON object; not given: `comfyui-sdxl`, which
    is SDXL 1.0."""
    a1111_url: str | None = None
    """Where your AUTOMATIC1111 or Forge server is, started with `--api`; several with commas between. Setting it is
    what switches provider `a1111` on."""
    a1111_auth: SecretStr | None = None
    """`user:password`, where it was started with `--api-auth`."""
    ice_a1111_models: dict[str, LocalModel] = Field(default_factory=dict)
    """As `ICE_COMFYUI_MODELS`; not given: `a1111-sdxl`."""

    ice_openai_base_url: str | None = None
    """Replaces the vendor's address: a proxy, a fake, a region. May be http and on a private address. The other
    `ICE_…_BASE_URL` likewise."""
    ice_stability_base_url: str | None = None
    ice_leonardo_base_url: str | None = None
    ice_replicate_base_url: str | None = None
    ice_google_base_url: str | None = None
    ice_bfl_base_url: str | None = None
    ice_fal_base_url: str | None = None
    ice_custom_base_url: str | None = None

    ice_custom_api: CustomApi = CustomApi()
    """How an endpoint of one's own is asked and answers, as a JSON object; not given: as OpenAI's Images API."""
    ice_custom_models: dict[str, CustomModel] = Field(default_factory=dict)
    """Its models as a JSON object, by the names that the router's catalogue has them under."""

    ice_vendor_file_hosts: tuple[str, ...] = ()
    """Further hosts, as a JSON list, that the worker's vendor may send it to for images and uploads, without the key:
    `cdn.example.com`, or `.example.com` for all below."""
    ice_vendor_reply_timeout_s: float | None = Field(default=None, gt=0, le=3600)
    """Longest wait for a vendor's answer to one call; None = what suits the vendor."""
    ice_vendor_job_timeout_s: float | None = Field(default=None, gt=0, le=86_400)
    """Longest that a vendor's job is polled for at a stretch; None = what suits the vendor."""
    ice_vendor_pace: float = Field(default=1.0, ge=0, le=10)
    """Factor on the waits between polls and repeated looks; small for fakes."""
    ice_vendor_max_image_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """Largest image that is fetched from a vendor's URL."""

    @field_validator("*", mode="before")
    @classmethod
    def _without_the_files_last_line(cls, value: object, info: ValidationInfo) -> object:
        """A key out of a file ends in a line break, and one that is blank is none: so does the router take them."""
        wanted = cls.model_fields[str(info.field_name)].annotation
        return (value.strip() or None) if wanted == SecretStr | None and isinstance(value, str) else value

    @model_validator(mode="after")
    def _keys_can_be_sent(self) -> Self:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                key = value.get_secret_value()
                if not (key.isascii() and key.isprintable()) or " " in key:
                    raise ValueError(f"{name.upper()}: '***': allowed are printable ASCII characters without spaces")
        return self

    @model_validator(mode="after")
    def _custom_is_whole(self) -> Self:
        check_custom(self.ice_custom_api, self.ice_custom_models)
        wrong = [host for host in self.ice_vendor_file_hosts if not _HOST.fullmatch(host)]
        if wrong:
            raise ValueError(f"ICE_VENDOR_FILE_HOSTS: {wrong[0]!r}, allowed is a host's name, or '.' and a domain")
        return self

    @model_validator(mode="after")
    def _servers_can_be_asked(self) -> Self:
        for name in ("comfyui_urls", "a1111_url"):
            wrong = [url for url in self.addresses(name.upper()) if not is_address(url)]
            if wrong:
                raise ValueError(f"{name.upper()}: {_shown(wrong[0])!r}, {_ADDRESS}; several with commas between")
        for name in type(self).model_fields:
            address = getattr(self, name) if name.endswith("_base_url") else None
            if address is not None and not is_address(address):
                raise ValueError(f"{name.upper()}: {_shown(address)!r}, {_ADDRESS}")
        auth = self.a1111_auth
        if auth is not None and ":" not in auth.get_secret_value():
            raise ValueError("A1111_AUTH: '***': allowed is user:password")
        return self

    def addresses(self, variable: str) -> tuple[str, ...]:
        """The addresses that a variable such as `COMFYUI_URLS` holds, without a slash at their ends."""
        found = getattr(self, variable.lower()) or ""
        urls = (url.strip().rstrip("/") for url in found.split(","))
        return tuple(dict.fromkeys(url for url in urls if url))

    def key(self, variable: str) -> SecretStr | None:
        """The key that an environment variable holds, e.g. `OPENAI_API_KEY`."""
        found = getattr(self, variable.lower())
        return found if isinstance(found, SecretStr) else None

    def base_url(self, provider: str) -> str | None:
        """The address that the operator has set for a provider, without a slash at its end."""
        found: str | None = getattr(self, f"ice_{provider.replace('-', '_')}_base_url")
        return None if found is None else found.rstrip("/")


def _shown(address: str) -> str:
    """What may be shown of an address: a password may be in it, or a key among its query."""
    return address.rpartition("@")[2].partition("?")[0][:200]
