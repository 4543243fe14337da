"""Orchestrator: owns the run of every frame, from the built prompt to the keyframe or the reason why there is none."""
