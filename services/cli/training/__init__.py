"""Prepares the training of a LoRA from what a film has: pictures chosen, cropped and captioned, and the trainer's job.

Nothing is trained here: the trainer is somebody else's, and runs where its GPU is.
"""
