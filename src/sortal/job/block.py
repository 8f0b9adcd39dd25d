"""What all blocks of a job file have in common, and the types of their fields."""

from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)

from sortal.job.title import LONGEST, PATTERN, WORDS
from sortal.job.type_names import TypeName
from sortal.metrics import registry


def _known_encoding(name: str) -> str:
    """Refuse what is no encoding of text."""
    try:
        # Python does not look up the encoding of an empty text.
        "a".encode(name)
    except (LookupError, UnicodeError) as error:
        raise ValueError("unknown encoding") from error
    return name


Fraction = Annotated[float, Field(ge=0, lt=1)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Name = Annotated[str, Field(min_length=1)]
File = Annotated[Name, TypeName("a file name", "file names")]
Delimiter = Annotated[
    str,
    Field(pattern=r"^([\x01-\x09\x0b\x0c\x0e-!#-/:-@\[-^`{-~]|tab|\\t|space)$"),
    TypeName("one character that is no letter, digit or quote, or `tab` or `space`", "characters"),
]
Encoding = Annotated[
    Name,
    AfterValidator(_known_encoding),
    TypeName("the name of an encoding, such as `utf-8`, `utf-16` or `windows-1252`", "encodings"),
]
Comment = Annotated[
    str, Field(pattern=r"""^[^"\r\n]*$"""), TypeName("text without quotes and line breaks", "texts")
]


def _number_as_name(given: Any) -> Any:
    """A column may be called 3 or 0.5, and YAML then reads a number."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return str(given) if is_number else given


Column = Annotated[
    Name, BeforeValidator(_number_as_name), TypeName("a column name", "column names")
]
AnyColumn = Annotated[
    str, BeforeValidator(_number_as_name), TypeName("a column name", "column names")
]
"""The one column that has no name is called by an empty text."""
ClassName = Annotated[
    str | int | float | bool, TypeName("text, a number, or true or false", "names of classes")
]
Expression = Annotated[Name, TypeName("an expression over columns", "expressions over columns")]
Title = Annotated[
    str,
    Field(pattern=f"^{PATTERN}$", max_length=LONGEST),
    TypeName(WORDS, "titles"),
]

_METRICS = f"one of {', '.join(registry.names())}, or the name of a metric that `metrics` lists"
MetricName = Annotated[
    str,
    TypeName(_METRICS, "names of metrics"),
    WithJsonSchema({"anyOf": [{"enum": list(registry.names())}, {"type": "string"}]}),
]
MetricPath = Annotated[
    str,
    Field(pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*[.:][^\W\d]\w*$"),
    TypeName("the import path of a function, such as `package.module.function`", "import paths"),
]


class JobBlock(BaseModel):
    """Base of all blocks of a job file: frozen, unknown keys refused, nothing converted.

    Blocks built in Python are checked field by field; `sortal.job.read.read_mapping`
    also holds the fields against each other.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )

    later: ClassVar[frozenset[str]] = frozenset()
    """Fields that older versions did not have. They are left out of JSON where they are at their
    defaults, so that what is stored, and keys that are made of it, stay as they are."""

    @model_serializer(mode="wrap")
    def _without_later(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        plain: dict[str, Any] = write(self)
        fields = type(self).model_fields
        unset = {name for name in self.later if getattr(self, name) == fields[name].default}
        return {name: value for name, value in plain.items() if name not in unset}
