"""The environment variables of a function as one typed, frozen value, read once."""

from __future__ import annotations

import os
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import PlatformError


class Environment(BaseModel):
    """Base of each function's variables: field `data_bucket` is the variable `DATA_BUCKET`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def read(cls) -> Self:
        """From the process's environment.

        Raises:
            PlatformError: a variable is missing or wrong; the message names it.
        """
        found = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]).upper()
            raise PlatformError(f"environment variable {name}: {first['msg']}: deploy the stack anew") from error
