"""What has to stand in a process's environment before Paddle is loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_CPU = Path("/proc/cpuinfo")
_FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"),
)


def wanted(cpu: str) -> dict[str, str]:
    """Variables that are set unless the job sets them itself.

    Args:
        cpu: Content of /proc/cpuinfo.
    """
    variables = {
        # PaddleX would take 10 threads: on two busy cores 3 images/s instead of 224.
        "PADDLE_PDX_CPU_NUM_THREADS": str(os.cpu_count() or 1),
        # Nothing is looked up in the network.
        "PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK": "True",
        "PYTHONUNBUFFERED": "1",
        # Any uid, no home: caches go where every process may write.
        "PADDLE_PDX_CACHE_HOME": "/tmp/paddlex",
        "MPLCONFIGDIR": "/tmp/matplotlib",
    }
    # The MKL of Paddle's wheel takes a slow path on AMD: a step of the recogniser takes 1.27 s there, 0.66 with the
    # kernels of AVX2 (5), 0.50 with those of AVX-512 (7). On Intel the switch would slow it.
    if "AuthenticAMD" in cpu:
        variables["MKL_DEBUG_CPU_TYPE"] = "7" if "avx512dq" in cpu else "5"
    fonts = [font for font in _FONTS if font.exists()]
    if fonts:
        variables["PADDLE_PDX_LOCAL_FONT_FILE_PATH"] = str(fonts[0])
    return variables


def missing(environment: Mapping[str, str], cpu: str) -> dict[str, str]:
    """The wanted variables that are not set."""
    return {name: value for name, value in wanted(cpu).items() if name not in environment}


def enter() -> None:
    """Sets the variables and starts the program anew under the same process id, since libraries read them at start."""
    cpu = _CPU.read_text("utf-8") if _CPU.exists() else ""
    added = missing(os.environ, cpu)
    if added:
        os.environ.update(added)
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
