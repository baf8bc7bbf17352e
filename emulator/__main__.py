"""`python -m emulator up|down|status`: an AWS account on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from emulator import environment, lifetime
from emulator.credentials import RealAccountInReach


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start in the background and wait until it answers")
    start.add_argument("--port", type=int, default=lifetime.DEFAULT_PORT)
    start.add_argument("--runtime", choices=("process", "container"), default="process")
    start.add_argument("--speed", type=float, default=1.0, help="times faster that AWS's own waits and periods pass")
    stop = commands.add_parser("down", help="stop it and everything it started")
    show = commands.add_parser("status", help="say whether it runs, and with which environment it is reached")
    for command in (start, stop, show):
        command.add_argument("--state-dir", type=Path, default=lifetime.DEFAULT_STATE_DIR)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "up":
            running = lifetime.up(chosen.port, chosen.state_dir, chosen.runtime, chosen.speed)
            print(f"emulated AWS account ready on {running.url} (process {running.pid}, log {running.log_file})")
            return 0
        if chosen.command == "down":
            stopped = lifetime.down(chosen.state_dir)
            print(f"stopped process {stopped.pid}" if stopped else "no emulator runs here")
            return 0
        found = lifetime.status(chosen.state_dir)
        state = (
            {"running": False}
            if found is None
            else {
                "running": True,
                "pid": found.pid,
                "port": found.port,
                "runtime": found.runtime,
                "environment": environment(found.port),
            }
        )
        print(json.dumps(state, indent=2))
        return 0 if found else 3
    except (lifetime.EmulatorError, RealAccountInReach) as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
