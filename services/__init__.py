"""The services of the Image Creation Engine, the plumbing they share and the `ice` command."""
