"""Stages keep their promises or end the demo; what it got to is on the page."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from cli.demo.page import write_page
from cli.demo.scores import Readings
from cli.demo.stage import BrokenPromise, Journal
from cli.demo.summary import Summary
from cli.reading import FileRead


def journal() -> tuple[Journal, io.StringIO]:
    text = io.StringIO()
    return Journal(Console(file=text, width=120, force_terminal=False)), text


def test_a_stage_shows_its_header_its_promises_and_its_time() -> None:
    diary, text = journal()
    with diary.stage("An account starts") as stage:
        stage.promise(True, "six stacks are deployed")
        stage.figure("stacks", "6")
    assert "1  An account starts" in text.getvalue()
    assert "✓ six stacks are deployed" in text.getvalue()
    assert diary.results[0].figures == {"stacks": "6"}
    assert "\x1b" not in text.getvalue()


def test_a_promise_that_does_not_hold_ends_the_demo_and_is_named_with_its_stage() -> None:
    diary, _ = journal()
    with diary.stage("first"):
        pass
    with pytest.raises(BrokenPromise, match="stage 2: 3 of 40 requests failed"), diary.stage("second") as stage:
        stage.promise(False, "3 of 40 requests failed")
    assert [result.title for result in diary.results] == ["first"]


def test_the_page_of_a_broken_demo_names_the_promise_and_what_was_kept(tmp_path: Path) -> None:
    diary, _ = journal()
    with diary.stage("first <stage>") as stage:
        stage.promise(True, "kept & shown")
    page = write_page(tmp_path, diary, [], scores=[], comparison=None, broken="stage 2: lost a request")
    html = page.read_text()
    assert "stage 2: lost a request" in html
    assert "first &lt;stage&gt;" in html
    assert "kept &amp; shown" in html


def test_the_summary_holds_every_figure(tmp_path: Path) -> None:
    diary, _ = journal()
    with diary.stage("first") as stage:
        stage.figure("stacks", "6")
    summary = Summary(
        succeeded=False, broken="x", seconds=diary.seconds, stages=diary.results, scores=[], comparison=None
    )
    data = json.loads(summary.save(tmp_path).read_text())
    assert data["stages"][0]["figures"] == {"stacks": "6"}
    assert data["broken"] == "x"


def test_the_page_shows_each_drawing_as_every_version_read_it(tmp_path: Path) -> None:
    diary, _ = journal()
    files = {
        version: FileRead(file=Path("a.png"), seconds=1, overlays=[tmp_path / version / "a.png"])
        for version in ("v1", "v2", "v3")
    }
    readings = [Readings(version, [file]) for version, file in files.items()]
    html = write_page(tmp_path, diary, readings, scores=[], comparison=None, broken=None).read_text()
    assert "From left to right: v1, v2, v3." in html
    assert [part.split('"')[0] for part in html.split('<img src="')[1:]] == ["v1/a.png", "v2/a.png", "v3/a.png"]
