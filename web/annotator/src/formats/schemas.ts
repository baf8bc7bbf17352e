/** What the readers of label files check with. */
import * as v from "valibot";

const PointSchema = v.tuple([v.pipe(v.number(), v.finite()), v.pipe(v.number(), v.finite())]);

export const PolygonSchema = v.tuple([PointSchema, PointSchema, PointSchema, PointSchema]);

/** What is wrong first, in one line: `shapes.2.label: …`. */
export function firstIssue([issue, ...others]: [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const place = v.getDotPath(issue);
  return `${place === null ? "" : `${place}: `}${issue.message}${others.length > 0 ? ` (and ${others.length} more)` : ""}`;
}
