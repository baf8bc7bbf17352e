/**
 * Two people's, or two tabs', work on the same regions made one, by region id against what both began from.
 *
 * What only one of them changed is taken from him; different properties of one region are taken together. Where both
 * changed the same property differently, both regions are kept. An edit wins over a deletion: nothing typed is lost.
 */
import { sameQuad } from "../geometry/quad";
import { type Region, sameRegion } from "./region";

export interface Merged {
  readonly regions: readonly Region[];
  /** Ids of mine whose other version now stands beside it, and of the deleted regions that the other one had edited. */
  readonly conflicts: readonly string[];
}

const PROPERTIES = ["points", "text", "category", "ignore"] as const;
type Property = (typeof PROPERTIES)[number];

export function merge(base: readonly Region[], mine: readonly Region[], theirs: readonly Region[]): Merged {
  const [before, here, there] = [byId(base), byId(mine), byId(theirs)];
  const regions: Region[] = [];
  const conflicts: string[] = [];
  const keep = (id: string) => {
    const [original, left, right] = [before.get(id), here.get(id), there.get(id)];
    if (left === undefined || right === undefined) {
      const survivor = left ?? right;
      if (survivor === undefined) return;
      const unchanged = original !== undefined && sameRegion(survivor, original);
      if (unchanged) return;
      regions.push(survivor);
      if (original !== undefined) conflicts.push(id);
      return;
    }
    const both = united(original, left, right);
    if (both !== null) {
      regions.push(both);
      return;
    }
    regions.push(left, { ...right, id: crypto.randomUUID() });
    conflicts.push(id);
  };
  for (const { id } of mine) keep(id);
  for (const { id } of theirs) if (!here.has(id)) keep(id);
  return { regions, conflicts };
}

/** One region of two versions, or null where they contradict each other. */
function united(base: Region | undefined, mine: Region, theirs: Region): Region | null {
  if (sameRegion(mine, theirs)) return mine;
  if (base === undefined) return sameContent(mine, theirs) ? mine : null;
  if (sameRegion(mine, base)) return theirs;
  if (sameRegion(theirs, base)) return mine;
  const contradict = (property: Property) =>
    !same(property, mine, base) && !same(property, theirs, base) && !same(property, mine, theirs);
  if (PROPERTIES.some(contradict)) return null;
  const taken = <P extends Property>(property: P) => (same(property, theirs, base) ? mine : theirs)[property];
  return {
    id: mine.id,
    points: taken("points"),
    text: taken("text"),
    category: taken("category"),
    ignore: taken("ignore"),
    source: mine.source === "person" || theirs.source === "person" ? "person" : "machine",
    accepted: mine.accepted === base.accepted ? theirs.accepted : mine.accepted,
  };
}

function sameContent(left: Region, right: Region): boolean {
  return PROPERTIES.every((property) => same(property, left, right));
}

function same(property: Property, left: Region, right: Region): boolean {
  return property === "points" ? sameQuad(left.points, right.points) : left[property] === right[property];
}

function byId(regions: readonly Region[]): ReadonlyMap<string, Region> {
  return new Map(regions.map((region) => [region.id, region]));
}
