"""Providers, latest version."""

from schemas.provider.v1 import (
    ProviderCallbackReceived,
    ProviderHealthChanged,
    ProviderState,
)

__all__ = [
    "ProviderCallbackReceived",
    "ProviderHealthChanged",
    "ProviderState",
]
