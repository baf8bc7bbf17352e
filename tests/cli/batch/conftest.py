"""A deployed environment with version 1 in service, a machine that transforms, and a folder of drawings."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from cli import command
from cli.batch import run
from tests.cli.batch.machine import Machine
from tests.cli.world import World


@pytest.fixture
def machine(world: World, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(run, "POLL_SECONDS", 0.0)
    # Every run of the command line uses the clients that the machine watches.
    monkeypatch.setattr(command, "discover", lambda *_: world.environment)
    world.register("Approved")
    world.deploy(1, "drawing-reading-dev-v1-0123abcd")
    made = Machine(world)
    made.watch()
    return made


def png(shade: int = 255) -> bytes:
    """A drawing of 200 × 100 pixels; different shades are different files."""
    buffer = io.BytesIO()
    Image.new("L", (200, 100), shade).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three drawings, one of them in a folder below."""
    drawings = tmp_path / "drawings"
    (drawings / "below").mkdir(parents=True)
    for shade, name in ((255, "bracket.png"), (250, "flange.png"), (245, "below/bracket.png")):
        (drawings / name).write_bytes(png(shade))
    return drawings
