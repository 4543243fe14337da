"""The other side of the process: these modules import torch and diffusers, and only the painter's process loads them.

`painting.py` paints batches, `models.py` loads what lies on the disk, `adapters.py` keeps LoRA adapters hot and each to
its character's part of the frame, `wording.py` reads long weighted prompts, `pictures.py` encodes reference images.
"""
