"""JSON of the model's types, whose validators are built when they are first needed: together they take long."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


class Json(Generic[T]):
    """A type of pydantic's or a dataclass, to and from JSON."""

    def __init__(self, type_: type[T]) -> None:
        self._type = type_

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        from pydantic import TypeAdapter

        return TypeAdapter(self._type)

    def validate_json(self, text: str | bytes) -> T:
        """The value of a text. Raises pydantic's ValidationError, a ValueError."""
        return self._adapter.validate_json(text)

    def dump_json(self, value: T) -> bytes:
        """The text of a value, in UTF-8."""
        return self._adapter.dump_json(value)

    def plain(self, value: T) -> Any:  # noqa: ANN401
        """What the text of a value says, as dicts, lists, strings and numbers."""
        return self._adapter.dump_python(value, mode="json")
