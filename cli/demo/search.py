"""The demo's last stage: the drawings are in the index, and a photograph of one finds it first."""

import base64
import io
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np
from PIL import Image

from cli import index
from cli.console import duration
from cli.demo.stage import Stage
from cli.environment import Environment
from cli.search import find
from cli.search_api import SearchApi
from drawing_ocr.reading.image import load_file

PREFIX = "drawings/demo/"
# Every drawing is embedded and read: two cores take some seconds for each.
MOST_DRAWINGS = 8
PATIENCE = 120.0
LOOK_SECONDS = 0.5
HITS = 6
LONGEST_SIDE = 1600


def find_similar(stage: Stage, environment: Environment, pictures: Sequence[Path], out: Path) -> None:
    """Uploads drawings, waits until they are indexed, and looks for one by a photograph of it.

    Args:
        stage: of the demo.
        environment: deployed, with a version of the reader that serves.
        pictures: files of drawings; the first one is looked for.
        out: folder of the contact sheet.
    """
    chosen = list(pictures)[:MOST_DRAWINGS]
    started = time.monotonic()
    for picture in chosen:
        environment.client("s3").put_object(
            Bucket=environment.names.data_bucket, Key=f"{PREFIX}{_name(picture)}", Body=picture.read_bytes()
        )
    stage.say(f"{len(chosen)} drawings are put below {PREFIX}; the event of each has it indexed")
    indexed = _wait(environment, len(chosen))
    stage.command("index status")
    stage.figure("indexed", f"{indexed} drawings in {duration(time.monotonic() - started)}")
    stage.promise(indexed == len(chosen), f"all {indexed} drawings are in the index")

    photo = photographed(chosen[0])
    out.mkdir(parents=True, exist_ok=True)
    (out / "photo.jpg").write_bytes(photo)
    stage.command(f"search {out / 'photo.jpg'} --out {out}")
    api = SearchApi(environment)
    body = {"k": HITS, "image": _base64(photo)}
    found = find(api, body, f"a photograph of {chosen[0].name}", out, photo)
    stage.console.print(found.render())
    first = found.hits[0]["drawing"] if found.hits else {"id": "nothing", "score": 0.0}
    wanted = f"demo/{_name(chosen[0])}"
    stage.promise(
        first["id"] == wanted,
        f"a photograph of {wanted}, turned, blurred and in bad light, finds it first"
        if first["id"] == wanted
        else f"a photograph of {wanted} finds {first['id']} first",
    )
    stage.figure("photograph", f"finds its drawing first, score {first['score']:.3f}")
    stage.promise(found.sheet.is_file(), f"the contact sheet is {found.sheet}")


def photographed(picture: Path) -> bytes:
    """A drawing as a telephone sees it: turned by a quarter and three degrees, from aside, blurred, in bad light."""
    page = next(load_file(picture))
    image = cv2.rotate(page, cv2.ROTATE_90_CLOCKWISE)
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3.0, 0.94)
    image = cv2.warpAffine(image, turn, (width, height), borderValue=(225, 225, 225))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + np.array([[0.02, 0.03], [-0.03, 0.0], [0.0, -0.02], [0.03, 0.0]], np.float32) * (width, height)
    aside = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    image = cv2.warpPerspective(image, aside, (width, height), borderValue=(225, 225, 225))
    light = np.linspace(0.72, 1.0, width, dtype=np.float32)[None, :, None]
    dim = np.clip(cv2.GaussianBlur(image, (0, 0), 1.2).astype(np.float32) * light, 0, 255).astype(np.uint8)
    written = io.BytesIO()
    Image.fromarray(dim[:, :, ::-1]).save(written, "JPEG", quality=60)
    return written.getvalue()


def _name(picture: Path) -> str:
    return quote(picture.name, safe=".-_")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _wait(environment: Environment, wanted: int) -> int:
    """How many drawings the index that is searched has, once they are all there or patience is over."""
    deadline, indexed = time.monotonic() + PATIENCE, 0
    while indexed < wanted and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        status = index.ask(environment, "status")
        indexed = sum(each["drawings"] for each in status["indexes"] if each["searched"])
    return indexed
