"""`drawingops search`: drawings that resemble a file, an indexed drawing or a part of one, or that have some words."""

import base64
import io
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image
from rich.console import Group, RenderableType
from rich.table import Table

from cli.command import Call, command
from cli.console import Result
from cli.contact_sheet import Card, write_contact_sheet
from cli.errors import OperatorError
from cli.search_api import SearchApi
from cli.served_files import SUFFIXES
from drawing_ocr.reading.image import load_file

# What the API takes is 5.8 MB in base64; a scan is as well recognised with fewer pixels.
LARGEST_BYTES = 4_000_000
LONGEST_SIDE = 3000
QUALITY = 85
SHOWN = ("number", "title", "material", "revision", "date")


class Found(Result):
    """The hits as the API gave them, and the contact sheet."""

    asked: str
    hits: list[dict[str, Any]]
    drawings: int
    sheet: Path

    def render(self) -> RenderableType:
        table = Table("", "score", "drawing", "number", "title", "material", "rev.", "by", "same part")
        for rank, hit in enumerate(self.hits, 1):
            drawing = hit["drawing"]
            score = "-" if drawing["score"] is None else f"{drawing['score']:.3f}"
            same = len(hit["duplicates"]) + len(hit["revisions"])
            facts = (str(drawing[name] or "") for name in ("number", "title", "material", "revision"))
            table.add_row(str(rank), score, drawing["id"], *facts, ", ".join(drawing["found_by"]), str(same or ""))
        told = f"{len(self.hits)} of {self.drawings} drawings; with pictures: {self.sheet}"
        return Group(table, told) if self.hits else f"nothing is similar to {self.asked} among {self.drawings} drawings"


def add_to(app: typer.Typer) -> None:
    """Adds `search` to the top of the command line."""
    command(
        app,
        "search",
        "drawingops search photo.jpg",
        'drawingops search gears/dx-4711.png --words "AlMg3" -k 20',
        'drawingops search "flange ⌀120"',
    )(search)


def search(
    call: Call,
    what: Annotated[str, typer.Argument(metavar="FILE|ID|WORDS", help="A file, a key below drawings/, or words.")],
    words: Annotated[str | None, typer.Option("--words", help="Words besides a picture.")] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="X,Y,W,H", help="The part that is looked for, pixels of the page.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-k", min=1, max=100, help="Parts that are shown.")] = 10,
    min_score: Annotated[float, typer.Option("--min-score", min=0, max=1)] = 0.0,
    material: Annotated[list[str] | None, typer.Option("--material", help="One of these.")] = None,
    number: Annotated[list[str] | None, typer.Option("--number", help="One of these; * at its end: begins so.")] = None,
    revision: Annotated[list[str] | None, typer.Option("--revision", help="One of these.")] = None,
    category: Annotated[list[str] | None, typer.Option("--category", help="One of these.")] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the contact sheet goes.")] = Path("similar"),
) -> Result:
    """Finds similar drawings: a table, and DIR/index.html with their pictures."""
    named = {"material": material, "number": number, "revision": revision, "category": category}
    filters = {name: values for name, values in named.items() if values}
    body: dict[str, Any] = {"k": count, "min_score": min_score, "filters": filters}
    file = Path(what)
    picture: bytes | None = None
    if file.is_file():
        picture, scale = prepared(file)
        body["image"] = base64.b64encode(picture).decode()
    elif file.suffix.lower() in SUFFIXES:
        scale = 1.0
        body["id"] = what.removeprefix("drawings/")
    else:
        scale = 1.0
        body["words"] = what
    if words:
        body["words"] = words if "words" not in body else f"{what} {words}"
    if region:
        body["region"] = _rectangle(region, scale)
    return find(SearchApi(call.environment), body, what, out, picture)


def find(api: SearchApi, body: dict[str, Any], asked: str, out: Path, picture: bytes | None = None) -> Found:
    """Asks, and writes the contact sheet into `out`; `picture` is shown as what was asked for."""
    answer = api.search(body)
    out.mkdir(parents=True, exist_ok=True)
    card: Card | None = None
    if picture is not None:
        (out / "asked.jpg").write_bytes(_jpeg(picture))
        card = Card(name=asked, picture="asked.jpg")
    cards = [_card(api, hit, out, rank) for rank, hit in enumerate(answer["hits"], 1)]
    sheet = out / "index.html"
    write_contact_sheet(sheet, f"Similar to {asked}", card, cards)
    return Found(asked=asked, hits=answer["hits"], drawings=answer["drawings"], sheet=sheet)


def prepared(file: Path) -> tuple[bytes, float]:
    """A file as the API takes it, and by how much its first page was made smaller."""
    content = file.read_bytes()
    if len(content) <= LARGEST_BYTES:
        return content, 1.0
    page = next(load_file(file))
    image = Image.fromarray(page[:, :, ::-1]).convert("L")
    scale = min(1.0, LONGEST_SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    written = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(written, "JPEG", quality=QUALITY)
    return written.getvalue(), scale


def _rectangle(text: str, scale: float) -> dict[str, int]:
    try:
        x, y, width, height = (round(float(part) * scale) for part in text.split(","))
    except ValueError:
        raise OperatorError(f"--region {text}: give X,Y,WIDTH,HEIGHT in pixels") from None
    return {"x": x, "y": y, "width": width, "height": height}


def _card(api: SearchApi, hit: dict[str, Any], out: Path, rank: int) -> Card:
    drawing = hit["drawing"]
    name = f"{rank:02d}.jpg"
    thumbnail = api.fetch(drawing["thumbnail"])
    if thumbnail:
        (out / name).write_bytes(thumbnail)
    others = [(each, what) for what in ("duplicates", "revisions") for each in hit[what]]
    return Card(
        name=drawing["id"],
        score=drawing["score"],
        picture=name if thumbnail else None,
        size=(drawing["width"], drawing["height"]),
        box=drawing["region"]["box"] if drawing["region"] else None,
        facts={name: str(drawing[name] or "") for name in SHOWN},
        same=tuple(f"{what.removesuffix('s')}: {each['id']} {each['revision']}" for each, what in others),
    )


def _jpeg(picture: bytes) -> bytes:
    from drawing_ocr.reading.image import load_bytes

    image = Image.fromarray(next(load_bytes(picture))[:, :, ::-1])
    image.thumbnail((800, 800))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
