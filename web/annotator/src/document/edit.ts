/**
 * An edit is data: which regions stood where before it and after it. So it can be stored, undone and done again, and
 * every tool (drawing, typing, splitting, merging of two people's work) makes the same kind of thing.
 */
import type { Region } from "./region";

/** `before` null: the region is new. `after` null: it is gone. `at`: its place in the list, for both. */
export interface Change {
  readonly at: number;
  readonly before: Region | null;
  readonly after: Region | null;
}

export type EditKind =
  | "draw"
  | "reshape"
  | "nudge"
  | "text"
  | "category"
  | "ignore"
  | "accept"
  | "read"
  | "split"
  | "merge"
  | "copy"
  | "delete"
  | "import"
  | "synchronise";

export interface Edit {
  readonly kind: EditKind;
  readonly changes: readonly Change[];
}

/** The regions after an edit; the changes apply one after the other. */
export function applied(regions: readonly Region[], edit: Edit): readonly Region[] {
  const after = [...regions];
  for (const change of edit.changes) {
    const replacement = change.after === null ? [] : [change.after];
    after.splice(change.at, change.before === null ? 0 : 1, ...replacement);
  }
  return after;
}

/** The edit that takes an edit back. */
export function inverted(edit: Edit): Edit {
  const changes = edit.changes.map(({ at, before, after }) => ({ at, before: after, after: before })).reverse();
  return { kind: edit.kind, changes };
}

/** One edit in place of two that follow each other. */
export function joined(first: Edit, second: Edit): Edit {
  return { kind: second.kind, changes: [...first.changes, ...second.changes] };
}
