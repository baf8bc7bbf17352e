/**
 * The drawing's regions while a person works on them: what is there, what is selected, and every edit to it.
 *
 * The view reads the signals; whoever changes something calls a verb. Each verb makes one `Edit`, tells the
 * listeners (the local store keeps it), and can be undone without end.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { applied, type Change, type Edit, type EditKind, inverted } from "./edit";
import { type Region, sameRegion } from "./region";

/** What happened: an edit was made, taken back, or done again. The list of these is the whole history. */
export interface Step {
  readonly action: "do" | "undo" | "redo";
  /** For "do" only; the others are about the edit on top of their pile. */
  readonly edit?: Edit;
}

export type StepListener = (step: Step) => void;

export class AnnotationDocument {
  /** In reading order of the machine; what people add stands at the end. */
  readonly regions: ReadonlySignal<readonly Region[]>;
  readonly byId: ReadonlySignal<ReadonlyMap<string, Region>>;
  /** Ids, in the order in which they were selected; the last is the current region. */
  readonly selection: ReadonlySignal<ReadonlySet<string>>;
  readonly current: ReadonlySignal<Region | null>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;

  readonly #regions: Signal<readonly Region[]>;
  readonly #selection: Signal<ReadonlySet<string>> = signal(new Set());
  readonly #done: Signal<readonly Edit[]> = signal([]);
  readonly #undone: Signal<readonly Edit[]> = signal([]);
  readonly #listeners = new Set<StepListener>();

  /**
   * @param base The regions at the beginning.
   * @param history What was done to them before this page was opened, oldest first.
   */
  constructor(base: readonly Region[], history: readonly Step[] = []) {
    this.#regions = signal(base);
    this.regions = this.#regions;
    this.selection = this.#selection;
    this.byId = computed(() => new Map(this.#regions.value.map((region) => [region.id, region])));
    this.current = computed(() => this.byId.value.get([...this.#selection.value].at(-1) ?? "") ?? null);
    this.canUndo = computed(() => this.#done.value.length > 0);
    this.canRedo = computed(() => this.#undone.value.length > 0);
    for (const step of history) this.#take(step);
  }

  /** Hear of every step, after it was taken. The answer ends it. */
  onStep(listener: StepListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Select these and no others; ids that are not there are passed over. */
  select(ids: Iterable<string>): void {
    this.#selection.value = new Set([...ids].filter((id) => this.byId.value.has(id)));
  }

  /** Add to the selection, or take out of it. */
  toggle(id: string): void {
    const ids = new Set(this.#selection.value);
    if (!ids.delete(id)) ids.add(id);
    this.select(ids);
  }

  add(kind: EditKind, ...regions: readonly Region[]): void {
    this.replace(kind, [], regions);
  }

  remove(...ids: readonly string[]): void {
    this.replace("delete", ids, []);
  }

  /** Some regions in place of others, as one edit: the first stands where the first removed one stood. */
  replace(kind: EditKind, removed: readonly string[], added: readonly Region[]): void {
    const regions = [...this.#regions.value];
    const changes: Change[] = [];
    let place: number | null = null;
    for (const id of removed) {
      const at = regions.findIndex((region) => region.id === id);
      const before = regions[at];
      if (before === undefined) continue;
      changes.push({ at, before, after: null });
      regions.splice(at, 1);
      place = place === null ? at : Math.min(place, at);
    }
    let next = place ?? regions.length;
    for (const after of added) changes.push({ at: next++, before: null, after });
    this.#do({ kind, changes });
  }

  /**
   * Change regions by a person's hand: what differs is a person's from then on.
   *
   * @param change Gives a region its new properties; what it leaves out stays.
   */
  edit(kind: EditKind, ids: readonly string[], change: (region: Region) => Partial<Omit<Region, "id">>): void {
    this.#update(kind, ids, (region) => {
      const after = { ...region, ...change(region) };
      return sameRegion(region, after) ? region : { ...after, source: "person" };
    });
  }

  /** Say that regions are right as they are. */
  accept(...ids: readonly string[]): void {
    this.#update("accept", ids, (region) => ({ ...region, accepted: true }));
  }

  /** What the machine reads in a region now; it becomes the machine's again and has to be accepted. */
  readAgain(id: string, text: string): void {
    this.#update("read", [id], (region) => ({ ...region, text, ignore: false, source: "machine", accepted: false }));
  }

  /** Take over a list that was merged elsewhere, as one edit. */
  synchronise(regions: readonly Region[]): void {
    const changes: Change[] = [];
    const now = this.#regions.value;
    for (let at = now.length - 1; at >= 0; at--) changes.push({ at, before: now[at] ?? null, after: null });
    regions.forEach((after, at) => {
      changes.push({ at, before: null, after });
    });
    const same = now.length === regions.length && now.every((region, at) => sameRegion(region, regions[at] ?? region));
    if (!same) this.#do({ kind: "synchronise", changes });
  }

  undo(): void {
    if (this.canUndo.value) this.#act({ action: "undo" });
  }

  redo(): void {
    if (this.canRedo.value) this.#act({ action: "redo" });
  }

  #update(kind: EditKind, ids: readonly string[], change: (region: Region) => Region): void {
    const wanted = new Set(ids);
    const changes: Change[] = [];
    this.#regions.value.forEach((before, at) => {
      if (!wanted.has(before.id)) return;
      const after = change(before);
      if (!sameRegion(before, after)) changes.push({ at, before, after });
    });
    this.#do({ kind, changes });
  }

  #do(edit: Edit): void {
    if (edit.changes.length > 0) this.#act({ action: "do", edit });
  }

  #act(step: Step): void {
    this.#take(step);
    this.select(this.#selection.value);
    for (const listener of this.#listeners) listener(step);
  }

  #take({ action, edit }: Step): void {
    const done = this.#done.value;
    const undone = this.#undone.value;
    if (action === "do" && edit !== undefined) {
      this.#regions.value = applied(this.#regions.value, edit);
      this.#done.value = [...done, edit];
      this.#undone.value = [];
    }
    const [from, to] = action === "undo" ? [done, undone] : [undone, done];
    const top = from.at(-1);
    if (action === "do" || top === undefined) return;
    this.#regions.value = applied(this.#regions.value, action === "undo" ? inverted(top) : top);
    const [rest, grown] = [from.slice(0, -1), [...to, top]];
    [this.#done.value, this.#undone.value] = action === "undo" ? [rest, grown] : [grown, rest];
  }
}
