"""ezdxf's drawing add-on, told to remember which text it draws where."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from ezdxf.addons.drawing.config import Configuration
from ezdxf.addons.drawing.frontend import UniversalFrontend
from ezdxf.addons.drawing.pipeline import RenderPipeline2d
from ezdxf.addons.drawing.properties import Properties, RenderContext
from ezdxf.entities.dxfentity import DXFEntity
from ezdxf.entities.dxfgfx import DXFGraphic
from ezdxf.entities.mtext import MText
from ezdxf.fonts import fonts
from ezdxf.fonts.font_face import FontFace
from ezdxf.math import Matrix44, Vec2, Vec3

from drawing_ocr.sources.dxf_canvas import Canvas
from drawing_ocr.sources.dxf_text import DrawnText, Mark, around, gdt_signs, is_gdt_font, joined, marks_of

# Of the fonts that are free osifont holds most signs of ISO 1101.
_SIGN_FONT, _OTHER_SIGN_FONT = "osifont.ttf", "DejaVuSans.ttf"
_NOT_IN_SIGN_FONT: Final = frozenset("⊥∥")
_STANDARD_HEIGHT: Final = 2.5  # of the letters of dimensions (ISO 3098), drawing units
_CJK: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_CJK_FONTS: Final = ("wqy-microhei.ttc", "wqy-zenhei.ttc", "NotoSansCJK-Regular.ttc", "simsun.ttc", "msyh.ttc")
_HAVE_NO_PICTURE: Final = {"VIEWPORT", "ACAD_TABLE_STYLE", "LIGHT", "SUN", "GEODATA", "ATTDEF"}


class Pipeline(RenderPipeline2d):
    """Draws on a canvas; `lines` gives the texts that are seen on it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._entities: list[str] = []
        self._viewport: Matrix44 | None = None
        self._pieces: list[tuple[DrawnText | None, ...]] = []
        self._marks: list[list[Mark] | None] = []
        self._open: list[DrawnText | None] | None = None

    @property
    def texts(self) -> list[DrawnText]:
        """The pieces that are seen."""
        return [piece for pieces in self._pieces for piece in pieces if piece is not None]

    def lines(self) -> Iterator[DrawnText]:
        """Lines as their entities mean them."""
        for pieces, marks in zip(self._pieces, self._marks, strict=True):
            if marks is not None and len(marks) == len(pieces):
                yield from joined(pieces, marks)
            else:
                yield from (piece for piece in pieces if piece is not None)

    def draw_mtext(self, content: str, draw: Any) -> None:
        """Draws a MTEXT of which each word is a piece; `draw` does it."""
        self._open = []
        try:
            draw()
        finally:
            self._pieces.append(tuple(self._open))
            self._marks.append(marks_of(content))
            self._open = None

    def enter_entity(self, entity: DXFGraphic, properties: Properties) -> None:
        """Notes what is being drawn."""
        self._entities.append(entity.dxftype())
        super().enter_entity(entity, properties)

    def exit_entity(self, entity: DXFGraphic) -> None:
        """Notes that it is drawn."""
        super().exit_entity(entity)
        self._entities.pop()

    def enter_viewport(self, vp: Any) -> bool:
        """Notes how the model is turned on the sheet."""
        self._viewport = vp.get_transformation_matrix()
        return bool(super().enter_viewport(vp))

    def exit_viewport(self) -> None:
        """Back on the sheet."""
        self._viewport = None
        super().exit_viewport()  # type: ignore[no-untyped-call]

    def draw_text(
        self, text: str, transform: Matrix44, properties: Properties, cap_height: float, dxftype: str = "TEXT"
    ) -> None:
        """Draws a piece of text and notes it where something of it is seen."""
        if properties.font is not None and is_gdt_font(properties.font.family or properties.font.filename):
            text = gdt_signs(text)
            name = _SIGN_FONT if _NOT_IN_SIGN_FONT.isdisjoint(text) else _OTHER_SIGN_FONT
            properties = _with_font(properties, fonts.get_font_face(name))
        elif _CJK.search(text) and (face := _cjk_face()) is not None:
            properties = _with_font(properties, face)
        before = self._canvas.marks
        super().draw_text(text, transform, properties, cap_height, dxftype)
        points = self._canvas.points_since(before)
        piece = None
        if points is not None and text.strip():
            along, upright = self._axes(transform)
            piece = DrawnText(
                " ".join(text.split()),
                around(points, along),
                cap_height * float(np.hypot(*upright)),
                any(kind.endswith("DIMENSION") for kind in self._entities),
            )
        if self._open is not None:
            self._open.append(piece)
        else:
            self._pieces.append((piece,))
            self._marks.append(None)

    def _axes(self, transform: Matrix44) -> tuple[Any, Any]:
        """The text's own directions, rightwards and up, as long as a drawing unit becomes."""
        axes = [transform.transform_direction(axis) for axis in (Vec3(1, 0, 0), Vec3(0, 1, 0))]
        if self._viewport is not None:
            axes = [self._viewport.transform_direction(axis) for axis in axes]
        return np.array(axes[0].vec2), np.array(axes[1].vec2)


def _text_height(entity: DXFGraphic) -> float:
    """Of a TOLERANCE, as its dimension style says."""
    styles = entity.doc.dimstyles if entity.doc is not None else None
    name = entity.dxf.get("dimstyle", "Standard")
    if styles is None or not styles.has_entry(name):
        return _STANDARD_HEIGHT
    style = styles.get(name).dxf
    return float(style.get("dimtxt", _STANDARD_HEIGHT) * (style.get("dimscale", 1.0) or 1.0))


def _with_font(properties: Properties, face: FontFace) -> Properties:
    changed = copy.copy(properties)
    changed.font = face
    return changed


@cache
def _cjk_face() -> FontFace | None:
    """An installed font with Chinese characters: ezdxf puts Latin ones in the place of fonts that are not installed."""
    faces = ((name, fonts.get_font_face(name)) for name in _CJK_FONTS)
    return next((face for name, face in faces if face.filename == name), None)


class Frontend(UniversalFrontend):
    """Draws a layout; `warnings` says what could not be drawn."""

    def __init__(self, context: RenderContext, pipeline: Pipeline, config: Configuration) -> None:
        self._skipped: Counter[str] = Counter()
        self._pipeline = pipeline
        super().__init__(context, pipeline, config)
        self._dispatch["TOLERANCE"] = self.draw_tolerance_entity

    def draw_complex_mtext(self, mtext: MText, properties: Properties) -> None:
        """Word by word."""
        self._pipeline.draw_mtext(
            mtext.all_columns_raw_content(), lambda: super(Frontend, self).draw_complex_mtext(mtext, properties)
        )

    def draw_tolerance_entity(self, entity: DXFGraphic, properties: Properties) -> None:
        """A feature control frame, cell by cell; ezdxf knows its content and does not draw it."""
        height = _text_height(entity)
        properties = _with_font(properties, self.pipeline.default_font_face)
        right = Vec2(entity.dxf.get("x_axis_vector", (1, 0, 0))).normalize()
        start = Vec2(entity.dxf.insert)
        for row, cells in enumerate(re.split(r"\^J|\n", entity.dxf.get("content", ""))):
            left = start - right.orthogonal() * (row * 2 * height)
            for content in cells.split("%%v"):
                if content.strip():
                    left = self._draw_cell(content, left, right, height, entity, properties)

    def _draw_cell(
        self, content: str, left: Vec2, right: Vec2, height: float, entity: DXFGraphic, properties: Properties
    ) -> Vec2:
        """Draws a cell from the middle of its left side; the middle of its right side."""
        mark = {"char_height": height, "insert": left + right * (height / 2), "attachment_point": 4}
        text = MText.new(dxfattribs=mark | {"text_direction": right, "layer": entity.dxf.layer}, doc=entity.doc)
        text.text = content
        self.draw_mtext_entity(text, properties)
        width = max(self.text_engine.get_text_line_width(text.plain_text(), properties.font, height), height)
        end, up = left + right * (width + height), right.orthogonal() * height
        corners = [left - up, end - up, end + up, left + up, left - up]
        for first, second in pairwise(corners):
            self.pipeline.draw_line(first, second, properties)
        return end

    def draw_image_entity(self, entity: DXFGraphic, properties: Properties) -> None:  # noqa: ARG002
        """Pictures lie in files of their own."""
        self._skipped["IMAGE"] += 1

    def skip_entity(self, entity: DXFEntity, msg: str) -> None:  # noqa: ARG002
        """Counts what is not drawn."""
        if entity.dxftype() not in _HAVE_NO_PICTURE:
            self._skipped[entity.dxftype()] += 1

    def warnings(self) -> list[str]:
        """What is missing in the picture, one line."""
        if not self._skipped:
            return []
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self._skipped.items()))
        return [f"not drawn and not read: {kinds}; plot the drawing to PDF to have all of it read"]
