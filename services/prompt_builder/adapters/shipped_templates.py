"""The templates that come with the engine, read from `services/prompt_builder/templates/*.yaml`."""

from functools import cache
from importlib.resources import files

from anyascii import anyascii
from pydantic import ValidationError
from ruamel.yaml import YAML

from schemas.registry import describe_validation
from services.prompt_builder.adapters.clip_vocabulary import clip_tokens
from services.prompt_builder.domain import TemplateError, TemplateFile, Templates, assemble


@cache
def shipped_templates() -> Templates:
    """All shipped templates as one value; read once per process.

    Raises:
        TemplateError: a file is wrong; the message names file and field.
    """
    parser = YAML(typ="safe", pure=True)
    folder = files("services.prompt_builder").joinpath("templates")
    read = []
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if not file.name.endswith(".yaml"):
            continue
        try:
            read.append(TemplateFile.model_validate(parser.load(file.read_text(encoding="utf-8"))))
        except ValidationError as error:
            raise TemplateError(f"{file.name}: {describe_validation(error)}") from error
    return assemble(read, clip_tokens().count, anyascii)
