/** Task, answer and work: what goes over the wire (docs/architecture.md, "labelling"). */
import * as v from "valibot";
import { type MachineRegion, MachineRegionSchema, type Region, RegionSchema } from "./region";

export const MAX_REGIONS = 5000;
export const MAX_ANSWER_BYTES = 2_000_000;

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

export const AnswerSchema = v.object({
  schema: v.literal(1),
  job: v.string(),
  task: v.string(),
  status: v.picklist(["labelled", "skipped"]),
  reason: v.nullish(v.string(), ""),
  regions: v.pipe(v.array(RegionSchema), v.maxLength(MAX_REGIONS)),
  seconds: v.pipe(v.number(), v.minValue(0)),
  keystrokes: Count,
  clicks: Count,
});
export interface Answer {
  readonly schema: 1;
  readonly job: string;
  readonly task: string;
  readonly status: "labelled" | "skipped";
  /** Why it was skipped; empty when it was not. */
  readonly reason: string;
  readonly regions: readonly Region[];
  /** Of active work: pauses do not count. */
  readonly seconds: number;
  readonly keystrokes: number;
  readonly clicks: number;
}

export const TaskSchema = v.object({
  schema: v.literal(1),
  job: v.string(),
  task: v.string(),
  image: v.object({
    uri: v.string(),
    version_id: v.nullable(v.string()),
    width: v.pipe(v.number(), v.integer(), v.minValue(1)),
    height: v.pipe(v.number(), v.integer(), v.minValue(1)),
  }),
  pyramid: v.object({
    uri: v.string(),
    tile: v.pipe(v.number(), v.integer(), v.minValue(1)),
    levels: v.pipe(v.number(), v.integer(), v.minValue(1)),
  }),
  model: v.nullable(v.object({ version: v.string() })),
  regions: v.array(MachineRegionSchema),
  round: v.picklist(["label", "review"]),
  versions: v.array(AnswerSchema),
});
export interface Task {
  readonly schema: 1;
  readonly job: string;
  readonly task: string;
  readonly image: {
    readonly uri: string;
    readonly version_id: string | null;
    readonly width: number;
    readonly height: number;
  };
  readonly pyramid: { readonly uri: string; readonly tile: number; readonly levels: number };
  readonly model: { readonly version: string } | null;
  readonly regions: readonly MachineRegion[];
  readonly round: "label" | "review";
  /** What people said before; in a review only. */
  readonly versions: readonly Answer[];
}

export const LeaseSchema = v.object({ token: v.string(), expires: v.string() });
/** The right to work on a task until `expires` (ISO 8601). */
export interface Lease {
  readonly token: string;
  readonly expires: string;
}

export const DraftSchema = v.object({ revision: v.pipe(v.number(), v.integer(), v.minValue(1)), answer: AnswerSchema });
/** An answer on its way; `revision` counts from 1. */
export interface Draft {
  readonly revision: number;
  readonly answer: Answer;
}

export const WorkSchema = v.object({
  task: TaskSchema,
  lease: LeaseSchema,
  draft: v.nullable(DraftSchema),
  pyramid_url: v.string(),
  expires: v.string(),
});
/** A task that was lent to this person. `pyramid_url` is signed and ends at `expires` (ISO 8601). */
export interface Work {
  readonly task: Task;
  readonly lease: Lease;
  readonly draft: Draft | null;
  readonly pyramid_url: string;
  readonly expires: string;
}
