"""Files and messages between the parts: one way to read them, with a reason in one line, and one way to write them.

Light: the standard library and pydantic only, so that it runs in a Lambda bundle.
"""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from drawing_ocr.validation import first_reason


class Contract(BaseModel):
    """Base of the models that docs/architecture.md describes; a subclass names its own error in `fault`."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, protected_namespaces=())

    fault: ClassVar[type[ValueError]] = ValueError
    indent: ClassVar[int | None] = None  # of the JSON; a number where people open the file

    @classmethod
    def parse(cls, data: object, *, where: str) -> Self:
        """From JSON text or bytes, or from what JSON was parsed to.

        Args:
            data: In the form of the contract.
            where: What to name in an error, for example ``manifest.jsonl line 3``.

        Raises:
            ValueError: The class's `fault`: the first thing that is wrong, in one line that starts with `where`.
        """
        try:
            return cls.model_validate_json(data) if isinstance(data, str | bytes) else cls.model_validate(data)
        except ValidationError as error:
            raise cls.fault(f"{where}: {first_reason(error)}") from error

    def to_json(self) -> str:
        """In the form of the contract; equal content gives equal bytes."""
        return self.model_dump_json(by_alias=True, indent=self.indent) + "\n"
