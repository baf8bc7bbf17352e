"""report.html."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np

from drawing_ocr.evaluation.gate import Thresholds, judge
from drawing_ocr.evaluation.html_report import ComparedLine, changed_lines, render_report, write_report
from drawing_ocr.evaluation.recognition import ReadLine, evaluate_recognition
from drawing_ocr.evaluation.report import Evaluation, Metrics, TestSet
from drawing_ocr.evaluation.significance import PairedLine, compare_recognition


def compared(tmp_path: Path, text: str, challenger: str, champion: str) -> ComparedLine:
    picture = tmp_path / f"{abs(hash((text, challenger)))}.png"
    cv2.imwrite(str(picture), np.zeros((4, 9, 3), np.uint8))
    return ComparedLine(picture, text, challenger, champion, "dimension")


def evaluated(lines: list[ComparedLine]) -> Evaluation:
    def metrics(readings: list[str]) -> Metrics:
        pairs = zip(lines, readings, strict=True)
        return Metrics(recognition=evaluate_recognition(ReadLine(line.text, got, line.category) for line, got in pairs))

    test_set = TestSet(
        challenger=metrics([line.challenger for line in lines]), champion=metrics([line.champion for line in lines])
    )
    test_sets = {"new": test_set, "regression": test_set}
    return Evaluation(test_sets=test_sets, gate=judge(test_sets, Thresholds()))


class Tags(HTMLParser):
    """Open tags, to see that each is closed and which there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in {"meta", "img"}:
            self.open.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_is_one_well_formed_page_without_scripts_or_links(tmp_path: Path) -> None:
    lines = [compared(tmp_path, "⌀50", "⌀50", "050")]
    page = render_report(evaluated(lines), lines)
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "a", "iframe"}
    assert re.findall(r"https?://", page) == []


def test_changed_lines_are_sorted_by_what_changed(tmp_path: Path) -> None:
    lines = [
        compared(tmp_path, "⌀50", "⌀50", "050"),
        compared(tmp_path, "M8", "M6", "M8"),
        compared(tmp_path, "R5", "R6", "R7"),
        compared(tmp_path, "same", "same", "same"),
        compared(tmp_path, "⌀1", "φ1", "∅1"),
    ]
    page = render_report(evaluated(lines), lines)
    wrong_now, right_now, still_wrong = page.split("Lines that changed")[1].split("<caption>")[1:]
    assert "Right before, wrong now: 1" in wrong_now
    assert ">M6<" in wrong_now
    assert "Wrong before, right now: 1" in right_now
    assert ">050<" in right_now
    assert ">R7<" in still_wrong
    assert page.count("<img") == len(changed_lines(lines)) == 3


def test_both_versions_stand_side_by_side_with_their_difference(tmp_path: Path) -> None:
    lines = [compared(tmp_path, "⌀50", "⌀50", "050"), compared(tmp_path, "M8", "M8", "M8")]
    page = render_report(evaluated(lines), lines)
    assert "<th>recognition: exact</th><td>100.00%</td><td>50.00%</td>" in page
    assert '<td class="better">+50.00</td>' in page
    assert '<th>recognition: CER</th><td>0.00%</td><td>20.00%</td><td class="better">-20.00</td>' in page
    assert "<th>detection: hmean</th><td>–</td><td>–</td><td>–</td>" in page
    assert "<th>diameter</th><td>1</td><td>100.00%</td><td>0.00%</td>" in page


def test_the_verdict_and_its_reasons_are_on_top(tmp_path: Path) -> None:
    lines = [compared(tmp_path, "M8", "M6", "M8")]
    page = render_report(evaluated(lines), lines)
    assert page.index("<b>Refused</b>") < page.index("accuracy on new drawings 0.00%") < page.index("<h2>")


def test_all_text_is_escaped(tmp_path: Path) -> None:
    lines = [compared(tmp_path, "<script>alert(1)</script>", '"><img src=x onerror=1>', "&amp;")]
    page = render_report(evaluated(lines), lines)
    assert "<script>" not in page
    assert "<img src=x" not in page
    assert "&amp;amp;" in page


def test_the_picture_is_in_the_page(tmp_path: Path) -> None:
    line = compared(tmp_path, "1", "2", "3")
    page = render_report(evaluated([line]), [line])
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert base64.b64decode(data) == line.picture.read_bytes()


def test_a_long_gallery_is_cut_and_says_so(tmp_path: Path) -> None:
    lines = [compared(tmp_path, f"{number}", "wrong", f"{number}") for number in range(103)]
    page = render_report(evaluated(lines), lines)
    assert page.count("<img") == 100
    assert "Right before, wrong now: 103, the first 100 shown" in page


def test_the_first_version_has_no_champion(tmp_path: Path) -> None:
    lines = [ReadLine("1", "1", "text")]
    test_sets = {"new": TestSet(challenger=Metrics(recognition=evaluate_recognition(lines)))}
    evaluation = Evaluation(test_sets=test_sets, gate=judge(test_sets, Thresholds()))
    write_report(tmp_path / "report.html", evaluation, [])
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<b>Passed</b>" in page
    assert "<th>recognition: exact</th><td>100.00%</td><td>–</td><td>–</td>" in page


def test_intervals_say_what_may_be_chance(tmp_path: Path) -> None:
    lines = [compared(tmp_path, f"M{number}", f"M{number}", f"N{number}") for number in range(10)]
    lines.append(compared(tmp_path, "⌀50", "⌀50", "050"))
    pairs = [
        PairedLine(f"{number}", line.text, line.challenger, line.champion, line.category)
        for number, line in enumerate(lines)
    ]
    plain = evaluated(lines)
    test_set = plain.test_sets["new"].model_copy(update={"difference": compare_recognition(pairs)})
    page = render_report(plain.model_copy(update={"test_sets": {"new": test_set}}), lines)
    assert "11 lines of 11 drawings; 95% intervals of the difference by a paired bootstrap" in page
    assert '<td class="better">+100.00 … +100.00, better</td>' in page
    # One line of its class proves nothing.
    assert "<th>diameter</th><td>1</td><td>100.00%</td><td>0.00%</td>" in page
    assert "+100.00 … +100.00, may be chance" in page
