"""File systems of functions: a folder for each access point.

A process has no mounts of its own, so what is mounted at a path in AWS is elsewhere here: variables of the function
that name the path or something below it name the folder instead, as arguments of jobs below /opt/ml do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from moto.efs.models import efs_backends

from emulator import settings
from emulator.api import Caller

FOLDER = "file-systems"


def folder(arn: str, caller: Caller) -> Path:
    """Where the files of an access point lie. Raises `FileNotFoundError` where there is no such access point."""
    identity = arn.rpartition("/")[2]
    known = efs_backends[caller.account][caller.region].access_points
    if identity not in known:
        raise FileNotFoundError(f"the access point {arn} does not exist")
    point = known[identity]
    root = str((point.root_directory or {}).get("Path", "/")).strip("/")
    found = settings.current().state_dir / FOLDER / str(point.file_system_id) / root
    found.mkdir(parents=True, exist_ok=True)
    return found


def translated(environment: Mapping[str, str], mounts: Iterable[tuple[str, str]], caller: Caller) -> dict[str, str]:
    """The variables as the function's process needs them; `mounts` are pairs of access point and path."""
    found = dict(environment)
    for arn, path in mounts:
        real = folder(arn, caller)
        for name, value in environment.items():
            if value == path or value.startswith(f"{path}/"):
                found[name] = f"{real}{value.removeprefix(path)}"
    return found
