/**
 * One line of text on a drawing, as labelling knows it (docs/architecture.md, "labelling").
 *
 * Points are pixels of the upright original, y downwards, clockwise from the text's own top left: the first side runs
 * along the top of the text in reading direction, however the text is turned.
 */
import * as v from "valibot";
import { type Quad, sameQuad } from "../geometry/quad";

export const CATEGORIES = ["text", "dimension", "symbol", "table", "title_block"] as const;
export type Category = (typeof CATEGORIES)[number];

const Coordinate = v.pipe(v.number(), v.finite());
const PointSchema = v.tuple([Coordinate, Coordinate]);
const QuadSchema = v.tuple([PointSchema, PointSchema, PointSchema, PointSchema]);

const shape = {
  id: v.pipe(v.string(), v.minLength(1)),
  points: QuadSchema,
  text: v.string(),
  category: v.picklist(CATEGORIES),
  ignore: v.boolean(),
};

/** What the machine read: a region of a task. `confidence` lies in 0 to 1. */
export const MachineRegionSchema = v.object({ ...shape, confidence: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) });
export interface MachineRegion {
  readonly id: string;
  readonly points: Quad;
  readonly text: string;
  readonly category: Category;
  readonly ignore: boolean;
  readonly confidence: number;
}

/** What a person says: a region of an answer. `source` is "person" as soon as a person changed anything of it. */
export const RegionSchema = v.object({
  ...shape,
  source: v.picklist(["machine", "person"]),
  accepted: v.boolean(),
});
export interface Region {
  readonly id: string;
  readonly points: Quad;
  readonly text: string;
  readonly category: Category;
  /** Unreadable, `###` in PaddleOCR's files. */
  readonly ignore: boolean;
  readonly source: "machine" | "person";
  /** A person has looked at it and says that it is right. */
  readonly accepted: boolean;
}

/** The machine's region as the beginning of a person's answer. */
export function unseen({ id, points, text, category, ignore }: MachineRegion): Region {
  return { id, points, text, category, ignore, source: "machine", accepted: false };
}

/** Whether two regions say the same. */
export function sameRegion(left: Region, right: Region): boolean {
  return (
    left === right ||
    (left.id === right.id &&
      left.text === right.text &&
      left.category === right.category &&
      left.ignore === right.ignore &&
      left.source === right.source &&
      left.accepted === right.accepted &&
      sameQuad(left.points, right.points))
  );
}

/** A region that a person draws. Its id is random, so that two people and two tabs never make the same one. */
export function drawn(points: Quad, category: Category, text = ""): Region {
  return { id: crypto.randomUUID(), points, text, category, ignore: false, source: "person", accepted: false };
}
