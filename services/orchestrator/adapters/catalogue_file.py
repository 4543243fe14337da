"""Reads the model catalogue from its YAML file."""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from services.orchestrator.domain.catalogue import Catalogue, CatalogueError, parse_catalogue

#: The catalogue that ships with the engine.
BUILTIN = Path(__file__).parents[1] / "catalog.yaml"


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue of a file; None = the one that ships with the engine.

    Raises:
        CatalogueError: the file can't be read, isn't YAML, or a field is wrong; each is named.
    """
    source = path if path is not None else BUILTIN
    try:
        data = YAML(typ="safe", pure=True).load(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise CatalogueError(f"{source}: can't be read as YAML: {error}") from error
    return parse_catalogue(data, str(source))
