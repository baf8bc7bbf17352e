"""A file is there whole or not at all."""

import os
from pathlib import Path

import pytest

from drawing_ocr.atomic_write import write_atomically


def test_text_is_written_byte_for_byte_and_folders_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.txt", "⌀\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"\xe2\x8c\x80\n"
    assert os.listdir(tmp_path / "a") == ["b.txt"]


def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    write_atomically(tmp_path / "x", b"1")
    (tmp_path / "y").write_bytes(b"1")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "y").stat().st_mode


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text("old")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_atomically(tmp_path / "x", "new")
    assert (tmp_path / "x").read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]
