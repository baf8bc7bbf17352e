"""The frozen regression set, and old data for the replay mix: general text without any of the new signs.

The regression set guards against forgetting: what the official reader reads well must still be read after training on
drawings. Both are drawn from word lists of this project; the two never share a text.
"""

from pathlib import Path
from random import Random

import cv2
import numpy as np
import numpy.typing as npt

from drawing_ocr.formats.paddleocr import LabelledCrop, LabelledImage, write_detection, write_recognition
from drawing_ocr.synthesis.batch import new_folder, write_batch, write_png
from drawing_ocr.synthesis.fonts import CHINESE_FACES, LATIN_FACES, SERIF_FACES
from drawing_ocr.synthesis.general_text import general_text, plain_number
from drawing_ocr.synthesis.lettering import Lettering, letter
from drawing_ocr.synthesis.note_page import draw_note_page, draw_structured_note_page
from drawing_ocr.synthesis.style import PLOTTED
from drawing_ocr.synthesis.vocabulary import Language
from drawing_ocr.text import canonical

# One point of loss is six lines, and two versions read them all in 10 s of two cores.
LINES = 600
SHEETS = 3

# Mostly Chinese and English, with some German and numbers: what the official reader was made for.
_KINDS: tuple[tuple[Language | None, float], ...] = (("chinese", 4), ("english", 4), ("german", 1.5), (None, 1))


def build_regression_set(out_dir: Path, seed: int = 20260101) -> Path:
    """Draw the frozen regression set in the dataset layout.

    `rec_val.txt` with `LINES` different clean lines under `crops/`, `det_val.txt` with `SHEETS` pages under `images/`.
    The same seed gives the same bytes.

    Args:
        out_dir: A folder that is empty or not there yet; it appears whole or not at all.
        seed: Of texts, fonts and pages.

    Raises:
        BatchError: The folder is not empty.
        FontError: A needed font is not installed.
    """
    rng = Random(f"regression set {seed}")
    with new_folder(out_dir) as folder:
        (folder / "crops").mkdir()
        (folder / "images").mkdir()
        texts: dict[str, LabelledCrop] = {}
        while len(texts) < LINES:
            text = _text(rng)
            if text not in texts:
                crop = f"crops/{len(texts):04d}.png"
                write_png(folder / crop, _line(rng, text))
                texts[text] = LabelledCrop(crop, text)
        write_recognition(folder / "rec_val.txt", texts.values())
        pages = []
        for i in range(SHEETS):
            picture, annotation = draw_note_page(rng.getrandbits(48), PLOTTED, held_out=True)
            write_png(folder / f"images/{i}.png", picture)
            pages.append(LabelledImage(f"images/{i}.png", annotation.regions))
        write_detection(folder / "det_val.txt", pages)
    return out_dir


def build_replay_batch(out_dir: Path, count: int, seed: int) -> Path:
    """Write a labelled batch of `count` pages of general text: the data that version 1 is taken to have learned from.

    Its texts are those that training may see, none of the regression set's. Returns the path of the manifest; raises as
    `write_batch`.
    """
    return write_batch(out_dir, count, seed, draw=draw_structured_note_page)


def _text(rng: Random) -> str:
    language = rng.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    return canonical(plain_number(rng) if language is None else general_text(rng, language, held_out=True))


def _line(rng: Random, text: str) -> npt.NDArray[np.uint8]:
    """A crop (uint8 [height, width]) of one line: upright, nothing beside it, at most a little blurred."""
    chinese = any("一" <= character <= "鿿" for character in text)
    face = rng.choice(CHINESE_FACES if chinese else LATIN_FACES + SERIF_FACES)
    ink = letter(text, Lettering(face, size=rng.randint(18, 44)))
    margins = [(rng.randint(3, 8), rng.randint(3, 8)) for _ in range(2)]
    mask = np.pad(ink.mask, margins)
    if rng.random() < 0.3:
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 0.9)).astype(np.uint8)
    shades = np.linspace(rng.randint(240, 255), rng.randint(0, 60), 256).round().astype(np.uint8)
    return shades[mask]
