"""Every form of labels under one name."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawing_ocr.annotation import Annotation
from drawing_ocr.formats import FormatError
from drawing_ocr.formats.registry import FORMATS, LabelFormat, crop_path, format_of
from tests.drawing_ocr.formats.examples import ANNOTATIONS
from tests.drawing_ocr.labels import HEIGHT, WIDTH, annotations, regions

printable = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(
    lambda text: text.strip() and text not in {"###", "other_info"}
)
drawings = st.lists(annotations(), min_size=1, max_size=3, unique_by=lambda each: each.image)


def again(form: LabelFormat, written: list[Annotation]) -> list[Annotation]:
    return form.read(form.write(written), form.file_name, lambda _: (WIDTH, HEIGHT))


@pytest.mark.parametrize("form", [form for form in FORMATS.values() if not form.loses], ids=lambda form: form.name)
@settings(max_examples=30)
@given(written=drawings)
def test_a_form_that_loses_nothing_round_trips_exactly(form: LabelFormat, written: list[Annotation]) -> None:
    assert again(form, written) == written


@pytest.mark.parametrize("name", ["labelme", "ppocrlabel", "detection"])
@settings(max_examples=30)
@given(written=annotations())
def test_a_form_that_loses_something_keeps_everything_else(name: str, written: Annotation) -> None:
    (read,) = again(FORMATS[name], [written])
    assert read == written.model_copy(update={"version_id": None})


@given(st.lists(regions(printable), min_size=1, max_size=4))
def test_a_recognition_list_has_the_readable_texts_in_order(labelled: list[object]) -> None:
    annotation = Annotation(image="a/blatt 1.png", width=WIDTH, height=HEIGHT, regions=tuple(labelled))
    lines = FORMATS["recognition"].write([annotation]).split("\n")[:-1]
    assert lines == [
        f"{crop_path(annotation.image, index)}\t{region.text}"
        for index, region in enumerate(annotation.regions)
        if not region.ignore
    ]


@pytest.mark.parametrize("form", FORMATS.values(), ids=lambda form: form.name)
def test_what_is_written_is_known_by_its_content_whatever_it_is_called(form: LabelFormat) -> None:
    content = form.write(ANNOTATIONS[:1])
    assert format_of(form.file_name.replace("*", "x"), content) is form
    ending = Path(form.file_name).suffix
    assert format_of(f"elsewhere{ending}", content) is form


@pytest.mark.parametrize("content", ["", "hello", "{}", "[1]", "\x00\x01"])
def test_what_is_no_label_file_is_refused(content: str) -> None:
    with pytest.raises(FormatError, match=r"^notes\.md: labels in an unknown form; known are batch, "):
        format_of("notes.md", content)


def test_a_recognition_list_is_not_read_as_boxes() -> None:
    with pytest.raises(FormatError, match=r"rec\.txt: a recognition list \(1 texts\) has no boxes"):
        FORMATS["recognition"].read("crops/x/0.png\t⌀50\n", "rec.txt", lambda _: (1, 1))


def test_several_drawings_are_not_one_labelme_file() -> None:
    with pytest.raises(FormatError, match="2 drawings for one LabelMe file: give a folder"):
        FORMATS["labelme"].write(ANNOTATIONS)


@pytest.mark.parametrize("name", ["batch", "ppocrlabel", "detection"])
def test_a_region_beyond_its_page_is_refused_with_the_file(name: str) -> None:
    form = FORMATS[name]
    content = form.write(ANNOTATIONS[:1]).replace(f'"width":{ANNOTATIONS[0].width}', '"width":5')
    with pytest.raises(FormatError) as caught:
        form.read(content, "x", lambda _: (5, 5))
    assert str(caught.value).startswith("x")
    assert "outside its page of 5" in str(caught.value)
