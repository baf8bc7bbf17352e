"""Tests of drawing_ocr/search/embedded/local_disk.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawing_ocr.search.embedded.local_disk import check_local
from drawing_ocr.search.store import StoreError

MOUNTS = """\
overlay / overlay rw 0 0
127.0.0.1:/ /mnt/index nfs4 rw,vers=4.1 0 0
/dev/vdb /mnt/index/local\\040disk ext4 rw 0 0
"""


def test_a_folder_on_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    with pytest.raises(StoreError, match=r"/mnt/index/drawings: on a network file system \(nfs4\)"):
        check_local(Path("/mnt/index/drawings"), mounts)
    check_local(Path("/mnt/index/local disk/drawings"), mounts)
    check_local(Path("/mnt/indexes"), mounts)
    check_local(tmp_path, tmp_path / "no such system")
