"""Pure rules of the prompt builder: ordered facts from a conditioned shot, worded per dialect."""

from services.prompt_builder.domain.building import STAGE, build, planned_facts, rejected
from services.prompt_builder.domain.planned import KINDS, VITAL, Planned
from services.prompt_builder.domain.problems import unknown_words
from services.prompt_builder.domain.templates import (
    OPEN_TABLES,
    SLOTS,
    Entry,
    TemplateError,
    TemplateFile,
    Templates,
    assemble,
)

__all__ = [
    "KINDS",
    "OPEN_TABLES",
    "SLOTS",
    "STAGE",
    "VITAL",
    "Entry",
    "Planned",
    "TemplateError",
    "TemplateFile",
    "Templates",
    "assemble",
    "build",
    "planned_facts",
    "rejected",
    "unknown_words",
]
