"""`drawingops search` and `index`: what is sent, what is shown, and what is said when nothing can be done."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from cli import index, index_backfill, search
from cli.contact_sheet import Card, write_contact_sheet
from cli.main import app
from cli.search_api import SearchApi
from tests.cli.world import World

BOX = [[10, 10], [90, 10], [90, 60], [10, 60]]
DRAWING = {
    "id": "gears/a.png",
    "score": 0.97,
    "found_by": ["picture"],
    "region": {"kind": "view", "box": BOX, "page": 1},
    "thumbnail": "https://thumbnails/a",
    "number": "DX-<1>",
    "title": "FLANGE",
    "material": "AlMg3",
    "revision": "B",
    "date": None,
    "width": 100,
    "height": 80,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Bodies of the searches; each is answered with one hit that has a copy."""
    bodies: list[dict[str, Any]] = []

    def answer(_: SearchApi, body: dict[str, Any]) -> dict[str, Any]:
        bodies.append(body)
        copy = {**DRAWING, "id": "gears/copy.png"}
        return {"hits": [{"drawing": DRAWING, "duplicates": [copy], "revisions": []}], "drawings": 7}

    monkeypatch.setattr(SearchApi, "search", answer)
    monkeypatch.setattr(SearchApi, "fetch", lambda _, address: b"jpeg of " + address.encode())
    return bodies


def test_a_file_is_sent_and_its_hits_are_shown_with_their_pictures(
    world: World, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    picture = tmp_path / "photo.png"
    Image.new("L", (60, 40), 255).save(picture)
    out = tmp_path / "similar"
    result = world.run("search", str(picture), "--material", "AlMg3", "-k", "3", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert base64.b64decode(asked[0]["image"]) == picture.read_bytes()
    assert (asked[0]["k"], asked[0]["filters"]) == (3, {"material": ["AlMg3"]})
    assert "gears/a.png" in result.stdout
    assert (out / "01.jpg").read_bytes() == b"jpeg of https://thumbnails/a"
    page = (out / "index.html").read_text("utf-8")
    assert 'viewBox="0 0 100 80"' in page
    assert "DX-&lt;1&gt;" in page
    assert "duplicate: gears/copy.png" in page


def test_a_name_like_a_drawing_is_an_id_and_anything_else_is_words(
    world: World, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path))
    world.run("search", "drawings/gears/a.png", "--words", "flange", "--region", "1,2,30,40", *out)
    world.run("search", "flange ⌀120", *out)
    assert (asked[0]["id"], asked[0]["words"]) == ("gears/a.png", "flange")
    assert asked[0]["region"] == {"x": 1, "y": 2, "width": 30, "height": 40}
    assert (asked[1]["words"], asked[1].get("id")) == ("flange ⌀120", None)
    wrong = world.run("search", "a.png", "--region", "1,2", *out)
    assert wrong.exit_code == 1
    assert "--region 1,2: give X,Y,WIDTH,HEIGHT" in wrong.output


def test_a_scan_that_the_api_would_not_take_is_made_smaller(tmp_path: Path) -> None:
    scan = tmp_path / "scan.bmp"
    Image.effect_noise((2400, 2000), 60).save(scan)
    content, scale = search.prepared(scan)
    assert len(content) < search.LARGEST_BYTES < scan.stat().st_size
    assert scale == 1.0
    assert content.startswith(b"\xff\xd8")


def test_a_sheet_without_hits_says_so(tmp_path: Path) -> None:
    write_contact_sheet(tmp_path / "index.html", "Similar to <x>", Card(name="<x>"), [])
    text = (tmp_path / "index.html").read_text("utf-8")
    assert "Nothing is similar" in text
    assert "<x>" not in text


def test_a_backfill_that_gets_nowhere_ends_with_the_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = {"drawings": 3, "missing": 2, "stale": 0, "orphans": 0, "refused": 0, "ordered": 2, "left": 0}
    monkeypatch.setattr(index, "ask", lambda *_, **__: stuck)
    monkeypatch.setattr(index, "_waiting", lambda *_: 0)
    monkeypatch.setattr(index_backfill.Function, "ask", lambda *_, **__: {"id": "", "missing": 2})
    result = world.run("index", "backfill")
    assert result.exit_code == 1
    assert "2 drawings are not indexed whatever is done" in result.output


def test_the_status_is_the_functions_and_the_queues(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"name": "drawings-a", "model": "a/1", "drawings": 5, "searched": True, "embedded": True}
    answer = {"indexes": [one], "drawings": 6, "refused": 1, "previous": ""}
    monkeypatch.setattr(index, "ask", lambda *_, **__: answer)
    monkeypatch.setattr(index, "_waiting", lambda _, queue: 2 if queue.endswith("dead-letters") else 0)
    shown = json.loads(world.run("index", "status", "--json").stdout)
    assert (shown["waiting"], shown["dead_letters"], shown["indexes"]) == (0, 2, [one])


def test_search_needs_something_to_look_for() -> None:
    assert CliRunner().invoke(app, ["search"]).exit_code == 2
