"""Checkpoints of a training job: copied to S3 while it runs, and back before it goes on."""

from __future__ import annotations

import contextlib
import shutil
import threading
from pathlib import Path

from emulator.clients import client
from emulator.sagemaker import objects

_SECONDS = 2.0


class Checkpoints:
    """Keeps CheckpointConfig's S3 prefix and the local folder the same while the job runs."""

    def __init__(self, uri: str, folder: Path, region: str) -> None:
        self._uri, self._folder, self._region = uri, folder, region
        self._sent: dict[Path, tuple[float, int]] = {}
        self._ended = threading.Event()

    def restore(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        objects.download(self._uri, self._folder, self._region, required=False)
        self._sent = {file: self._mark(file) for file in self._files()}

    def __enter__(self) -> None:
        self._ended.clear()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._send()

    def _watch(self) -> None:
        while not self._ended.wait(_SECONDS):
            with contextlib.suppress(OSError):  # a file that is being replaced is sent in the next round
                self._send()

    def _send(self) -> None:
        bucket, prefix = objects.split(self._uri)
        s3 = client("s3", self._region)
        files = self._files()
        for file in files:
            mark = self._mark(file)
            if self._sent.get(file) != mark:
                key = f"{prefix.rstrip('/')}/{file.relative_to(self._folder).as_posix()}"
                s3.upload_file(str(file), bucket, key)
                self._sent[file] = mark
        for gone in self._sent.keys() - set(files):
            s3.delete_object(Bucket=bucket, Key=f"{prefix.rstrip('/')}/{gone.relative_to(self._folder).as_posix()}")
            del self._sent[gone]

    def _files(self) -> list[Path]:
        return [path for path in self._folder.rglob("*") if path.is_file()]

    @staticmethod
    def _mark(file: Path) -> tuple[float, int]:
        status = file.stat()
        return status.st_mtime, status.st_size
