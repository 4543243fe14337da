"""What every contract model and every event has in common."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from schemas import ids

#: Identifiers that end up in keys, URLs and object names: 1-128 of letters, digits, `_`, `.`, `-`, led by a
#: letter or digit. `/` is left out because partition keys and object keys are joined with it.
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$", strip_whitespace=False)]


class Model(BaseModel):
    """A frozen contract value. Readers ignore fields that they don't know, so that additive changes pass."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        ser_json_inf_nan="null",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Event(Model):
    """A fact that happened, past tense, published on one topic (see `schemas.topics`).

    An event's id follows from its type, `ID_VERSION` and `identity()`, never from the message that carries it: the same
    decision published twice, or in two versions, is the same event twice.
    """

    TYPE: ClassVar[str]
    """CloudEvents `type`: `film.<subject>.<past-tense>`."""
    VERSION: ClassVar[int] = 1
    """Major version of the body; the `v1` of the topic's name."""
    ID_VERSION: ClassVar[int] = 1
    """What counts as the version in ids. It stays when `VERSION` grows: a fact keeps its id in every version."""

    def identity(self) -> tuple[str, ...]:
        """What makes two events of this type the same event. Override in every event."""
        raise TypeError(f"{type(self).__name__} must define identity()")

    @property
    def event_id(self) -> str:
        """CloudEvents `id`: a UUIDv5 over type, `ID_VERSION` and identity."""
        return ids.event_id(self.TYPE, self.ID_VERSION, self.identity())

    def partition_key(self) -> str:
        """Kafka key: what must stay in order. Override in every event."""
        raise TypeError(f"{type(self).__name__} must define partition_key()")

    def subject_ref(self) -> str:
        """CloudEvents `subject`: whom the event is about; the partition key unless an event says otherwise."""
        return self.partition_key()
