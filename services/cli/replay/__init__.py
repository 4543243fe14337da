"""`ice replay`: a topic's events again to heal what got lost, or new takes of its shots on purpose (decision 0013)."""
