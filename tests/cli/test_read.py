"""`drawingops read`: answers, pictures and scores; nothing of the user's is overwritten."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from PIL import Image
from typer.testing import CliRunner

from cli import read as read_command
from cli.endpoint import Endpoint
from cli.errors import OperatorError
from cli.main import app
from cli.reading import check_output, read_files
from drawing_ocr.reading.image import load_file
from drawing_ocr.reading.result import ModelName, Prediction, ReadingResult
from tests.cli.world import ENDPOINT, World

BOX = ((10.0, 10.0), (90.0, 10.0), (90.0, 30.0), (10.0, 30.0))


class OneText:
    """Reads the same text in the same place of every page."""

    def __init__(self, text: str = "⌀50") -> None:
        self.text = text

    def read(self, path: Path) -> ReadingResult:
        pages = list(load_file(path))
        several = len(pages) > 1
        return ReadingResult(
            predictions=tuple(
                Prediction(box=BOX, text=self.text, confidence=0.9, page=number if several else None)
                for number in range(1, len(pages) + 1)
            ),
            width=200,
            height=100,
            pages=len(pages),
            model=ModelName(name="test", version="3"),
        )


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    folder = tmp_path / "drawings"
    folder.mkdir()
    Image.new("RGB", (200, 100), "white").save(folder / "bracket.png")
    return folder / "bracket.png"


def label(drawing: Path, text: str) -> None:
    """Puts LabelMe labels beside a drawing."""
    shape = {"label": text, "points": [[8, 8], [92, 32]], "shape_type": "rectangle", "flags": {}}
    document = {"shapes": [shape], "imagePath": drawing.name, "imageWidth": 200, "imageHeight": 100}
    drawing.with_suffix(".json").write_text(json.dumps(document))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A command line whose model reads one text."""
    monkeypatch.setattr(read_command, "_source", lambda *_: OneText())
    return CliRunner()


def test_the_answer_has_the_form_of_invocations_and_the_picture_the_page_s_size(
    run: CliRunner, drawing: Path, tmp_path: Path
) -> None:
    result = run.invoke(app, ["read", str(drawing), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.stderr
    answer = json.loads((tmp_path / "out" / "bracket.json").read_text())
    assert answer["predictions"] == [
        {"box": [list(point) for point in BOX], "text": "⌀50", "confidence": 0.9, "category": "text"}
    ]
    assert {"width", "height", "pages", "model", "warnings"} <= set(answer)
    assert Image.open(tmp_path / "out" / "bracket.png").size == (200, 100)


@pytest.mark.parametrize(("text", "exact", "cer"), [("∅50", "1 of 1", "0.000"), ("⌀55", "0 of 1", "0.333")])
def test_labels_beside_a_drawing_score_it(
    run: CliRunner, drawing: Path, tmp_path: Path, text: str, exact: str, cer: str
) -> None:
    label(drawing, text)
    result = run.invoke(app, ["read", str(drawing), "--out", str(tmp_path / "out")])
    assert exact in result.stdout
    assert cer in result.stdout


def test_other_json_beside_a_drawing_is_no_label(run: CliRunner, drawing: Path, tmp_path: Path) -> None:
    drawing.with_suffix(".json").write_text("{}")
    result = run.invoke(app, ["read", str(drawing), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert "CER" not in result.stdout


def test_a_document_gets_one_picture_a_page(run: CliRunner, tmp_path: Path) -> None:
    pages = [Image.new("RGB", (200, 100), "white") for _ in range(2)]
    pages[0].save(tmp_path / "set.tif", save_all=True, append_images=pages[1:])
    answer = run.invoke(app, ["read", str(tmp_path / "set.tif"), "--out", str(tmp_path / "out"), "--json"])
    pictures = json.loads(answer.stdout)["files"][0]["overlays"]
    assert len(pictures) == 2
    assert all(Path(picture).is_file() for picture in pictures)


def test_the_formats_that_are_asked_for_are_written_and_no_others(
    run: CliRunner, drawing: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run.invoke(app, ["read", str(drawing), "--out", str(out), "--format", "csv, svg", "--json"])
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in out.iterdir()) == ["bracket.csv", "bracket.svg"]
    assert json.loads(result.stdout)["files"][0]["written"] == [str(out / "bracket.csv"), str(out / "bracket.svg")]


def test_a_glob_is_expanded_by_the_command_too(run: CliRunner, drawing: Path, tmp_path: Path) -> None:
    pattern = str(drawing.parent.parent / "**" / "*.png")
    result = run.invoke(app, ["read", pattern, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out" / "bracket.json").is_file()


def test_a_folder_is_read_with_all_kinds_of_drawings(drawing: Path) -> None:
    for name in ("a.PDF", "b.dxf", "c.tiff", "notes.txt"):
        (drawing.parent / name).touch()
    assert [path.name for path in read_command.find_pictures([drawing.parent])] == [
        "a.PDF",
        "b.dxf",
        "bracket.png",
        "c.tiff",
    ]


def test_warnings_are_told_with_their_file(
    monkeypatch: pytest.MonkeyPatch, run: CliRunner, drawing: Path, tmp_path: Path
) -> None:
    class Warns(OneText):
        def read(self, path: Path) -> ReadingResult:
            return super().read(path).model_copy(update={"warnings": ("page 1: letters are small",)})

    monkeypatch.setattr(read_command, "_source", lambda *_: Warns())
    result = run.invoke(app, ["read", str(drawing), "--out", str(tmp_path / "out")])
    assert "warning: bracket.png: page 1: letters are small" in result.stdout


def test_a_file_that_breaks_the_reader_stops_no_other_and_leaves_nothing(drawing: Path, tmp_path: Path) -> None:
    class Breaks(OneText):
        def read(self, path: Path) -> ReadingResult:
            if path == drawing:
                raise KeyError("damage leads anywhere")
            return super().read(path)

    second = tmp_path / "second.png"
    second.write_bytes(drawing.read_bytes())
    first, other = read_files(Breaks(), [drawing, second], tmp_path / "out", lambda: None)
    assert first.error is not None
    assert "KeyError" in first.error
    assert other.error is None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["second.json", "second.png"]


def test_the_users_own_labels_are_never_overwritten(run: CliRunner, drawing: Path) -> None:
    label(drawing, "⌀50")
    before = drawing.with_suffix(".json").read_bytes()
    result = run.invoke(app, ["read", str(drawing), "--out", str(drawing.parent)])
    assert result.exit_code == 1
    assert "choose another folder" in result.stderr
    assert drawing.with_suffix(".json").read_bytes() == before


def test_two_files_of_one_name_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="two files are called part"):
        check_output([tmp_path / "a" / "part.png", tmp_path / "b" / "part.pdf"], tmp_path / "out")


def test_a_file_that_cannot_be_read_is_reported_and_the_others_are_read(
    run: CliRunner, drawing: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n")
    result = run.invoke(app, ["read", str(broken), str(drawing), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "broken.png" in result.stdout
    assert (tmp_path / "out" / "bracket.json").is_file()
    assert not (tmp_path / "out" / "broken.json").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nowhere.png"], "nowhere.png: there is no such file"),
        (["{empty}"], "no picture and no PDF in this folder"),
        (["{drawing}", "--endpoint", "--model", "x.tar.gz"], "--endpoint and --model exclude each other"),
        (["{drawing}", "--model", "x.tar.gz"], "x.tar.gz"),
        (["{empty}/*.pdf"], "*.pdf: no file matches"),
        (["{drawing}", "--format", "json,docx"], "format 'docx' is not known: use json, csv, labelme"),
        (["{drawing}", "--format", ","], "--format: name at least one of json, csv"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, drawing: Path, arguments: list[str], part: str
) -> None:
    (tmp_path / "empty").mkdir()
    filled = [argument.format(empty=tmp_path / "empty", drawing=drawing) for argument in arguments]
    result = CliRunner().invoke(app, ["read", *filled, "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert part in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def model_error(code: str, message: str, **response: object) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **response}, "InvokeEndpoint")


class Runtime:
    """Answers InvokeEndpoint with one thing after the other."""

    def __init__(self, answers: Sequence[Exception | str]) -> None:
        self.answers = list(answers)
        self.names: list[str] = []

    def invoke_endpoint(self, *, EndpointName: str, **_: object) -> dict[str, io.BytesIO]:
        self.names.append(EndpointName)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(answer.encode())}


ANSWER = ReadingResult(width=1, height=1, model=ModelName(name="test", version="2")).model_dump_json()


def endpoint(world: World, monkeypatch: pytest.MonkeyPatch, *answers: Exception | str) -> tuple[Endpoint, Runtime]:
    reading, runtime = Endpoint(world.environment), Runtime(answers)
    monkeypatch.setitem(vars(reading), "_client", runtime)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    return reading, runtime


def test_the_endpoint_is_asked_again_while_it_is_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = model_error("ModelNotReadyException", "loading")
    reading, runtime = endpoint(world, monkeypatch, busy, busy, ANSWER)
    assert reading.read(b"png", "a.png").model.version == "2"
    assert runtime.names == [ENDPOINT] * 3


def test_the_callers_own_mistake_is_not_repeated_and_is_said_in_the_servers_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = json.dumps({"error": {"code": "UnreadableImage", "message": "image: damaged or truncated"}})
    refused = model_error("ModelError", "Received client error (400)", OriginalStatusCode=400, OriginalMessage=said)
    reading, runtime = endpoint(world, monkeypatch, refused, ANSWER)
    with pytest.raises(OperatorError, match=r"a\.png: image: damaged or truncated"):
        reading.read(b"png", "a.png")
    assert len(runtime.names) == 1


def test_an_endpoint_that_is_not_there_names_the_remedy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = model_error("ValidationError", f"Endpoint {ENDPOINT} of account 123456789012 not found.")
    reading, _ = endpoint(world, monkeypatch, absent)
    with pytest.raises(OperatorError, match="approve a version with `drawingops models approve`"):
        reading.read(b"png", "a.png")


def test_progress_is_told_after_every_file(drawing: Path, tmp_path: Path) -> None:
    told: list[int] = []
    list(read_files(OneText(), [drawing], tmp_path / "out", lambda: told.append(1)))
    assert told == [1]
