"""Versioned contracts of the Image Creation Engine: the events, the film plan and the words they share.

Nothing here does I/O. Import events from their subject's package (`schemas.shot`, never `schemas.shot.v1`):
a subject re-exports its latest version only.
"""
