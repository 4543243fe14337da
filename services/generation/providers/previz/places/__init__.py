"""Places: sets that are laid out once per location and seen from any camera."""
