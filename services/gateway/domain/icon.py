"""The engine's icon, of our own drawing: a frame of film with hills and a sun. Pages link it, and reports hold it."""

import base64
from typing import Final

ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><title>Image Creation Engine</title>'
    '<rect width="32" height="32" rx="7" fill="#17181c"/>'
    '<path d="M7 22.5l5.5-7 4 4.5 3-3.2 5.5 5.7z" fill="#e2b058"/><circle cx="21" cy="12.8" r="2.2" fill="#e2b058"/>'
    '<rect x="4.5" y="8" width="23" height="16" rx="2" fill="none" stroke="#e2b058" stroke-width="2"/></svg>'
)
ICON_TYPE: Final = "image/svg+xml"
ICON_IN_PAGE: Final = f"data:{ICON_TYPE};base64,{base64.b64encode(ICON.encode()).decode()}"
"""For a page that fetches nothing."""
