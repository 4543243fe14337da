"""Servers of one's own that draw with Stable Diffusion: ComfyUI, AUTOMATIC1111 and Forge."""
