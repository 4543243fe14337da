"""What the orchestrator's ports are in production: MongoDB collections and the catalogue file."""
