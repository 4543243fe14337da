"""Settings of the prompt builder: those that every service has."""

from services.chassis.settings import ServiceSettings


class PromptBuilderSettings(ServiceSettings):
    """The prompt builder holds nothing and reaches the broker only; its templates come with the code."""
