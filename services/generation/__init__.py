"""Provider workers: one image per request, made, checked, stored and announced exactly once."""
