"""How well drawings are found again by their embeddings, beside simpler features in the same run, and how fast.

`retrieval` searches held-out families: 125 of them with 4 parts each, every part drawn 4 times, so 2,000 drawings in
which a query has 4 of its own and 12 of its near relations. A query is the part drawn once more. Every feature gets
what the preparation cuts out of the sheets; a drawing's score is that of its regions. `real` hides the drawings of
`../shared/drawings`, where they are there, among 10,000 drawn pictures. `throughput` runs beside ResNet-50.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from drawing_ocr.embedding.embedder import DEFAULT, Embedder
from drawing_ocr.embedding.ink import ink_of, network_input
from drawing_ocr.embedding.preparation import regions
from drawing_ocr.reading.image import Page, load_file
from drawing_ocr.search.metrics import Retrieval, evaluate
from drawing_ocr.synthesis.families.family import draw_part
from drawing_ocr.synthesis.families.sheet import NOISY, REDRAWN, TURNED, UNDIMENSIONED, Drawn, draw_family_sheet
from drawing_ocr.training.embedder_batches import draw_region

DRAWINGS = Path(__file__).resolve().parent.parent.parent / "shared" / "drawings"
FIRST_FAMILY = 50_000_000  # training draws its families from 40 random bits
MEMBERS, COPIES = 4, 4
SIZE = 160
THREADS = 2
DISTRACTORS = 10_000
MIXED = ("drawn again", "scanned badly", "cropped by 30 %", "turned")
BLOCK = 100
COMPARED = 20  # lambda/search_drawings/searching.py

Pictures = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]
Feature = Callable[[Pictures], Vectors]


@dataclass(frozen=True)
class Drawings:
    """Regions of drawings: pictures [n, size, size], the sheet first; `starts` of each drawing; `whole` pages."""

    pictures: Pictures
    starts: npt.NDArray[np.int64]
    whole: Pictures
    parts: npt.NDArray[np.int64]


def sheet_of(part: int, drawn: Drawn, seed: int) -> Pictures:
    rng = Random(f"benchmark {seed}")
    revision = rng.randint(1, 99) if rng.random() < 0.3 else 0
    family, member = divmod(part, MEMBERS)
    return draw_family_sheet(draw_part(FIRST_FAMILY + family, member, revision), seed, drawn)


def cropped(page: Pictures, seed: int) -> Pictures:
    """30 % of the area cut off, at two sides that meet."""
    rng = Random(seed)
    height, width = page.shape[:2]
    tall, wide = round(height * 0.7**0.5), round(width * 0.7**0.5)
    top, left = rng.choice((0, height - tall)), rng.choice((0, width - wide))
    return page[top : top + tall, left : left + wide]


QUERIES: dict[str, Callable[[int, int], Pictures]] = {
    "drawn again": lambda part, seed: sheet_of(part, REDRAWN, seed),
    "scanned badly": lambda part, seed: sheet_of(part, NOISY, seed),
    "cropped by 30 %": lambda part, seed: cropped(sheet_of(part, REDRAWN, seed), seed),
    "turned": lambda part, seed: sheet_of(part, TURNED, seed),
    "without dimensions": lambda part, seed: sheet_of(part, UNDIMENSIONED, seed),
}


def prepared(name: str, parts: list[int], draw: Callable[[int, int], Pictures], cache: Path) -> Drawings:
    """Draws and takes apart; what is in the cache is not drawn again."""
    blocks = []
    for first in range(0, len(parts), BLOCK):
        path = cache / f"{name}-{first}.npz"
        if not path.is_file():
            found, whole = [], []
            for offset, part in enumerate(parts[first : first + BLOCK]):
                page = draw(
                    part, 1_000_003 * (list(QUERIES).index(name) + 1 if name in QUERIES else 0) + first + offset
                )
                found.append([network_input(region.picture, SIZE) for region in regions(page)])
                whole.append(network_input(ink_of(page)[0], SIZE))
            counts = [len(each) for each in found]
            np.savez(
                path, pictures=np.concatenate([np.stack(each) for each in found]), counts=counts, whole=np.stack(whole)
            )
        with np.load(path) as block:
            blocks.append((block["pictures"], block["counts"], block["whole"]))
    counts = np.concatenate([block[1] for block in blocks])
    return Drawings(
        pictures=np.concatenate([block[0] for block in blocks]),
        starts=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        whole=np.concatenate([block[2] for block in blocks]),
        parts=np.array(parts),
    )


def normalised(vectors: npt.NDArray[Any]) -> Vectors:
    flat = vectors.reshape(len(vectors), -1).astype(np.float32)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9), np.float32)


def perceptual_hash(pictures: Pictures) -> Vectors:
    """64 bits of the lowest frequencies as a vector: its cosine falls with the Hamming distance."""
    hasher = cv2.img_hash.PHash.create()
    bits = np.stack([np.unpackbits(hasher.compute(255 - picture)[0]) for picture in pictures])
    return normalised(bits.astype(np.float32) - 0.5)


def gradients(pictures: Pictures) -> Vectors:
    """Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) in cells of 16 pixels."""
    hog = cv2.HOGDescriptor((SIZE, SIZE), (32, 32), (16, 16), (16, 16), 9)
    return normalised(np.stack([np.asarray(hog.compute(picture)) for picture in pictures]))


def untrained() -> Feature:
    import paddle

    from drawing_ocr.models.embedder import Embedder as Network

    paddle.seed(1)
    network = Network()
    # Statistics of the batch norms from drawings, as after training; weights as they were initialised.
    rng = Random(1)
    seen = np.stack([network_input(draw_region(draw_part(i).views, rng), SIZE) for i in range(64)])
    network.train()
    for _ in range(30):
        network(paddle.to_tensor(seen[:, None].astype(np.float32) / 255))
    network.eval()
    return in_batches(lambda batch: network.embed(paddle.to_tensor(batch[:, None].astype(np.float32) / 255)).numpy())


def detector_backbone() -> Feature:
    """The official text detector's backbone: means over the picture of its deepest features."""
    import paddle

    from drawing_ocr.models.detector import Detector
    from drawing_ocr.models.official import build_official_package
    from drawing_ocr.models.package import unpack

    with tempfile.TemporaryDirectory() as folder:
        unpack(build_official_package(Path(folder) / "model.tar.gz"), Path(folder) / "model")
        detector = Detector.load(Path(folder) / "model" / "detector" / "weights.pdparams")
    backbone = detector.network.model.backbone

    def features(batch: Pictures) -> Vectors:
        paper = (255 - batch).astype(np.float32)
        values = paddle.to_tensor(np.repeat((paper[:, None] / 255 - 0.45) / 0.226, 3, axis=1))
        return np.asarray(backbone(values)[-1].mean(axis=[2, 3]).numpy(), np.float32)

    return lambda pictures: normalised(in_batches(features)(pictures))


def in_batches(feature: Feature, size: int = 32) -> Feature:
    def apply(pictures: Pictures) -> Vectors:
        import paddle

        with paddle.no_grad():
            return np.concatenate([feature(pictures[i : i + size]) for i in range(0, len(pictures), size)])

    return apply


def remembered(feature: Feature, stem: Path) -> Feature:
    """Vectors that were computed of the same pictures before are read again."""

    def apply(pictures: Pictures) -> Vectors:
        path = stem.with_name(f"{stem.name}-{zlib.crc32(pictures.tobytes()):08x}.npy")
        if not path.is_file():
            np.save(path, feature(pictures))
        return np.asarray(np.load(path), np.float32)

    return apply


def scores(queries: Vectors, query_starts: Any, gallery: Vectors, gallery_starts: Any, *, best: bool = False) -> Any:
    """Each region of a query with the drawing's region most like it; their mean, or the best of them."""
    of_drawings = np.maximum.reduceat(queries @ gallery.T, gallery_starts, axis=1)
    if best:
        return np.maximum.reduceat(of_drawings, query_starts, axis=0)
    counts = np.diff([*query_starts, len(queries)])
    return np.add.reduceat(of_drawings, query_starts, axis=0) / counts[:, None]


def compared(queries: Vectors, query_starts: Any, gallery: Vectors, gallery_starts: Any) -> Any:
    """As the search ranks: by the mean, and the first of these by all regions of both drawings (`both_ways`)."""
    ranked = scores(queries, query_starts, gallery, gallery_starts) - 2  # behind what is compared
    of_queries = np.maximum.reduceat(queries @ gallery.T, query_starts, axis=0)
    backwards = np.add.reduceat(of_queries, gallery_starts, axis=1) / np.diff([*gallery_starts, len(gallery)])
    first = np.argsort(-ranked, axis=1)[:, :COMPARED]
    both = (np.take_along_axis(ranked, first, 1) + 2 + np.take_along_axis(backwards, first, 1)) / 2
    np.put_along_axis(ranked, first, both, 1)
    return ranked


def retrieval(arguments: argparse.Namespace, console: Console) -> None:
    parts = [part for part in range(arguments.families * MEMBERS) for _ in range(COPIES)]
    gallery = prepared("gallery", parts, lambda part, seed: sheet_of(part, REDRAWN, seed), arguments.cache)
    asked = list(range(0, arguments.families * MEMBERS, arguments.every))
    queries = {name: prepared(name, asked, draw, arguments.cache) for name, draw in QUERIES.items()}
    ours = Embedder.load(arguments.model, threads=THREADS)
    features: dict[str, Feature] = {
        f"{ours.info.name}/{ours.info.version}": lambda pictures: ours.vectors(pictures),
        "perceptual hash": perceptual_hash,
        "HOG": gradients,
        "the same network untrained": untrained(),
        "the detector's backbone": detector_backbone(),
    }
    names = list(features) if not arguments.alone else list(features)[:1]
    table = Table(
        "feature", *(f"{name}: mAP, recall@1, @10" for name in ("all four", *QUERIES)),
        title=f"{len(parts)} drawings, {len(asked)} queries of each kind, {MEMBERS} parts a family",
    )  # fmt: skip
    for name in names:
        kept = ours.info.sha256[:12] if name == names[0] else name.replace(" ", "-")
        feature = remembered(features[name], arguments.cache / f"vectors-{kept}")
        searched = feature(gallery.pictures)
        ways = (
            {"": {"best": False}, ", best region wins": {"best": True}} if name == names[0] else {"": {"best": False}}
        )
        asked_for = {key: feature(each.pictures) for key, each in queries.items()}
        if name == names[0]:
            rows = {
                key: compared(asked_for[key], each.starts, searched, gallery.starts) for key, each in queries.items()
            }
            table.add_row(f"{name}, as the search ranks", *figures(rows, queries, gallery))
        for way, how in ways.items():
            rows = {
                key: scores(asked_for[key], each.starts, searched, gallery.starts, **how)
                for key, each in queries.items()
            }
            table.add_row(f"{name}{way}", *figures(rows, queries, gallery))
        if name == names[0]:
            whole = feature(gallery.whole)
            rows = {key: feature(each.whole) @ whole.T for key, each in queries.items()}
            table.add_row(f"{name}, whole pages", *figures(rows, queries, gallery))
            sheets = {key: asked_for[key][each.starts] @ searched[gallery.starts].T for key, each in queries.items()}
            table.add_row(f"{name}, sheets only", *figures(sheets, queries, gallery))
    console.print(table)


def figures(rows: dict[str, Any], queries: dict[str, Drawings], gallery: Drawings) -> Iterator[str]:
    def text(found: Retrieval) -> str:
        return f"{found.mean_average_precision:.3f} {found.recall_at_1:.3f} {found.recall_at_10:.3f}"

    relevant = {key: each.parts[:, None] == gallery.parts for key, each in queries.items()}
    yield text(evaluate(*(np.concatenate([each[key] for key in MIXED]) for each in (rows, relevant))))
    for key in QUERIES:
        yield text(evaluate(rows[key], relevant[key]))


DISTORTED: dict[str, Callable[[Page], Page]] = {
    "turned by 90°": lambda page: np.ascontiguousarray(np.rot90(page)),
    "turned by 180°": lambda page: np.ascontiguousarray(np.rot90(page, 2)),
    "turned by 270°": lambda page: np.ascontiguousarray(np.rot90(page, 3)),
    "blurred": lambda page: np.asarray(cv2.GaussianBlur(page, (0, 0), max(page.shape) / 1000), np.uint8),
    "cropped by 30 %, top left": lambda page: page[: int(page.shape[0] * 0.84), : int(page.shape[1] * 0.84)],
    "cropped by 30 %, bottom right": lambda page: page[int(page.shape[0] * 0.16) :, int(page.shape[1] * 0.16) :],
    "turned, blurred and cropped": lambda page: np.ascontiguousarray(
        np.rot90(cv2.GaussianBlur(page, (0, 0), max(page.shape) / 1500))[int(page.shape[1] * 0.08) :]
    ),
}


def real(arguments: argparse.Namespace, console: Console) -> None:
    pages = {path.stem: next(iter(load_file(path))) for path in sorted(DRAWINGS.glob("*.jpg"))}
    if not pages:
        console.print(f"{DRAWINGS} is not there: the section `real` is left out")
        return
    embedder = Embedder.load(arguments.model, threads=THREADS)
    path = arguments.cache / f"distractors-{embedder.info.sha256[:12]}.npy"
    if not path.is_file():
        rng = Random("distractors")
        drawn = (network_input(draw_region(draw_part(FIRST_FAMILY + i).views, rng), SIZE) for i in range(DISTRACTORS))
        np.save(path, embedder.vectors(drawn))
    others = np.load(path)
    own = {name: np.stack([each.vector for each in embedder.embed(page)]) for name, page in pages.items()}
    gallery = np.concatenate([others, *own.values()])
    starts = np.concatenate([np.arange(DISTRACTORS), DISTRACTORS + np.cumsum([0, *map(len, own.values())])[:-1]])
    table = Table("drawing", *DISTORTED, title=f"Rank of a drawing among {DISTRACTORS} others by its distorted self")
    for number, (name, page) in enumerate(pages.items()):
        ranks = []
        for distort in DISTORTED.values():
            vectors = np.stack([each.vector for each in embedder.embed(distort(page))])
            [found] = scores(vectors, np.array([0]), gallery, starts)
            ranks.append(f"{1 + int((found > found[DISTRACTORS + number]).sum())} ({found[DISTRACTORS + number]:.2f})")
        table.add_row(name, *ranks)
    console.print(table)


def throughput(arguments: argparse.Namespace, console: Console) -> None:
    import paddle

    from drawing_ocr.models.export import export_network
    from drawing_ocr.reading.session import Session

    embedder = Embedder.load(arguments.model, threads=THREADS)
    rng = Random(1)
    pictures = [network_input(draw_region(draw_part(i).views, rng), SIZE) for i in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        peer = paddle.vision.models.resnet50(num_classes=2048)
        peer.eval()
        export_network(peer, peer, [None, 3, SIZE, SIZE], Path(folder), metadata={})
        resnet = Session(Path(folder) / "inference.onnx", threads=THREADS)
    batch = np.repeat(np.stack(pictures)[:, None], 3, axis=1).astype(np.float32) / np.float32(255)
    runs: dict[str, Callable[[], object]] = {
        "embedder, in all four ways": lambda: embedder.vectors(pictures),
        "ResNet-50, fp32": lambda: resnet(batch),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(arguments.rounds):
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            seconds[name].append((time.perf_counter() - begun) / len(pictures))
    middle = {name: float(np.median(times)) for name, times in seconds.items()}
    table = Table(
        "network", "pictures a second", "of ResNet-50's", title=f"{SIZE} px, batch 8, {THREADS} threads, ONNX Runtime"
    )
    for name, time_each in middle.items():
        table.add_row(name, f"{1 / time_each:.1f}", f"{middle['ResNet-50, fp32'] / time_each:.2f}")
    console.print(table)
    pages = [sheet_of(i, REDRAWN, i) for i in range(12)]
    begun = time.perf_counter()
    count = sum(len(regions(page)) for page in pages)
    apart = time.perf_counter() - begun
    begun = time.perf_counter()
    for page in pages:
        embedder.embed(page)
    whole = time.perf_counter() - begun
    console.print(
        f"a sheet: {1000 * whole / len(pages):.0f} ms in all, {1000 * apart / len(pages):.0f} ms of it to take it "
        f"apart into {count / len(pages):.1f} regions"
    )


SECTIONS = {"retrieval": retrieval, "real": real, "throughput": throughput}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--model", type=Path, default=DEFAULT, help="folder of the embedder")
    parser.add_argument("--cache", type=Path, help="keeps drawn pictures for the next run")
    parser.add_argument("--families", type=int, default=125)
    parser.add_argument("--every", type=int, default=2, help="every how many parts one is asked for")
    parser.add_argument("--rounds", type=int, default=30, help="of `throughput`")
    parser.add_argument("--alone", action="store_true", help="leaves the peers out")
    arguments = parser.parse_args()
    console = Console(width=200)
    with tempfile.TemporaryDirectory() as folder:
        arguments.cache = arguments.cache or Path(folder)
        arguments.cache.mkdir(parents=True, exist_ok=True)
        for section in arguments.sections:
            SECTIONS[section](arguments, console)


if __name__ == "__main__":
    main()
