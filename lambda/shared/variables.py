"""Environment variables as a typed model, read once when the function starts."""

import os
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import PlatformError


class Variables(BaseModel):
    """Base of each function's variables: field `pipeline_name` is read from `PIPELINE_NAME`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def read(cls) -> Self:
        """From the process's environment.

        Raises:
            PlatformError: one is missing or of the wrong type.
        """
        try:
            return cls.model_validate({name.lower(): value for name, value in os.environ.items()})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]).upper()
            raise PlatformError(f"environment variable {name}: {first['msg']}: deploy the stack anew") from None
