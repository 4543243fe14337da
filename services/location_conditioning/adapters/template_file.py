"""Location templates from the file that comes with the service."""

from functools import cache
from importlib import resources

from ruamel.yaml import YAML

from services.location_conditioning.domain.templates import Templates


@cache
def load_templates() -> Templates:
    """The templates of `templates.yaml`, read once.

    Raises:
        ValidationError: the file is incomplete or misspelt.
    """
    text = resources.files("services.location_conditioning").joinpath("templates.yaml").read_text(encoding="utf-8")
    return Templates.model_validate(YAML(typ="safe", pure=True).load(text))
