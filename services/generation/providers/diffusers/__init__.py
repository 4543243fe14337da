"""The provider `diffusers`: Stable Diffusion and SDXL from this machine's disk, in a process of its own.

`provider.py` is the interface, `batching.py` who is painted together, `painter_process.py` this side of the process,
and `painter/` the other: the only modules that import torch.
"""
