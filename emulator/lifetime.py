"""Starting, finding and stopping the emulator in the background."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from emulator import environment
from emulator.credentials import refuse_real_account
from emulator.settings import Runtime

DEFAULT_STATE_DIR = Path(".local/emulator")
DEFAULT_PORT = 5000
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_ROOT = Path(__file__).resolve().parent.parent


class EmulatorError(RuntimeError):
    """The emulator could not be started or stopped; the message says why and what to do."""


@dataclass(frozen=True)
class Running:
    """One emulator in the background."""

    pid: int
    port: int
    state_dir: Path
    runtime: Runtime
    started: float

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.state_dir / "emulator.log"


def up(
    port: int = DEFAULT_PORT,
    state_dir: Path = DEFAULT_STATE_DIR,
    runtime: Runtime = "process",
    speed: float = 1.0,
) -> Running:
    """Starts the emulator and waits until it answers.

    `speed`: how many times faster than in AWS health check limits, waits of a deployment and alarm periods pass.

    Raises `EmulatorError` when one runs already in this folder or on this port, or when it does not come up;
    `RealAccountInReach` when the environment holds credentials of a real account.
    """
    refuse_real_account(os.environ)
    state_dir.mkdir(parents=True, exist_ok=True)
    state_dir = state_dir.resolve()
    with _only_one(state_dir):
        if running := status(state_dir):
            raise EmulatorError(
                f"an emulator runs already in {state_dir} (process {running.pid}, port {running.port}): "
                "use it, or stop it with `python -m emulator down`"
            )
        _refuse_taken_port(port)
        command = [sys.executable, "-m", "emulator.supervisor", "--port", str(port)]
        command += ["--state-dir", str(state_dir), "--runtime", runtime, "--speed", str(speed)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        inherited["PYTHONPATH"] = str(_ROOT)
        with (state_dir / "emulator.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=_ROOT,
                env={**inherited, **environment(port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running = Running(process.pid, port, state_dir, runtime, time.time())
        _wait_until_ready(process, running)
        _write_pid_file(running)
    return running


def down(state_dir: Path = DEFAULT_STATE_DIR) -> Running | None:
    """Stops the emulator of this folder with everything it started; None when none runs."""
    running = status(state_dir)
    if running is None:
        _pid_file(state_dir).unlink(missing_ok=True)
        return None
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _alive(running.pid):
        if time.monotonic() > deadline:
            raise EmulatorError(f"the emulator (process {running.pid}) did not stop; its log is {running.log_file}")
        time.sleep(0.05)
    _pid_file(state_dir).unlink(missing_ok=True)
    return running


def status(state_dir: Path = DEFAULT_STATE_DIR) -> Running | None:
    """The emulator that runs in this folder, or None; a pid file that a crash left behind counts as None."""
    try:
        known = json.loads(_pid_file(state_dir).read_text())
        running = Running(**{**known, "state_dir": Path(known["state_dir"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return running if _alive(running.pid) and _is_emulator(running.pid) else None


def _pid_file(state_dir: Path) -> Path:
    return state_dir / "emulator.pid"


def _write_pid_file(running: Running) -> None:
    file = _pid_file(running.state_dir)
    temporary = file.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(running), default=str))
    temporary.replace(file)


@contextlib.contextmanager
def _only_one(state_dir: Path) -> Iterator[None]:
    """Two `up` at the same moment: the second waits and then sees the first one's pid file."""
    with (state_dir / "emulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EmulatorError(f"port {port} is taken ({error.strerror}): choose another with --port") from error


def _wait_until_ready(process: subprocess.Popen[bytes], running: Running) -> None:
    deadline = time.monotonic() + _START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if process.poll() is not None:
            tail = " | ".join(running.log_file.read_text(errors="replace").splitlines()[-3:])
            raise EmulatorError(f"the emulator ended while starting (its log is {running.log_file}): {tail}")
        with contextlib.suppress(OSError), opener.open(f"{running.url}/emulator/health", timeout=5):
            return
        time.sleep(0.05)
    process.terminate()
    raise EmulatorError(f"the emulator did not answer within {_START_SECONDS:.0f} s; its log is {running.log_file}")


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError):  # our own child stays a zombie until it is waited for
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_emulator(pid: int) -> bool:
    """Process numbers are used again: a stale file must not make us take, or kill, somebody else's process."""
    try:
        return b"emulator.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
