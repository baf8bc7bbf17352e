"""The example files, made by us, which the page's own readers take too."""

import json
from pathlib import Path

from drawing_ocr.annotation import Annotation

EXAMPLES = Path(__file__).with_name("examples")
ANNOTATIONS = [
    Annotation.parse(drawing, where="annotations.json")
    for drawing in json.loads((EXAMPLES / "annotations.json").read_text("utf-8"))
]
