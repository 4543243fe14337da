"""The gateway: a read model of every topic, and the JSON API that people and programs read it through."""
