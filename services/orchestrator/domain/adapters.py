"""Which of the wanted adapters a model applies, and why not the others; decided before anything is sent."""

from dataclasses import dataclass

from schemas.bible import Lora
from schemas.prompt import PromptBuilt
from services.orchestrator.domain.catalogue import LoraSource, ModelCard
from services.orchestrator.domain.references import WantedLora, wanted_loras

#: Trained for another family of models than this one.
BASE_MISMATCH = "lora-base-mismatch"


@dataclass(frozen=True, slots=True)
class Misfit:
    """An adapter that a model can't apply: a code for programs, the reason for people."""

    wanted: WantedLora
    code: str
    reason: str

    @property
    def refuses_the_model(self) -> bool:
        """Whether the model isn't to be asked at all, rather than without the adapter.

        A file that the registry has checked and that is for another family would be a wrong face for sure on a model
        that was meant to apply it. The bible may say otherwise, both ways.
        """
        lora = self.wanted.lora
        if lora.required is not None:
            return lora.required
        return self.code == BASE_MISMATCH and lora.sha256 is not None


def matched(card: ModelCard, prompt: PromptBuilt) -> tuple[tuple[Lora, ...], tuple[Misfit, ...]]:
    """The adapters that are sent, in order of need, and those that aren't, with the reasons."""
    sent: list[Lora] = []
    misfits: list[Misfit] = []
    for item in wanted_loras(prompt):
        why = _misfit(card, item.lora, len(sent))
        if why is None:
            sent.append(item.lora)
        else:
            misfits.append(Misfit(item, *why))
    return tuple(sent), tuple(misfits)


def _misfit(card: ModelCard, lora: Lora, taken: int) -> tuple[str, str] | None:
    takes, base = card.loras, lora.base_model
    if not takes.max:
        return "lora-not-supported", f"{card.model} takes no adapters"
    if takes.base is not None and base is not None and base.lower() != takes.base.lower():
        return BASE_MISMATCH, f"trained for {base}, {card.model} takes adapters for {takes.base}"
    if takes.by is LoraSource.FILE and lora.uri is None:
        return "lora-file-unknown", f"{card.model} applies files of the registry, and it has none of that name"
    if takes.by is LoraSource.VENDOR and lora.uri is not None:
        return "lora-not-at-vendor", f"{card.model} applies adapters by its vendor's ids, not files of the registry"
    if taken == takes.max:
        return "lora-dropped", f"{card.model} takes {takes.max} adapter(s)"
    return None
