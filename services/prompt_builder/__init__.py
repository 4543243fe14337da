"""Words what a frame must show: conditioned shots in, prompts per dialect out."""
