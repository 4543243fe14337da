"""Which providers a worker can serve, by name."""

from services.chassis.settings import SettingsError
from services.generation.providers import previz_provider
from services.generation.providers.base import ImageProvider
from services.generation.providers.drawing_pool import DrawingPool
from services.generation.settings import GenerationSettings

NAMES = (previz_provider.NAME,)


def make_provider(settings: GenerationSettings) -> ImageProvider:
    """The provider that the settings name; nothing is opened.

    Raises:
        SettingsError: there is none of that name.
    """
    if settings.generation_provider == previz_provider.NAME:
        pool = DrawingPool(settings.previz_processes, settings.previz_timeout_s)
        return previz_provider.PrevizProvider(pool)
    allowed = ", ".join(NAMES)
    raise SettingsError(f"ICE_GENERATION_PROVIDER: {settings.generation_provider!r}, allowed is one of: {allowed}")
