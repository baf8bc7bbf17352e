/** Where the regions lie: what is on the screen, and what is below a pointer. Built once a change of their outlines. */
import Flatbush from "flatbush";
import { cross, type Point, subtract } from "../geometry/point";
import {
  areaOf,
  type Bounds,
  boundsOf,
  contains,
  distanceToOutline,
  overlaps,
  type Quad,
  quadOf,
} from "../geometry/quad";
import type { DrawnRegion } from "./ports";

export class RegionIndex {
  readonly #tree: Flatbush | null;

  constructor(private readonly regions: readonly DrawnRegion[]) {
    if (regions.length === 0) {
      this.#tree = null; // Flatbush refuses to be empty
      return;
    }
    this.#tree = new Flatbush(regions.length);
    for (const { points } of regions) {
      const { left, top, right, bottom } = boundsOf(points);
      this.#tree.add(left, top, right, bottom);
    }
    this.#tree.finish();
  }

  /** An index for these regions: this one where no outline differs. */
  updated(regions: readonly DrawnRegion[]): RegionIndex {
    const same =
      regions.length === this.regions.length &&
      regions.every((region, index) => {
        const before = this.regions[index];
        return before?.id === region.id && before.points === region.points;
      });
    return same ? this : new RegionIndex(regions);
  }

  /** Places in the list of the regions whose bounds meet `bounds`, in drawing order. */
  within({ left, top, right, bottom }: Bounds): number[] {
    return this.#tree?.search(left, top, right, bottom).sort((a, b) => a - b) ?? [];
  }

  /** Ids of the regions that have a part inside `bounds`. */
  touching(bounds: Bounds): string[] {
    return this.within(bounds)
      .map((place) => this.regions[place] as DrawnRegion)
      .filter(({ points }) => touches(points, bounds))
      .map(({ id }) => id);
  }

  /**
   * The region that a person means by pointing at `place`: the smallest one around it, else the one whose outline is
   * nearest within `reach` (sheet pixels).
   */
  at(place: Point, reach: number): string | null {
    const [x, y] = place;
    const near = this.within({ left: x - reach, top: y - reach, right: x + reach, bottom: y + reach }).map(
      (index) => this.regions[index] as DrawnRegion,
    );
    const around = near.filter(({ points }) => contains(points, place));
    if (around.length > 0) return least(around, ({ points }) => Math.abs(areaOf(points)));
    const reached = near.filter(({ points }) => distanceToOutline(points, place) <= reach);
    return least(reached, ({ points }) => distanceToOutline(points, place));
  }
}

/** Separating axes: those of the rectangle, then those of the quad. */
function touches(points: Quad, bounds: Bounds): boolean {
  if (!overlaps(boundsOf(points), bounds)) return false;
  const corners = quadOf(bounds);
  return points.every((start, index) => {
    const side = subtract(points[(index + 1) % 4] as Point, start);
    return corners.some((corner) => cross(side, subtract(corner, start)) >= 0);
  });
}

function least(regions: readonly DrawnRegion[], measure: (region: DrawnRegion) => number): string | null {
  let best: string | null = null;
  let smallest = Infinity;
  for (const region of regions) {
    const value = measure(region);
    if (value > smallest) continue;
    [best, smallest] = [region.id, value];
  }
  return best;
}
