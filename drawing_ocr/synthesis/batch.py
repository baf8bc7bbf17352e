"""Labelled batches of synthetic sheets: pictures and one `manifest.jsonl`, as people's labels would arrive."""

import functools
import hashlib
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.annotation import Annotation, Region
from drawing_ocr.atomic_write import write_atomically
from drawing_ocr.dataset.manifest import write_manifest
from drawing_ocr.synthesis import text_source
from drawing_ocr.synthesis.sheet import draw_structured_sheet
from drawing_ocr.synthesis.structure import Sheet, Structure
from drawing_ocr.synthesis.style import SCANNED, SheetStyle
from drawing_ocr.text import canonical

Draw = Callable[[int, SheetStyle], Sheet]

# Below this many sheets a second process costs more (its imports) than it gains.
_WORTH_A_PROCESS = 24


class BatchError(ValueError):
    """A batch that cannot be written as asked; its text is one line with the reason."""


def write_batch(
    out_dir: Path,
    count: int,
    seed: int,
    style: SheetStyle = SCANNED,
    wrong_labels: float = 0.0,
    *,
    draw: Draw = draw_structured_sheet,
    processes: int = 2,
    on_sheet: Callable[[], None] = lambda: None,
) -> Path:
    """Draw `count` sheets into `out_dir/images`, label them in `manifest.jsonl`, their structure in `structure.jsonl`.

    The same arguments give the same bytes, whatever `processes` is. The folder appears whole or not at all.

    Args:
        out_dir: A folder that is empty or not there yet.
        count: Sheets, at least one.
        seed: Of the batch; every sheet gets its own seed from it.
        style: What may vary from sheet to sheet.
        wrong_labels: Share of the regions, 0 to 1, whose text is replaced by another plausible one (bad labelling).
        draw: What draws one sheet; a module-level function, because worker processes import it.
        processes: Worker processes.
        on_sheet: Called after every sheet.

    Returns:
        The path of the manifest.

    Raises:
        BatchError: The folder is not empty, or a number is out of range.
        FontError: A needed font is not installed.
    """
    if count < 1:
        raise BatchError(f"a batch of {count} sheets is empty: ask for at least one")
    if not 0 <= wrong_labels <= 1:
        raise BatchError(f"wrong_labels {wrong_labels} is not a share: give a number from 0 to 1")
    with new_folder(out_dir) as folder:
        (folder / "images").mkdir()
        job = functools.partial(_write_sheet, folder, seed, style, wrong_labels, draw)
        annotations, structures = [], []
        for annotation, structure in _each(job, count, processes):
            annotations.append(annotation)
            structures.append(structure)
            on_sheet()
        write_manifest(folder / "manifest.jsonl", annotations)
        write_atomically(folder / "structure.jsonl", "".join(structure.to_json() for structure in structures))
    return out_dir / "manifest.jsonl"


@contextmanager
def new_folder(out_dir: Path) -> Iterator[Path]:
    """A folder to fill that becomes `out_dir` only when the block ends without an error.

    Raises BatchError when something is in `out_dir` already.
    """
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise BatchError(f"{out_dir} is not an empty folder: choose another one or remove it")
    partial = out_dir.with_name(f".{out_dir.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if out_dir.exists():
            out_dir.rmdir()
        partial.rename(out_dir)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _each(
    job: Callable[[int], tuple[Annotation, Structure]], count: int, processes: int
) -> Iterator[tuple[Annotation, Structure]]:
    """The job's results for 0 … count - 1, in order."""
    if processes < 2 or count < _WORTH_A_PROCESS:
        yield from map(job, range(count))
        return
    # Spawned, not forked: the caller may hold threads of Paddle or a server.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(job, range(count), chunksize=4)


def _write_sheet(
    folder: Path, seed: int, style: SheetStyle, wrong_labels: float, draw: Draw, index: int
) -> tuple[Annotation, Structure]:
    sheet_seed = int.from_bytes(hashlib.sha256(f"{draw.__name__} {seed} {index}".encode()).digest()[:6])
    sheet = draw(sheet_seed, style)
    # The file name names the drawing in every batch (dataset/split.py): sheets of two seeds must not share it.
    image = f"images/sheet-{sheet_seed:012x}.png"
    write_png(folder / image, sheet.picture)
    regions = sheet.annotation.regions
    if wrong_labels:
        regions = _mislabelled(regions, wrong_labels, Random(f"wrong {sheet_seed}"))
    annotation = sheet.annotation.model_copy(update={"image": image, "regions": regions})
    return annotation, sheet.structure.model_copy(update={"image": image})


def write_png(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Write a picture (uint8, grey or BGR) as PNG; raises OSError when it cannot be written."""
    _, packed = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    path.write_bytes(packed.tobytes())


def _mislabelled(regions: tuple[Region, ...], share: float, rng: Random) -> tuple[Region, ...]:
    """The regions with a share of the texts exchanged for others of the sheet, as a hurried labeller mixes them up."""
    texts = [region.text for region in regions]
    return tuple(
        region.model_copy(update={"text": _other_text(region.text, texts, rng)}) if rng.random() < share else region
        for region in regions
    )


def _other_text(text: str, texts: list[str], rng: Random) -> str:
    for candidate in rng.sample(texts, len(texts)):
        if candidate != text:
            return candidate
    while (invented := canonical(text_source.dimension(rng, text_source.ISO))) == text:
        pass
    return invented
