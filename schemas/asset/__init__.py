"""Assets, latest version."""

from schemas.asset.v1 import (
    Asset,
    AssetRef,
    AssetStatus,
    AssetType,
)

__all__ = [
    "Asset",
    "AssetRef",
    "AssetStatus",
    "AssetType",
]
