"""The customer's own drawings, prepared for the embedder: taken apart once, each an instance of its own.

A folder of `drawings.json` (written last: where it is, all is there), `regions/` with the ink of sheets and views, and
`pages/` with the whole pages of the drawings that are held out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
from pydantic import Field

from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.contract import Contract
from drawing_ocr.dataset.split import Split, position, split_drawings
from drawing_ocr.embedding.ink import LONG_SIDE, Ink, Picture
from drawing_ocr.embedding.preparation import regions
from drawing_ocr.reading.image import ImageError, load_bytes

DRAWINGS_NAME: Final = "drawings.json"
LEAST_DRAWINGS: Final = 8  # of different content; from fewer nothing is learned, and nothing can be said about it
_REGIONS, _PAGES = "regions", "pages"


class DrawingsError(ValueError):
    """Drawings that an embedder cannot learn from; one line."""


class OwnDrawing(Contract):
    """One drawing.

    Attributes:
        uri, version_id: Where it lies; this very version was used.
        sha256: Of the file.
        split: Learned from, or held out.
        regions: Files of its ink, the sheet first, below the folder.
        page: File of its first page, where it is held out.
    """

    fault = DrawingsError

    uri: str
    version_id: str | None = None
    sha256: str
    split: Split
    regions: tuple[str, ...] = Field(min_length=1)
    page: str | None = None


class OwnDrawings(Contract):
    """`drawings.json`.

    Attributes:
        listed: Drawings that there were to choose from.
        seed, val_ratio: Of the choice and the split.
        drawings: All that were taken.
        duplicates: How many were left out because another has the same content.
        refused: Why drawings were left out, by their address.
    """

    fault = DrawingsError
    indent = 1

    schema_version: Literal[1] = Field(default=1, alias="schema")
    listed: int
    seed: int
    val_ratio: float
    drawings: tuple[OwnDrawing, ...]
    duplicates: int = 0
    refused: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> OwnDrawings:
        """Of a folder.

        Raises:
            DrawingsError: it was never completed, or is damaged.
        """
        path = folder / DRAWINGS_NAME
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DrawingsError(f"{path}: {error.strerror}: Prepare has to take the drawings apart first") from error
        return cls.parse(content, where=str(path))

    def of(self, split: Split) -> list[OwnDrawing]:
        """Those of one side."""
        return [drawing for drawing in self.drawings if drawing.split is split]

    @property
    def digest(self) -> str:
        """Changes with what is learned from."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def prepare_drawings(
    listed: Iterable[tuple[str, str | None]],
    read: Callable[[str, str | None], bytes],
    out: Path,
    *,
    val_ratio: float,
    seed: int,
    most: int,
) -> OwnDrawings:
    """Takes drawings apart into a folder.

    Args:
        listed: Address and version of every drawing.
        read: Gives the bytes of one.
        out: The folder.
        val_ratio: Share that is held out. The side of a drawing is decided by its address, so that it stays held out
            from one version to the next.
        seed: Of the split and of the choice.
        most: So many are chosen at most; always the same ones, as far as they are there.

    Raises:
        DrawingsError: too few can be used.
    """
    versions = dict(listed)
    chosen = sorted(versions, key=lambda uri: position(f"chosen {uri}", seed))[:most]
    sides = split_drawings(chosen, val_ratio=val_ratio, seed=seed)
    (out / _REGIONS).mkdir(parents=True, exist_ok=True)
    (out / _PAGES).mkdir(exist_ok=True)
    drawings: list[OwnDrawing] = []
    seen: set[str] = set()
    refused: dict[str, str] = {}
    for number, uri in enumerate(chosen):
        try:
            data = read(uri, versions[uri])
            digest = hashlib.sha256(data).hexdigest()
            if digest in seen:  # the same drawing twice would be told apart from itself
                continue
            page = next(iter(load_bytes(data)))
            names = _take_apart(page, out, number)
        except (ImageError, OSError) as error:
            refused[uri] = str(error)
            continue
        if not names:
            refused[uri] = "nothing is drawn on its first page"
            continue
        seen.add(digest)
        held_out = sides[uri] is Split.VAL
        drawings.append(
            OwnDrawing(
                uri=uri,
                version_id=versions[uri],
                sha256=digest,
                split=sides[uri],
                regions=names,
                page=_write(_reduced(page), out, f"{_PAGES}/{number:06d}.png") if held_out else None,
            )
        )
    prepared = OwnDrawings(
        listed=len(versions),
        seed=seed,
        val_ratio=val_ratio,
        drawings=tuple(drawings),
        duplicates=len(chosen) - len(drawings) - len(refused),
        refused=refused,
    )
    if len(drawings) < LEAST_DRAWINGS or not prepared.of(Split.TRAIN) or not prepared.of(Split.VAL):
        raise DrawingsError(
            f"{len(drawings)} different drawings of {len(versions)} can be used, an embedder learns from "
            f"{LEAST_DRAWINGS} at least: put more below drawings/"
        )
    write_atomically(out / DRAWINGS_NAME, prepared.to_json())
    return prepared


def read_ink(folder: Path, name: str) -> Ink:
    """A picture of the folder, grey.

    Raises:
        DrawingsError: it is not there or no picture.
    """
    picture = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise DrawingsError(f"{folder / name}: missing or damaged: prepare the drawings again")
    return np.asarray(picture, np.uint8)


def _take_apart(page: Picture, out: Path, number: int) -> tuple[str, ...]:
    found = enumerate(regions(page))
    return tuple(_write(region.picture, out, f"{_REGIONS}/{number:06d}-{place}.png") for place, region in found)


def _reduced(page: Picture) -> Picture:
    """At the size at which the preparation looks at it; grey."""
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY) if page.ndim == 3 else page
    shrink = max(grey.shape) / LONG_SIDE
    if shrink <= 1:
        return np.asarray(grey, np.uint8)
    size = (max(1, round(grey.shape[1] / shrink)), max(1, round(grey.shape[0] / shrink)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write(picture: Picture, out: Path, name: str) -> str:
    done, data = cv2.imencode(".png", picture)
    assert done  # PNG takes every grey picture
    (out / name).write_bytes(data.tobytes())
    return name
