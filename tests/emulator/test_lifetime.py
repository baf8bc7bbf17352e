"""Starting and stopping the emulated account."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import boto3
import pytest

from emulator import DUMMY_ACCESS_KEY, DUMMY_SECRET_KEY, REGION, __main__, credentials, environment, lifetime
from tests.emulator.conftest import free_port, wait_for


def processes_of(state_dir: Path) -> list[int]:
    """Every process that names the state directory on its command line or works in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().decode()
            where = os.readlink(process / "cwd")
            if str(state_dir) in command or where.startswith(str(state_dir)):
                found.append(int(process.name))
    return [pid for pid in found if pid != os.getpid()]


def start_a_worker(running: lifetime.Running) -> None:
    """A Lambda function's process, which stays warm."""
    keys = {"aws_access_key_id": DUMMY_ACCESS_KEY, "aws_secret_access_key": DUMMY_SECRET_KEY}
    session = boto3.session.Session(region_name=REGION, **keys)
    trust = '{"Version": "2012-10-17", "Statement": []}'
    session.client("iam", endpoint_url=running.url).create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    template = """{"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {
        "FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Runtime": "python3.11",
        "Handler": "index.handler", "Code": {"ZipFile": "def handler(event, context): return 1"}}}}}"""
    session.client("cloudformation", endpoint_url=running.url).create_stack(StackName="s", TemplateBody=template)
    answer = session.client("lambda", endpoint_url=running.url).invoke(FunctionName="f")
    assert answer["Payload"].read() == b"1"


def test_down_stops_the_server_and_everything_it_started(tmp_path: Path) -> None:
    running = lifetime.up(free_port(), tmp_path / "state")
    start_a_worker(running)
    assert len(processes_of(tmp_path)) >= 3
    assert lifetime.down(running.state_dir) == running
    assert processes_of(tmp_path) == []
    assert lifetime.status(running.state_dir) is None


def test_after_kill_9_of_the_server_nothing_is_left(tmp_path: Path) -> None:
    running = lifetime.up(free_port(), tmp_path / "state")
    start_a_worker(running)
    for pid in processes_of(tmp_path):
        if "emulator.server" in Path(f"/proc/{pid}/cmdline").read_bytes().decode():
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not processes_of(tmp_path))
    assert lifetime.status(running.state_dir) is None


def test_a_second_start_in_the_same_folder_or_on_the_same_port_is_refused(tmp_path: Path) -> None:
    running = lifetime.up(free_port(), tmp_path / "one")
    try:
        with pytest.raises(lifetime.EmulatorError, match="runs already in"):
            lifetime.up(free_port(), tmp_path / "one")
        with pytest.raises(lifetime.EmulatorError, match=rf"port {running.port} is taken"):
            lifetime.up(running.port, tmp_path / "two")
    finally:
        lifetime.down(running.state_dir)


def test_a_pid_file_that_a_crash_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    # A process number that is in use, by somebody else.
    text = f'{{"pid": {os.getppid()}, "port": 1, "state_dir": "{state}", "runtime": "process", "started": 0}}'
    (state / "emulator.pid").write_text(text)
    assert lifetime.status(state) is None
    running = lifetime.up(free_port(), state)
    assert lifetime.status(state) == running
    lifetime.down(state)


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_PROFILE", "prod"), ("AWS_ACCESS_KEY_ID", "AKIAREAL"), ("AWS_SESSION_TOKEN", "t")]
)
def test_credentials_of_a_real_account_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(credentials.RealAccountInReach, match=f"unset {name}"):
        credentials.refuse_real_account({name: value})


def test_the_emulators_own_credentials_are_no_obstacle() -> None:
    credentials.refuse_real_account(environment(5000))
    assert environment(5000)["AWS_ACCESS_KEY_ID"] == DUMMY_ACCESS_KEY


def test_the_command_says_in_one_line_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    assert __main__.main(["up", "--state-dir", str(tmp_path / "state")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "state").exists()


def test_status_of_nothing_is_not_running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["status", "--state-dir", str(tmp_path)]) == 3
    assert '"running": false' in capsys.readouterr().out
