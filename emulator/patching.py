"""Replacing one of moto's methods, and noticing when a new moto no longer has it."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def replace(owner: type | ModuleType, name: str, new: Any) -> None:
    """Raises `AttributeError` when there is nothing of that name: moto changed, and the patch must be looked at."""
    if not hasattr(owner, name):
        raise AttributeError(f"moto's {owner.__name__} has no {name} any more: the emulator's patch of it does nothing")
    setattr(owner, name, new)
