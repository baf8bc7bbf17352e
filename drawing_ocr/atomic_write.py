"""A file is there whole or not at all."""

import os
import tempfile
from pathlib import Path

PARTIAL = ".partial"  # ends the name of a file that is being written; a kill leaves such files behind


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name beside it, then rename; folders above it are made.

    Args:
        path: Where the file shall be; an existing file is replaced.
        content: Text (written as UTF-8, newlines untouched) or bytes.
    """
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # mkstemp makes files only their owner may read; results are read by whoever the umask lets in.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
