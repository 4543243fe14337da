"""Pure values and rules of generation: the ledger's states, image checks, names, outcomes, health."""
