"""The base of values that are stored as JSON: each class says its form once, for reading and writing."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, ValidationError
from pydantic import model_serializer as serialised_by

from sortal.errors import Damaged
from sortal.job.validation import problems_of
from sortal.store.files.json_lines import Record, plain


class StoredValue(BaseModel):
    """A frozen value with a JSON form. Fields that an older version did not write have defaults."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    later: ClassVar[frozenset[str]] = frozenset()
    """Fields that are left out of JSON at their defaults."""

    @serialised_by(mode="wrap")
    def _without_later(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        fields = type(self).model_fields
        usual = {name for name in self.later if getattr(self, name) == fields[name].default}
        return {name: value for name, value in written.items() if name not in usual}

    def to_json(self, *, without: str | None = None) -> Record:
        """The value as plain JSON; NaN becomes null.

        Args:
            without: A field to leave out.

        Raises:
            TypeError: A parameter or the like has no JSON form.
        """
        written: Record = plain(self.model_dump(exclude={without} if without else None))
        return written

    @classmethod
    def from_json(cls, stored: object, place: str) -> Self:
        """Read what `to_json` made.

        Args:
            stored: Parsed JSON.
            place: File, and line if it has several, for the error.

        Raises:
            Damaged: It is of another form; the text names the first field that is.
        """
        try:
            return cls.model_validate(stored)
        except ValidationError as error:
            problem = problems_of(error, stored, cls)[0]
            raise Damaged(f"{place}: {problem}") from error
