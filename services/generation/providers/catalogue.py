"""Which providers a worker can serve, by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from pydantic import SecretStr

from services.chassis.settings import SettingsError
from services.generation.ports import AdapterFiles
from services.generation.providers import previz_provider
from services.generation.providers.base import ImageProvider
from services.generation.providers.bfl import BlackForestLabs
from services.generation.providers.custom import Custom
from services.generation.providers.diffusers.provider import NAME as DIFFUSERS
from services.generation.providers.diffusers.provider import DiffusersProvider
from services.generation.providers.drawing_pool import DrawingPool
from services.generation.providers.fal import Fal
from services.generation.providers.gemini import Gemini
from services.generation.providers.leonardo import Leonardo
from services.generation.providers.local.assembly import LOCAL, make_pool
from services.generation.providers.local.pool import ServerPool
from services.generation.providers.openai import OpenAI
from services.generation.providers.references import Offload, ReferenceReader, ReferenceStore
from services.generation.providers.replicate import Replicate
from services.generation.providers.stability import Stability
from services.generation.providers.vendor import Vendor
from services.generation.providers.vendor_provider import Timing, VendorProvider
from services.generation.providers.vendor_settings import VendorSettings
from services.generation.settings import GenerationSettings

#: Every vendor, by the provider's name; a new one is added here and in `VendorSettings`.
VENDORS: Final[Mapping[str, Callable[[], Vendor]]] = MappingProxyType(
    {
        BlackForestLabs.name: BlackForestLabs,
        Fal.name: Fal,
        Gemini.name: Gemini,
        Leonardo.name: Leonardo,
        OpenAI.name: OpenAI,
        Replicate.name: Replicate,
        Stability.name: Stability,
    }
)
NAMES: Final = (previz_provider.NAME, *VENDORS, *LOCAL, DIFFUSERS, Custom.name)


def make_provider(
    settings: GenerationSettings, store: ReferenceStore, offload: Offload, files: AdapterFiles | None = None
) -> ImageProvider:
    """The provider that the settings name; nothing is opened.

    Args:
        settings: of the worker.
        store: where reference images lie.
        offload: scales them.
        files: of adapters; for models on this machine.

    Raises:
        SettingsError: there is none of that name, its key isn't set, or its models aren't there.
    """
    name = settings.generation_provider
    if name == previz_provider.NAME:
        return previz_provider.PrevizProvider(DrawingPool(settings.previz_processes, settings.previz_timeout_s))
    if name == Custom.name:
        return _make_custom(settings.vendors, ReferenceReader(store, offload))
    if name == DIFFUSERS and files is not None:
        settings.diffusers.check()
        return DiffusersProvider(settings.diffusers, ReferenceReader(store, offload), files, offload)
    if name in LOCAL:
        return _make_local(name, settings.vendors, store, offload)
    if name not in VENDORS:
        raise SettingsError(f"ICE_GENERATION_PROVIDER: {name!r}, allowed is one of: {', '.join(NAMES)}")
    return make_vendor_provider(VENDORS[name](), settings.vendors, ReferenceReader(store, offload))


def make_vendor_provider(vendor: Vendor, settings: VendorSettings, references: ReferenceReader) -> VendorProvider:
    """The driver of a vendor.

    Raises:
        SettingsError: its key isn't set.
    """
    key = settings.key(vendor.key_variable)
    if key is None:
        raise SettingsError(
            f"{vendor.key_variable}: not set, and provider {vendor.name} needs it: allowed is your key for its API"
        )
    return _driver(vendor, key, settings, references)


def _make_custom(settings: VendorSettings, references: ReferenceReader) -> VendorProvider:
    """The driver of an endpoint of one's own; it may have no key."""
    if settings.base_url(Custom.name) is None:
        raise SettingsError("ICE_CUSTOM_BASE_URL: not set, and provider custom needs it: allowed is its http(s) URL")
    if not settings.ice_custom_models:
        raise SettingsError(
            "ICE_CUSTOM_MODELS: empty, and provider custom needs it: allowed is a JSON object of models"
        )
    key = settings.key(Custom.key_variable) or SecretStr("")
    return _driver(Custom(settings.ice_custom_api, settings.ice_custom_models), key, settings, references)


def _make_local(name: str, settings: VendorSettings, store: ReferenceStore, offload: Offload) -> ServerPool:
    """The drivers of servers of one's own; they may want no key."""
    vendor = LOCAL[name](getattr(settings, f"ice_{name}_models"))
    addresses = settings.addresses(vendor.address_variable)
    if not addresses:
        raise SettingsError(
            f"{vendor.address_variable}: not set, and provider {name} needs it: allowed are the servers' addresses"
        )
    key = settings.key(vendor.key_variable) or SecretStr("")
    return make_pool(vendor, key, ReferenceReader(store, offload), offload, addresses, timing=_timing(settings))


def _driver(vendor: Vendor, key: SecretStr, settings: VendorSettings, references: ReferenceReader) -> VendorProvider:
    return VendorProvider(
        vendor,
        key,
        references,
        base_url=settings.base_url(vendor.name),
        timing=_timing(settings),
        file_hosts=settings.ice_vendor_file_hosts,
    )


def _timing(settings: VendorSettings) -> Timing:
    return Timing(
        reply_s=settings.ice_vendor_reply_timeout_s,
        job_s=settings.ice_vendor_job_timeout_s,
        pace=settings.ice_vendor_pace,
        max_image_bytes=settings.ice_vendor_max_image_bytes,
    )


def missing_keys(settings: VendorSettings) -> dict[str, str]:
    """Vendors that can't be used here, by name, with the variable that isn't set."""
    found = {name: make().key_variable for name, make in VENDORS.items()}
    return {name: variable for name, variable in found.items() if settings.key(variable) is None}
