"""The registry of adapters behind the API: files in by content hash, versions, events out."""
