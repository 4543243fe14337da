"""What the pure domain needs from outside."""
