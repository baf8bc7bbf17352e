from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ezdxf.filemanagement import new as new_document
from ezdxf.math import Vec2
from ezdxf.render.mleader import ConnectionSide

from drawing_ocr.reading.image import ImageError, Limits
from drawing_ocr.sources.opening import open_file
from drawing_ocr.sources.page import KnownText, SourcePage

STYLE = {"dimtxt": 3.5, "dimasz": 3, "dimscale": 1, "dimlfac": 1, "dimexo": 1, "dimexe": 1}


def new() -> tuple[Any, Any]:
    document = new_document("R2018", setup=True, units=4)  # millimetres
    model = document.modelspace()
    model.add_lwpolyline([(0, 0), (200, 0), (200, 100), (0, 100)], close=True)
    return document, model


def pages_of(document: Any, folder: Path) -> list[SourcePage]:
    document.saveas(folder / "part.dxf")
    return list(open_file(folder / "part.dxf"))


def page_of(document: Any, folder: Path) -> SourcePage:
    (page,) = pages_of(document, folder)
    return page


def texts(page: SourcePage) -> list[str]:
    return sorted(item.text for item in page.known)


def named(page: SourcePage, text: str) -> KnownText:
    return next(item for item in page.known if item.text == text)


def test_texts_come_with_their_signs(tmp_path: Path) -> None:
    document, model = new()
    model.add_text("%%c50 %%p0.1 45%%d", height=4).set_placement((10, 10))
    model.add_mtext("ONE\\P{\\Fgdt;j}A 图样", dxfattribs={"char_height": 4, "insert": (10, 60)})
    assert texts(page_of(document, tmp_path)) == ["ONE", "Ø50 ±0.1 45°", "⌖A 图样"]


def test_stacked_deviations_stand_behind_their_size(tmp_path: Path) -> None:
    document, model = new()
    model.add_mtext("50 {\\H0.7x;\\S+0.1^ -0.2;} H7", dxfattribs={"char_height": 4, "insert": (10, 60)})
    model.add_mtext("\\S1/2; in", dxfattribs={"char_height": 4, "insert": (10, 30)})
    assert texts(page_of(document, tmp_path)) == ["1/2 in", "50 +0.1 -0.2 H7"]


def test_dimensions_say_what_they_show_and_that_they_are_dimensions(tmp_path: Path) -> None:
    document, model = new()
    tolerance = STYLE | {"dimtol": 1, "dimtp": 0.2, "dimtm": 0.1, "dimtdec": 2}
    model.add_linear_dim(base=(0, -20), p1=(0, 0), p2=(120, 0), override=tolerance).render()
    model.add_linear_dim(base=(220, 0), p1=(200, 0), p2=(200, 100), angle=90, text="<> MAX", override=STYLE).render()
    model.add_text("120", height=4).set_placement((10, 50))
    page = page_of(document, tmp_path)
    assert {(item.text, item.is_dimension) for item in page.known} == {
        ("120 +0.20 -0.10", True),
        ("100 MAX", True),
        ("120", False),
    }


def test_blocks_attributes_and_leaders_are_read_where_they_are_inserted(tmp_path: Path) -> None:
    document, model = new()
    block = document.blocks.new("TITLE")
    block.add_attdef("NUMBER", (1, 1), dxfattribs={"height": 3})
    block.add_text("MATERIAL", height=2).set_placement((1, 6))
    reference = model.add_blockref("TITLE", (150, 10), dxfattribs={"rotation": 90})
    reference.add_auto_attribs({"NUMBER": "DRG-123"})
    leader = model.add_multileader_mtext("Standard")
    leader.set_content("SEE NOTE 3")
    leader.add_leader_line(ConnectionSide.left, [Vec2(20, 20)])
    leader.build(insert=Vec2(60, 60))
    page = page_of(document, tmp_path)
    assert texts(page) == ["DRG-123", "MATERIAL", "SEE NOTE 3"]
    along = named(page, "DRG-123").quad[1] - named(page, "DRG-123").quad[0]
    assert along[1] < 0
    assert abs(along[0]) < 0.01


@pytest.mark.parametrize("degrees", [0, 30, 90, 200])
def test_a_text_is_found_where_its_ink_is(tmp_path: Path, degrees: float) -> None:
    document, model = new()
    model.add_text("25 H7", height=6, rotation=degrees).set_placement((90, 50))
    page = page_of(document, tmp_path)
    quad = named(page, "25 H7").quad
    inside = page.pixels[40:-40, 40:-40].min(axis=2) < 128  # without the outline of the part
    rows, columns = np.nonzero(inside)
    # The outermost ink along the text's own directions, seen from its first corner.
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    points = np.stack([columns + 40.5, rows + 40.5], axis=1) - quad[0]
    x, y = points @ (along / np.hypot(*along)), points @ (down / np.hypot(*down))
    assert [x.min(), y.min()] == pytest.approx([0.5, 0.5], abs=1)
    assert [x.max(), y.max()] == pytest.approx([np.hypot(*along) - 0.5, np.hypot(*down) - 0.5], abs=1)


def test_the_scale_is_that_of_the_units(tmp_path: Path) -> None:
    document, model = new()
    model.add_text("A", height=5).set_placement((10, 10))
    page = page_of(document, tmp_path)
    rows, columns = np.nonzero(page.pixels.min(axis=2) < 128)
    assert page.dpi is not None
    assert (columns.max() - columns.min()) / page.dpi * 25.4 == pytest.approx(200, abs=1)
    assert (rows.max() - rows.min()) / page.dpi * 25.4 == pytest.approx(100, abs=1)


def test_without_units_no_millimetres_are_told(tmp_path: Path) -> None:
    document, _ = new()
    document.units = 0
    page = page_of(document, tmp_path)
    assert page.dpi is None
    assert page.warnings == ("the drawing does not state its unit ($INSUNITS): no millimetres are given",)


def test_layouts_that_show_the_model_are_the_pages(tmp_path: Path) -> None:
    document, model = new()
    model.add_text("MODEL", height=10).set_placement((50, 50))
    model.add_text("OUT OF VIEW", height=10).set_placement((5000, 50))
    layout = document.layout("Layout1")
    layout.page_setup(size=(210, 297), margins=(0, 0, 0, 0), units="mm")
    layout.add_viewport(center=(105, 150), size=(100, 100), view_center_point=(100, 50), view_height=200)
    layout.add_text("TITLE", height=5).set_placement((10, 10))
    page = page_of(document, tmp_path)
    assert texts(page) == ["MODEL", "TITLE"]
    assert page.dpi == pytest.approx(200, abs=1)
    # Half as large on paper as in the model.
    height = np.hypot(*(named(page, "MODEL").quad[3] - named(page, "MODEL").quad[0]))
    assert height == pytest.approx(5 / 25.4 * 200, rel=0.1)


def test_the_cells_of_a_tolerance_frame_are_read_and_ruled(tmp_path: Path) -> None:
    document, model = new()
    document.dimstyles.get("Standard").dxf.dimtxt = 5
    content = "{\\Fgdt;j}%%v{\\Fgdt;n}0.1{\\Fgdt;m}%%vA%%v^J{\\Fgdt;b}%%v0.05%%vB"
    model.new_entity("TOLERANCE", {"content": content, "insert": (50, 50), "dimstyle": "Standard"})
    page = page_of(document, tmp_path)
    assert texts(page) == ["0.05", "A", "B", "⊥", "⌀0.1Ⓜ", "⌖"]
    assert page.warnings == ()
    # A vertical line stands between two cells of a row, twice as high as their letters.
    sign, value = named(page, "⌖").quad, named(page, "⌀0.1Ⓜ").quad
    between = page.pixels[int(value[0, 1]) : int(value[3, 1]), int(sign[1, 0]) + 2 : int(value[0, 0]) - 1].min(axis=2)
    assert (between.max(axis=0) < 160).any()


def test_what_is_not_drawn_is_told(tmp_path: Path) -> None:
    document, model = new()
    definition = document.add_image_def("logo.png", (100, 100))
    model.add_image(definition, (10, 10), (20, 20))
    (warning,) = page_of(document, tmp_path).warnings
    assert warning == "not drawn and not read: 1 IMAGE; plot the drawing to PDF to have all of it read"


def test_an_empty_and_a_damaged_drawing_say_so(tmp_path: Path) -> None:
    new_document().saveas(tmp_path / "empty.dxf")
    with pytest.raises(ImageError, match=r"empty\.dxf: nothing is drawn in Model"):
        list(open_file(tmp_path / "empty.dxf"))
    (tmp_path / "torn.dxf").write_text("  0\nSECTION\n  2\nHEADER\n  9\n$ACAD")
    with pytest.raises(ImageError, match=r"torn\.dxf: ") as caught:
        list(open_file(tmp_path / "torn.dxf"))
    assert "\n" not in str(caught.value)


def test_the_picture_stays_within_the_limit_and_the_texts_are_told_all_the_same(tmp_path: Path) -> None:
    document, model = new()
    model.add_line((0, 0), (100_000, 60_000))
    model.add_text("SMALL", height=3).set_placement((10, 10))
    document.saveas(tmp_path / "part.dxf")
    (page,) = open_file(tmp_path / "part.dxf", Limits(pixels=1_000_000))
    assert page.pixels.shape[0] * page.pixels.shape[1] <= 1_000_000
    assert texts(page) == ["SMALL"]
    assert "cannot be seen in it" in page.warnings[0]
