"""Arguments of a processing job: `--replay-ratio 0.3` for the field `replay_ratio` of a model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

Options = TypeVar("Options", bound=BaseModel)


class ArgumentsError(ValueError):
    """Arguments that cannot be used; the message is one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ArgumentsError(f"{message}; {' '.join(self.format_usage().split())}")


def parse(model: type[Options], arguments: Sequence[str]) -> Options:
    """Options of a job; what is not given has its default.

    Args:
        model: Its fields are the known arguments.
        arguments: Of the command line, without the program's name.

    Raises:
        ArgumentsError: An unknown argument, or a value of the wrong type or out of range.
    """
    parser = _Parser(allow_abbrev=False)
    for name in model.model_fields:
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, default=argparse.SUPPRESS)
    given = vars(parser.parse_args(arguments))
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise ArgumentsError(f"--{name.replace('_', '-')} {given.get(name)}: {first['msg']}") from error
