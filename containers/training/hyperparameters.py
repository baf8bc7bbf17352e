"""`hyperparameters.json`: all values are strings, and a wrong one is one line that names it."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Options = TypeVar("Options", bound=BaseModel)


class HyperparameterError(ValueError):
    """A hyperparameter that cannot be used; the message is one line."""


def read_target(path: Path) -> str:
    """What the job trains: "embedder", or else a part of the reader.

    Args:
        path: Of `hyperparameters.json`; it need not exist.

    Raises:
        HyperparameterError: No JSON object.
    """
    return str(_given(path).get("target", "recogniser"))


def read_options(path: Path, model: type[Options]) -> Options:
    """The options of the run; what is not given has its default.

    Args:
        path: Of `hyperparameters.json`; it need not exist.
        model: Its fields are the known hyperparameters.

    Raises:
        HyperparameterError: No JSON object, an unknown name, or a value of the wrong type or out of range.
    """
    given = _given(path)
    known = model.model_fields
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise HyperparameterError(f"hyperparameter {name} is not known: {hint}")
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        reason = _range(model, name, first["msg"])
        raise HyperparameterError(f"hyperparameter {name} = {given.get(name)!r}: {reason}") from error


def _given(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise HyperparameterError(f"{path}: not JSON: {error}") from error
    if not isinstance(values, dict):
        raise HyperparameterError(f"{path}: not a JSON object of names and strings")
    # The SageMaker SDK adds keys of its own and encodes strings once more.
    return {name: _plain(value) for name, value in values.items() if not name.startswith("sagemaker_")}


def _plain(value: Any) -> Any:
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def _range(model: type[BaseModel], name: str, message: str) -> str:
    """What is wrong, and all that the field asks for."""
    limits = [
        f"{sign} {getattr(constraint, attribute)}"
        for constraint in model.model_fields[name].metadata
        for attribute, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
        if getattr(constraint, attribute, None) is not None
    ]
    return f"{message} (allowed: {' and '.join(limits)})" if limits else message
