"""Which providers a deployment has, where nobody names them. Pure.

The free one, every vendor whose key is set, and every kind of server of one's own whose address is. The orchestrator,
the gateway, the command line and the local stack all ask here, so that the models that are chosen, the topics that are
made and those that are read are of the same providers.
"""

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Final

#: Needs no key, so it works wherever nobody says which providers do.
FREE_PROVIDER: Final = "previz"
#: The environment variable that holds a vendor's key, by provider.
KEY_VARIABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "openai": "OPENAI_API_KEY",
        "stability": "STABILITY_API_KEY",
        "leonardo": "LEONARDO_API_KEY",
        "google": "GEMINI_API_KEY",
        "bfl": "BFL_API_KEY",
        "replicate": "REPLICATE_API_KEY",
        "fal": "FAL_KEY",
    }
)
#: The environment variable that says where servers of one's own are, by provider.
ADDRESS_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({"comfyui": "COMFYUI_URLS", "a1111": "A1111_URL"})
#: The variable that switches a provider on.
SWITCHES: Final[Mapping[str, str]] = MappingProxyType({**KEY_VARIABLES, **ADDRESS_VARIABLES})


def with_keys(variables: Container[str]) -> tuple[str, ...]:
    """Providers that can work with these variables of `SWITCHES` set, the free one first."""
    return (FREE_PROVIDER, *(provider for provider, name in SWITCHES.items() if name in variables))


def missing_keys(variables: Container[str]) -> dict[str, str]:
    """Why each other provider can't, in words, by provider."""
    return {
        provider: f"no {'key' if provider in KEY_VARIABLES else 'address'}: {name} is not set"
        for provider, name in SWITCHES.items()
        if name not in variables
    }
