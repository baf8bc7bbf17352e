"""The embedded store's folder must lie on a disk of this machine.

SQLite's log and the files' maps are memory that all processes share; machines that mount one folder share none.
"""

from pathlib import Path

from drawing_ocr.search.store import StoreError

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = ("nfs", "cifs", "smb", "ceph", "lustre", "fuse.sshfs", "glusterfs")


def check_local(folder: Path, mounts: Path = _MOUNTS) -> None:
    """
    Args:
        folder: Of the store.
        mounts: The system's list of mounted file systems; a system without one is not checked.

    Raises:
        StoreError: The folder is on a network file system, such as EFS.
    """
    if not mounts.exists():
        return
    place = folder.resolve()
    kinds = {}
    for line in mounts.read_text(encoding="utf-8").splitlines():
        _, point, kind, *_ = line.split(" ")
        kinds[Path(point.encode().decode("unicode_escape"))] = kind
    kind = kinds[max((point for point in kinds if place.is_relative_to(point)), key=lambda point: len(point.parts))]
    if kind.startswith(_NETWORK):
        raise StoreError(f"{folder}: on a network file system ({kind}): use a local disk, or OpenSearch")
