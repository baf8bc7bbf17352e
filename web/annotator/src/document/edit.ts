/**
 * An edit is data: which regions stood where before it and after it. So it can be stored, undone and done again, and
 * every tool (drawing, typing, splitting, merging of two people's work) makes the same kind of thing.
 */
import { type Region, sameRegion } from "./region";

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
  | "mend"
  | "import"
  | "synchronise";

export interface Edit {
  readonly kind: EditKind;
  /** They apply one after the other. */
  readonly changes: readonly Change[];
}

/** The regions after an edit. */
export function applied(regions: readonly Region[], { changes }: Edit): readonly Region[] {
  const list = [...regions];
  for (const { at, before, after } of changes) {
    list.splice(at, before === null ? 0 : 1, ...(after === null ? [] : [after]));
  }
  return list;
}

/** The edit that takes an edit back. */
export function inverted({ kind, changes }: Edit): Edit {
  return { kind, changes: changes.map(({ at, before, after }) => ({ at, before: after, after: before })).reverse() };
}

/** The changes that make one list of regions the other. Ids are unique in both. */
export function difference(from: readonly Region[], to: readonly Region[]): readonly Change[] {
  const changes: Change[] = [];
  const wanted = new Set(to.map(({ id }) => id));
  const list = from.filter(({ id }) => wanted.has(id));
  for (let at = from.length - 1; at >= 0; at--) {
    const before = from[at];
    if (before !== undefined && !wanted.has(before.id)) changes.push({ at, before, after: null });
  }
  const kept = new Set(list.map(({ id }) => id));
  to.forEach((after, at) => {
    if (list[at]?.id !== after.id) {
      if (kept.has(after.id)) {
        const from = list.findIndex(({ id }) => id === after.id);
        const [before = null] = list.splice(from, 1);
        changes.push({ at: from, before, after: null });
      }
      changes.push({ at, before: null, after });
      list.splice(at, 0, after);
      return;
    }
    const before = list[at];
    if (before !== undefined && !sameRegion(before, after)) changes.push({ at, before, after });
  });
  return changes;
}

/** Kinds of which many small ones follow each other, and are taken back together. */
const CONTINUOUS: ReadonlySet<EditKind> = new Set(["text", "nudge"]);

/** Both edits as one where the second goes on with the first (the next letter of the same text), else null. */
export function continued(first: Edit | undefined, second: Edit): Edit | null {
  if (first?.kind !== second.kind || !CONTINUOUS.has(second.kind) || first.changes.length !== second.changes.length) {
    return null;
  }
  const changes: Change[] = [];
  for (const [index, { at, before }] of first.changes.entries()) {
    const next = second.changes[index];
    if (before === null || next?.before?.id !== before.id || next.at !== at) return null;
    changes.push({ at, before, after: next.after });
  }
  return { kind: second.kind, changes };
}
