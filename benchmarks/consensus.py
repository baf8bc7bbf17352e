"""What the consensus of three people is worth: beside the best of them, and beside plain majority votes.

Three simulated people (`drawing_ocr.labelling.simulation.PEOPLE`, rates printed) label sheets drawn from nothing, whose
labels are exact. All ways get the same answers:

- each person alone;
- plain majority: regions matched by the best overlap with the first person's, whole texts and categories by majority,
  the first one's where there is none, the first one's box;
- ROVER, unweighted: the same with texts voted on character by character (crowd-kit's ROVER with characters for words);
- consensus: `drawing_ocr.labelling.consensus`.

Exact: F1 of regions with the right place (IoU ≥ 0.5), text and category. CER: over the texts that both have.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from rich.console import Console
from rich.table import Table

from drawing_ocr.annotation import Region
from drawing_ocr.evaluation.matching import MATCH_IOU
from drawing_ocr.labelling.agreement import Agreement
from drawing_ocr.labelling.answer import Answer, AnsweredRegion
from drawing_ocr.labelling.consensus import SURE, reach_consensus
from drawing_ocr.labelling.consensus_record import Consensus
from drawing_ocr.labelling.matching import matched
from drawing_ocr.labelling.score import says_the_same
from drawing_ocr.labelling.simulation import PEOPLE, ErrorRates, label
from drawing_ocr.synthesis.sheet import draw_sheet
from drawing_ocr.synthesis.style import STYLES, StyleName
from drawing_ocr.text import canonical, edit_distance

JOB = "benchmark"
CROWDED = 200  # regions of the sheet that is timed
REPEATS = 5


@dataclass
class Score:
    """Counts of one way over many sheets."""

    regions: int = 0
    expected: int = 0
    exact: int = 0
    edits: int = 0
    characters: int = 0

    def add(self, said: Sequence[Region | AnsweredRegion], truth: Sequence[Region]) -> None:
        self.regions += len(said)
        self.expected += len(truth)
        for pair in matched([each.points for each in said], [each.points for each in truth], MATCH_IOU):
            one, other = said[pair.left], truth[pair.right]
            self.exact += says_the_same(one, other)
            if not one.ignore and not other.ignore:
                self.edits += edit_distance(canonical(one.text), canonical(other.text))
                self.characters += len(canonical(other.text))

    @property
    def f1(self) -> float:
        return 2 * self.exact / (self.regions + self.expected)

    @property
    def cer(self) -> float:
        return self.edits / self.characters


def by_first(answers: Sequence[Answer]) -> list[list[AnsweredRegion]]:
    """Places of the first person with two or more people: the peer's matching. A place that the first missed is lost to
    none of the ways: then the second person's regions are tried in the same way."""
    places: list[list[AnsweredRegion]] = []
    left = [list(answer.regions) for answer in answers]
    for index in range(len(answers) - 1):
        for region in left[index]:
            place = [region]
            for other in left[index + 1 :]:
                pairs = matched([region.points], [each.points for each in other], MATCH_IOU)
                if pairs:
                    place.append(other.pop(max(pairs, key=lambda pair: pair.iou).right))
            if 2 * len(place) > len(answers):
                places.append(place)
    return places


def plain_majority(answers: Sequence[Answer]) -> list[Region]:
    return [merged(place, most_said) for place in by_first(answers)]


def unweighted_rover(answers: Sequence[Answer]) -> list[Region]:
    return [merged(place, voted) for place in by_first(answers)]


def merged(place: Sequence[AnsweredRegion], text_of: Callable[[Sequence[str]], str]) -> Region:
    category = Counter(region.category for region in place).most_common(1)[0][0]
    texts = ["" if region.ignore else canonical(region.text) for region in place]
    text = text_of(texts)
    return Region(points=place[0].points, text=text, category=category, ignore=not text)


def most_said(texts: Sequence[str]) -> str:
    return Counter(texts).most_common(1)[0][0]


def voted(texts: Sequence[str]) -> str:
    """ROVER as crowd-kit has it: every text aligned to the first by edit distance, each place by majority."""
    columns = [[character] for character in texts[0]]
    for number, text in enumerate(texts[1:], 1):
        columns = aligned(columns, text, number)
    return "".join(Counter(column).most_common(1)[0][0] for column in columns)


def aligned(columns: list[list[str]], text: str, before: int) -> list[list[str]]:
    costs = [[float(i + j) for j in range(len(text) + 1)] for i in range(len(columns) + 1)]
    for i, column in enumerate(columns, 1):
        for j, character in enumerate(text, 1):
            costs[i][j] = min(
                costs[i - 1][j - 1] + (character not in column),
                costs[i - 1][j] + ("" not in column),
                costs[i][j - 1] + 1,
            )
    laid: list[list[str]] = []
    i, j = len(columns), len(text)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (text[j - 1] not in columns[i - 1]):
            i, j = i - 1, j - 1
            laid.append([*columns[i], text[j]])
        elif i and (not j or costs[i][j] == costs[i - 1][j] + ("" not in columns[i - 1])):
            i -= 1
            laid.append([*columns[i], ""])
        else:
            j -= 1
            laid.append([*[""] * before, text[j]])
    return laid[::-1]


@dataclass
class Reviewed:
    """How well the consensus knows where it is wrong."""

    disputed: Counter[bool] = field(default_factory=Counter)  # right? -> regions that go to a reviewer
    settled: Counter[bool] = field(default_factory=Counter)
    bins: dict[int, list[tuple[float, bool]]] = field(
        default_factory=dict
    )  # tenth of confidence -> (confidence, right)
    confident: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, consensus: Consensus, truth: Sequence[Region]) -> None:
        pairs = matched([each.points for each in consensus.regions], [each.points for each in truth], MATCH_IOU)
        right = {pair.left for pair in pairs if says_the_same(consensus.regions[pair.left], truth[pair.right])}
        for index, region in enumerate(consensus.regions):
            (self.disputed if region.disputed else self.settled)[index in right] += 1
            self.bins.setdefault(min(9, int(10 * region.confidence)), []).append((region.confidence, index in right))
            self.confident.append((region.confidence, index in right))

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over ten bins."""
        total = sum(len(members) for members in self.bins.values())
        return math.fsum(
            abs(math.fsum(confidence - correct for confidence, correct in members)) / total
            for members in self.bins.values()
        )


@dataclass(frozen=True)
class Sheet:
    task: str
    truth: tuple[Region, ...]
    answers: dict[str, Answer]


def sheets(seed: int, count: int, people: dict[str, ErrorRates]) -> list[Sheet]:
    made = []
    for index in range(count):
        number = 1000 * seed + index
        _, annotation = draw_sheet(number, STYLES[list(StyleName)[index % len(StyleName)]])
        task = f"{number:016x}"
        answers = {
            name: label(annotation.regions, rates, Random(f"{name} {number}"), job=JOB, task=task)
            for name, rates in people.items()
        }
        made.append(Sheet(task, annotation.regions, answers))
    return made


def measure(all_sheets: Sequence[Sheet]) -> tuple[dict[str, Score], Reviewed, Agreement, int]:
    """Scores of every way, how the consensus knows itself, agreement of people, and sheets with nothing to review."""
    scores: dict[str, Score] = {}
    reviewed, agreements, clean = Reviewed(), [], 0
    for sheet in all_sheets:
        # The peers take the first person's word; which of the three that is changes from sheet to sheet.
        answers = sorted(sheet.answers.items(), key=lambda each: Random(f"{sheet.task} {each[0]}").random())
        consensus = reach_consensus(sheet.answers)
        ways: dict[str, Sequence[Region | AnsweredRegion]] = {
            **{name: sheet.answers[name].regions for name in sheet.answers},
            "plain majority": plain_majority([answer for _, answer in answers]),
            "ROVER, unweighted": unweighted_rover([answer for _, answer in answers]),
            "consensus": [region.label() for region in consensus.regions],
        }
        for name, regions in ways.items():
            scores.setdefault(name, Score()).add(regions, sheet.truth)
        reviewed.add(consensus, sheet.truth)
        agreements.append(consensus.agreement)
        clean += not consensus.needs_review
    return scores, reviewed, Agreement.of_all(agreements), clean


def milliseconds() -> tuple[int, float]:
    """Regions of a crowded sheet and the shortest time of a consensus of three on it."""
    _, annotation = draw_sheet(5, STYLES[StyleName.SCANNED])
    regions: list[Region] = []
    for copy in range(math.ceil(CROWDED / len(annotation.regions))):
        down = copy * annotation.height
        regions += [
            region.model_copy(update={"points": tuple((x, y + down) for x, y in region.points)})
            for region in annotation.regions
        ]
    regions = regions[:CROWDED]
    answers = {name: label(regions, rates, Random(name), job=JOB, task="0" * 16) for name, rates in PEOPLE.items()}
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        reach_consensus(answers)
        times.append(time.perf_counter() - begun)
    return len(regions), 1000 * min(times)


def table_of(per_seed: Sequence[dict[str, Score]]) -> Table:
    table = Table("way", "exact F1", "least … most", "CER", title="Against the truth, mean over seeds")
    for name in per_seed[0]:
        f1 = [scores[name].f1 for scores in per_seed]
        cer = math.fsum(scores[name].cer for scores in per_seed) / len(per_seed)
        table.add_row(name, f"{math.fsum(f1) / len(f1):.4f}", f"{min(f1):.4f} … {max(f1):.4f}", f"{cer:.4f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sheets", type=int, default=40, help="of each seed")
    parser.add_argument("--errors", type=float, default=1.0, help="everybody errs so many times as often")
    arguments = parser.parse_args()
    console = Console(width=120)
    people = {name: rates.times(arguments.errors) for name, rates in PEOPLE.items()}
    for name, rates in people.items():
        console.print(name, {key: round(value, 4) for key, value in vars(rates).items()}, highlight=False)

    per_seed, pooled, disputes = [], Reviewed(), Table("confidence", "regions", "right", title="Calibration")
    agreements, clean, count = [], 0, 0
    for seed in range(arguments.seeds):
        made = sheets(seed, arguments.sheets, people)
        scores, reviewed, agreement, untouched = measure(made)
        per_seed.append(scores)
        agreements.append(agreement)
        clean, count = clean + untouched, count + len(made)
        pooled.disputed += reviewed.disputed
        pooled.settled += reviewed.settled
        pooled.confident += reviewed.confident
        for tenth, members in reviewed.bins.items():
            pooled.bins.setdefault(tenth, []).extend(members)
    console.print(table_of(per_seed))

    for tenth, members in sorted(pooled.bins.items()):
        right = sum(correct for _, correct in members) / len(members)
        disputes.add_row(f"{tenth / 10:.1f} – {(tenth + 1) / 10:.1f}", str(len(members)), f"{right:.3f}")
    console.print(disputes)
    everything = pooled.disputed.total() + pooled.settled.total()
    console.print(
        f"expected calibration error {pooled.calibration_error:.3f}; to review (confidence below {SURE} or half of the "
        f"people): {pooled.disputed.total() / everything:.3f} of the regions; wrong of these "
        f"{pooled.disputed[False] / pooled.disputed.total():.3f}, of the others "
        f"{pooled.settled[False] / pooled.settled.total():.4f}; sheets without any {clean}/{count}"
    )
    thresholds = Table("threshold", "to review", "wrong of these", "wrong of the others", title="Other thresholds")
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95):
        below = [correct for confidence, correct in pooled.confident if confidence < threshold]
        above = [correct for confidence, correct in pooled.confident if confidence >= threshold]
        thresholds.add_row(
            f"{threshold}",
            f"{len(below) / everything:.3f}",
            f"{1 - sum(below) / len(below):.3f}" if below else "-",
            f"{1 - sum(above) / len(above):.4f}" if above else "-",
        )
    console.print(thresholds)

    agreement_table = Table("category", "regions", "alpha", "CER between people", title="Agreement")
    for each in Agreement.of_all(agreements).categories:
        alpha, cer = each.alpha, each.cer
        agreement_table.add_row(
            each.category,
            str(each.regions),
            "-" if alpha is None else f"{alpha:.3f}",
            "-" if cer is None else f"{cer:.4f}",
        )
    console.print(agreement_table)
    regions, time_taken = milliseconds()
    console.print(f"a sheet of {regions} regions, three people: {time_taken:.0f} ms")


if __name__ == "__main__":
    main()
