"""Adapters of the registry and their event, latest version."""

from schemas.adapter.v1 import Adapter, AdapterDefined, AdapterKind

__all__ = ["Adapter", "AdapterDefined", "AdapterKind"]
