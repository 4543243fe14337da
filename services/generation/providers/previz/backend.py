"""What turns a display list into pixels, and which of the two that can is here."""

import importlib
from typing import Protocol

import numpy as np
import numpy.typing as npt

from services.generation.providers.previz.display_list import DisplayList

Pixels = npt.NDArray[np.uint8]
"""Rows x columns x 3, sRGB."""

_FOLDER = "services.generation.providers.previz"


class Backend(Protocol):
    """Paints the marks of a display list. The finishing steps are not its business."""

    @property
    def name(self) -> str:
        """Short name, such as "skia"."""
        ...

    def rasterise(self, drawing: DisplayList, *, antialias: bool = True) -> Pixels:
        """Return the painted marks on black, exactly of the drawing's size."""
        ...


class NoBackendError(RuntimeError):
    """Neither painting library can be used on this machine."""


def available_backend() -> Backend:
    """Return the skia backend if its system libraries load, else the resvg one.

    Raises:
        NoBackendError: neither loads; the message tells why and what to install.
    """
    reasons: list[str] = []
    for module, attribute in (("skia_backend", "SkiaBackend"), ("svg_backend", "ResvgBackend")):
        try:
            backend: Backend = getattr(importlib.import_module(f"{_FOLDER}.{module}"), attribute)()
        except ImportError as error:
            reasons.append(f"{attribute}: {error}")
        else:
            return backend
    raise NoBackendError(
        "no backend can draw storyboards: " + "; ".join(reasons) + ". Install skia-python with the system "
        "libraries libGL.so.1 and libEGL.so.1 (Debian: libgl1, libegl1), or resvg-py, which needs none."
    )
