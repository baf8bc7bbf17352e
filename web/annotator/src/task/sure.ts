/** What the machine is sure of: a person may look at these side by side and accept them together. */
import { type Signal, signal } from "@preact/signals";
import { CATEGORIES, type Region } from "../document/region";
import { check, type Page } from "../guideline/rules";
import { preferences } from "../theme/preferences";

const STORED = "annotator.sure";

/** From which confidence on a box may be one of them, of which this person has chosen one. */
export const THRESHOLDS = [0.8, 0.9, 0.95, 0.98, 0.99] as const;
const USUAL = 0.9;

export const sureFrom: Signal<number> = signal(stored());

export function chooseSureFrom(confidence: number): void {
  sureFrom.value = confidence;
  preferences()?.setItem(STORED, String(confidence));
}

/**
 * The machine's boxes from a confidence on that nobody has touched and the guideline has nothing against; by category,
 * the same texts side by side.
 *
 * @param confidence The machine's, by region id.
 */
export function sureRegions(
  regions: readonly Region[],
  confidence: ReadonlyMap<string, number>,
  from: number,
  page: Page,
): readonly Region[] {
  const doubted = new Set(check(regions, page).map(({ region }) => region));
  return regions
    .filter(({ id, accepted, source }) => !accepted && source === "machine" && (confidence.get(id) ?? 0) >= from)
    .filter(({ id, ignore }) => !ignore && !doubted.has(id))
    .toSorted((a, b) => place(a) - place(b) || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}

const place = ({ category }: Region) => CATEGORIES.indexOf(category);

function stored(): number {
  const known = Number(preferences()?.getItem(STORED));
  return THRESHOLDS.find((threshold) => threshold === known) ?? USUAL;
}
