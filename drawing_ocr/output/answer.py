"""The reading result as JSON: what `/invocations` answers, with sizes on paper where they are known."""

from __future__ import annotations

import json
from typing import Any

from drawing_ocr.drawing import Drawing


def answer_json(drawing: Drawing) -> str:
    """The reading result; `sheets` says size and resolution of each page, `box_mm` stands beside `box` where known."""
    content: dict[str, Any] = drawing.result.model_dump(mode="json")
    for item, fields in zip(drawing.texts, content["predictions"], strict=True):
        millimetres = drawing.millimetres(item)
        if millimetres is not None:
            fields["box_mm"] = millimetres
    content["sheets"] = [
        {"width": sheet.width, "height": sheet.height} | ({"dpi": round(sheet.dpi, 2)} if sheet.dpi else {})
        for sheet in drawing.sheets
    ]
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
