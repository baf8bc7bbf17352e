"""What a function can import: its own archive, its layers, and what AWS's Python runtime brings along."""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import threading
import zipfile
from pathlib import Path
from typing import Any

from emulator import settings

# The Python runtime of AWS carries exactly these besides the standard library.
_RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
_lock = threading.Lock()


def unpacked(content: bytes, digest: str) -> Path:
    """Folder with an archive's files; the same archive is unpacked once."""
    name = digest.replace("/", "_").replace("+", "-").replace("=", "")
    folder = settings.current().state_dir / "functions" / name
    with _lock:
        if not folder.exists():
            temporary = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(temporary, ignore_errors=True)
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(temporary)
                for entry in archive.infolist():  # extractall drops the permissions, and executables need them
                    if mode := entry.external_attr >> 16 & 0o777:
                        (temporary / entry.filename).chmod(mode | 0o600)
            temporary.rename(folder)
    return folder


def runtime_folder() -> Path:
    """Links to the packages of AWS's runtime, and to nothing else of our own environment."""
    folder = settings.current().state_dir / "functions" / "runtime"
    with _lock:
        folder.mkdir(parents=True, exist_ok=True)
        for package in _RUNTIME_PACKAGES:
            spec = importlib.util.find_spec(package)
            if spec is None or spec.origin is None:
                continue
            source = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
            link = folder / source.name
            if not link.is_symlink():
                os.symlink(source, link)
    return folder


def layer_folders(layers: list[dict[str, Any]], account: str, region: str) -> list[Path]:
    """`python` folders of the layers, in order."""
    from moto.awslambda.utils import get_backend

    found = []
    for layer in layers:
        version = get_backend(account, region).layers_versions_by_arn(layer["Arn"])
        if version is None:
            raise FileNotFoundError(f"the layer {layer['Arn']} does not exist")
        folder = unpacked(version.code_bytes, version.code_sha_256)
        found.append(folder / "python")
    return found
