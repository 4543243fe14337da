"""The `ice` command: a film plan in, a storyboard out. Importing this costs nothing; each command loads its own."""
