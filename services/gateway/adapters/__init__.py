"""The gateway's connections to the outside."""
