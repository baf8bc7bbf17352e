/** What the HTTP API answers besides tasks and drafts (docs/architecture.md, "labelling"). */
import * as v from "valibot";
import { CATEGORIES, type Category } from "../document/region";
import { LeaseSchema } from "../document/task";

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Fraction = v.nullish(v.pipe(v.number(), v.maxValue(1)), null); // alpha may be negative

export const GROUPS = ["annotator", "reviewer", "manager"] as const;
export type Group = (typeof GROUPS)[number];

export const MeSchema = v.object({ person: v.string(), name: v.string(), groups: v.array(v.string()) });
export type Me = v.InferOutput<typeof MeSchema>;

const progress = {
  job: v.string(),
  title: v.string(),
  state: v.picklist(["preparing", "open", "exporting", "exported"]),
  priority: v.number(),
  annotators: Count,
  created: v.string(),
  tasks: Count,
  labelled: Count,
  reviewed: Count,
  skipped: Count,
  mine: Count,
  to_label: Count,
  to_review: Count,
  manifest: v.nullish(v.string(), null),
};

/** How far a job is; counts are tasks. */
export const ProgressSchema = v.object(progress);
export type Progress = v.InferOutput<typeof ProgressSchema>;

export const JobsSchema = v.object({ jobs: v.array(ProgressSchema) });

/** What one person did on a job; `agreement` and gold accuracy are fractions. */
export const PersonSchema = v.object({
  person: v.string(),
  name: v.string(),
  tasks: Count,
  skipped: Count,
  seconds: v.pipe(v.number(), v.minValue(0)),
  regions: Count,
  keystrokes: Count,
  clicks: Count,
  agreement: Fraction,
  gold: v.nullish(v.object({ tasks: Count, exact: Fraction }), null),
});
export type Person = v.InferOutput<typeof PersonSchema>;

/** Krippendorff's alpha and the character error rate between people, of the regions of one category. */
export const CategoryAgreementSchema = v.object({
  category: v.picklist(CATEGORIES),
  regions: Count,
  alpha: Fraction,
  cer: v.nullish(v.pipe(v.number(), v.minValue(0)), null),
});
export interface CategoryAgreement {
  readonly category: Category;
  readonly regions: number;
  readonly alpha: number | null;
  readonly cer: number | null;
}

export const JobReportSchema = v.object({
  ...progress,
  people: v.array(PersonSchema),
  categories: v.array(CategoryAgreementSchema),
});
export type JobReport = v.InferOutput<typeof JobReportSchema>;

/** A lease that goes on, and a fresh address of the pyramid. */
export const RenewedSchema = v.object({ lease: LeaseSchema, pyramid_url: v.string(), expires: v.string() });
export type Renewed = v.InferOutput<typeof RenewedSchema>;

export const SavedSchema = v.object({ revision: v.pipe(v.number(), v.integer(), v.minValue(1)) });

/** What the reader sees in a crop; confidence 0 to 1. */
export const ReadingSchema = v.object({ text: v.string(), confidence: v.number() });
export type Reading = v.InferOutput<typeof ReadingSchema>;
