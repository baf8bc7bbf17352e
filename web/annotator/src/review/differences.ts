/**
 * Where people disagree about a drawing: for each place what each of them said, so that a reviewer decides place by place.
 *
 * The consensus has matched people's regions already, with more care (drawing_ocr/labelling/matching.py); here only that
 * is found again which stands side by side.
 */
import Flatbush from "flatbush";
import type { AnnotationDocument } from "../document/document";
import type { MachineRegion, Region } from "../document/region";
import type { Task } from "../document/task";
import { intersectionOverUnion } from "../geometry/overlap";
import { boundsOf, type Quad } from "../geometry/quad";

/** What people do not agree on. `place`: their boxes hardly cover each other. `unsure`: the consensus doubts itself. */
export type Disagreement = "missing" | "text" | "category" | "place" | "unsure";

export interface Difference {
  /** The region's in the document; what only few people saw gets it when it is taken. */
  readonly id: string;
  /** What most people saw; null where most saw nothing. */
  readonly consensus: MachineRegion | null;
  /** By version; null where that person saw nothing. */
  readonly said: readonly (Region | null)[];
  readonly about: ReadonlySet<Disagreement>;
}

const SAME_PLACE = 0.3; // IoU from which two boxes may be the same text, as in drawing_ocr/labelling/matching.py
const SAME_BOX = 0.5; // IoU below which two boxes of one text differ
const SURE = 0.8; // confidence below which the consensus asks for a reviewer, as in drawing_ocr/labelling/consensus.py
const TAKEN = "taken-"; // prefix of a region's id that a reviewer took over from one person
const LONGEST_NAME = 48; // of an id within another, so that no id is longer than the 64 that an answer may hold

/** The places of a review task on which somebody said something else, from the top of the page to its bottom. */
export function differences({ regions, versions }: Pick<Task, "regions" | "versions">): readonly Difference[] {
  const said = regions.map(() => versions.map((): Region | null => null));
  const few: SeenByFew[] = [];
  versions.forEach((version, person) => {
    const partners = matched(regions, version.regions);
    version.regions.forEach((region, index) => {
      const partner = partners.get(index);
      const row = partner === undefined ? undefined : said[partner];
      if (row) row[person] = region;
      else seenByFew(few, region, person, versions.length);
    });
  });
  const agreed = regions.map((consensus, index) => difference(consensus.id, consensus, said[index] ?? []));
  const others = few.map(({ id, said: row }) => difference(id, null, row));
  return [...agreed, ...others].filter(({ about }) => about.size > 0).sort((a, b) => top(a) - top(b));
}

/** Decide a place: what one person said stands there from now on, or nothing where that person saw nothing. */
export function take(document: AnnotationDocument, { id, said }: Difference, version: number): void {
  const region = said[version] ?? null;
  const there = document.byId.value.has(id);
  if (region === null) {
    if (there) document.replace("delete", [id], []);
    return;
  }
  document.replace("accept", there ? [id] : [], [{ ...region, id, source: "person", accepted: true }]);
  document.select([id]);
}

/** Where a difference is on the drawing: the box of the consensus, or of who saw it. */
export function placeOf({ consensus, said }: Difference): Quad {
  const points = consensus?.points ?? said.find((region) => region !== null)?.points;
  if (points === undefined) throw new Error("a difference that nobody saw");
  return points;
}

function top(of: Difference): number {
  return boundsOf(placeOf(of)).top;
}

function difference(id: string, consensus: MachineRegion | null, said: readonly (Region | null)[]): Difference {
  const seen = said.filter((region) => region !== null);
  const about = new Set<Disagreement>();
  const differ = (what: (region: Region) => string) => new Set(seen.map(what)).size > 1;
  if (seen.length < said.length) about.add("missing");
  if (differ(({ text, ignore }) => (ignore ? "\0" : text))) about.add("text");
  if (differ(({ category }) => category)) about.add("category");
  const first = seen[0];
  if (first && seen.some((region) => intersectionOverUnion(first.points, region.points) < SAME_BOX)) about.add("place");
  if (consensus !== null && consensus.confidence < SURE) about.add("unsure");
  return { id, consensus, said, about };
}

interface SeenByFew {
  readonly id: string;
  readonly seen: Region;
  readonly said: (Region | null)[];
}

function seenByFew(few: SeenByFew[], region: Region, person: number, people: number): void {
  const known = few.find(
    (each) => each.said[person] === null && intersectionOverUnion(each.seen.points, region.points) >= SAME_PLACE,
  );
  const row = known?.said ?? Array.from({ length: people }, () => null);
  row[person] = region;
  // Two people may have moved one region of the machine to two places: its id alone would name both.
  const id = `${TAKEN}${person}-${region.id.slice(0, LONGEST_NAME)}`;
  if (known === undefined) few.push({ id, seen: region, said: row });
}

/** Index of a region of `left` by the index of its partner in `right`: one to one, the best overlaps first. */
function matched(left: readonly MachineRegion[], right: readonly Region[]): Map<number, number> {
  const partners = new Map<number, number>();
  if (left.length === 0) return partners;
  const index = new Flatbush(left.length);
  for (const { points } of left) {
    const bounds = boundsOf(points);
    index.add(bounds.left, bounds.top, bounds.right, bounds.bottom);
  }
  index.finish();
  const pairs = right.flatMap(({ points }, ours) => {
    const bounds = boundsOf(points);
    return index.search(bounds.left, bounds.top, bounds.right, bounds.bottom).map((theirs) => ({
      ours,
      theirs,
      iou: intersectionOverUnion(points, (left[theirs] as MachineRegion).points),
    }));
  });
  const used = new Set<number>();
  for (const { ours, theirs, iou } of pairs.sort((a, b) => b.iou - a.iou)) {
    if (iou < SAME_PLACE || used.has(theirs) || partners.has(ours)) continue;
    partners.set(ours, theirs);
    used.add(theirs);
  }
  return partners;
}
