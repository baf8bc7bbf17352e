"""What the demo reads and trains on, all drawn from nothing: sample sheets, a labelled batch, one with wrong labels."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from drawing_ocr.dataset.manifest import load_manifest
from drawing_ocr.formats.labelme import write_labelme
from drawing_ocr.synthesis.batch import write_batch
from drawing_ocr.synthesis.style import HOUSE, VIEWS

SAMPLES, SAMPLE_SEED = 3, 9_001
# About 20 lines a sheet.
BATCH_SHEETS, BATCH_SEED = 32, 9_010
# Few sheets are enough to be refused, and are refused sooner.
WRONG_SHEETS, WRONG_SEED, WRONG_SHARE = 6, 9_012, 0.8


def draw_samples(folder: Path) -> Path:
    """Sheets that no training sees, with LabelMe labels beside them; gives back the folder of the pictures."""
    manifest = write_batch(folder, SAMPLES, SAMPLE_SEED, HOUSE)
    for annotation in load_manifest(str(manifest)).annotations:
        picture = Path(annotation.image)
        write_labelme(picture.with_suffix(".json"), annotation.model_copy(update={"image": picture.name}))
    return folder / "images"


def draw_batch(folder: Path) -> Path:
    """A batch of sheets with signs that no reader of the software knows, exactly labelled; gives back its folder."""
    return write_batch(folder, BATCH_SHEETS, BATCH_SEED, HOUSE).parent


def draw_wrong_batch(folder: Path) -> Path:
    """A batch in which most texts are labelled wrongly; gives back its folder."""
    return write_batch(folder, WRONG_SHEETS, WRONG_SEED, VIEWS, wrong_labels=WRONG_SHARE).parent


def small_picture() -> bytes:
    """A PNG of one number, the smallest thing worth asking about."""
    picture = Image.new("L", (240, 80), "white")
    ImageDraw.Draw(picture).text((40, 16), "12.5", "black", ImageFont.load_default(40))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
