/**
 * The drawing's regions while a person works on them: what is there, what is selected, and every edit to it.
 *
 * The view reads the signals; whoever changes something calls a verb. Each verb takes one step, tells the listeners
 * (the local store keeps it), and can be undone without end.
 */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { applied, continued, difference, type Edit, type EditKind, inverted } from "./edit";
import { type Region, sameRegion } from "./region";

/** What happened: an edit was made, taken back, or done again. The list of these is the whole history. */
export type Step =
  | { readonly action: "do"; readonly edit: Edit }
  | { readonly action: "undo" }
  | { readonly action: "redo" };

export class AnnotationDocument {
  /** In the machine's reading order; what people add stands at the end. */
  readonly regions: ReadonlySignal<readonly Region[]>;
  readonly byId: ReadonlySignal<ReadonlyMap<string, Region>>;
  /** Ids, in the order in which they were selected; the last is the current region. */
  readonly selection: ReadonlySignal<readonly string[]>;
  readonly current: ReadonlySignal<Region | null>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;

  readonly #regions: Signal<readonly Region[]>;
  readonly #selection: Signal<readonly string[]> = signal([]);
  readonly #done: Signal<readonly Edit[]> = signal([]);
  readonly #undone: Signal<readonly Edit[]> = signal([]);
  readonly #listeners = new Set<(step: Step) => void>();

  /**
   * @param base The regions at the beginning.
   * @param confidence The machine's, 0 to 1, by region id.
   * @param history What was done to the base before this page was opened, oldest first.
   */
  constructor(
    base: readonly Region[],
    readonly confidence: ReadonlyMap<string, number> = new Map(),
    history: readonly Step[] = [],
  ) {
    this.#regions = signal(base);
    this.regions = this.#regions;
    this.selection = this.#selection;
    this.byId = computed(() => new Map(this.#regions.value.map((region) => [region.id, region])));
    this.current = computed(() => this.byId.value.get(this.#selection.value.at(-1) ?? "") ?? null);
    this.canUndo = computed(() => this.#done.value.length > 0);
    this.canRedo = computed(() => this.#undone.value.length > 0);
    for (const step of history) this.#take(step);
  }

  /** Hear of every step, after it was taken. The answer ends it. */
  onStep(listener: (step: Step) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Select these and no others; ids that are not there are passed over. */
  select(ids: Iterable<string>): void {
    const selected = [...new Set(ids)].filter((id) => this.byId.value.has(id));
    const before = this.#selection.value;
    if (selected.length === before.length && selected.every((id, index) => id === before[index])) return;
    this.#selection.value = selected;
  }

  /**
   * Some regions in place of others: the new ones stand where the first of the old ones stood, or at the end, and are
   * then the selected ones.
   */
  replace(kind: EditKind, removed: readonly string[], added: readonly Region[]): void {
    const gone = new Set(removed);
    const regions = this.#regions.value;
    const first = regions.findIndex(({ id }) => gone.has(id));
    const place = first < 0 ? regions.length : first;
    const kept = regions.filter(({ id }) => !gone.has(id));
    this.#become(kind, [...kept.slice(0, place), ...added, ...kept.slice(place)]);
    if (added.length > 0) this.select(added.map(({ id }) => id));
  }

  /** Change regions by a person's hand: what differs is a person's from then on. */
  edit(kind: EditKind, ids: readonly string[], change: (region: Region) => Partial<Omit<Region, "id">>): void {
    this.#map(kind, ids, (region) => {
      const after = { ...region, ...change(region) };
      return sameRegion(region, after) ? region : { ...after, source: "person" };
    });
  }

  /** Say that regions are right as they are. */
  accept(ids: readonly string[]): void {
    this.#map("accept", ids, (region) => ({ ...region, accepted: true }));
  }

  /** What the machine reads in a region now. Nobody has looked at it yet; who drew the box stays. */
  read(id: string, text: string): void {
    this.#map("read", [id], (region) => ({ ...region, text, ignore: false, accepted: false }));
  }

  /** Take over a list of regions that was made elsewhere. */
  become(kind: "import" | "synchronise", regions: readonly Region[]): void {
    this.#become(kind, regions);
  }

  /** Take the last edit back; the regions that it was about are then the selected ones. */
  undo(): void {
    const edit = this.#done.value.at(-1);
    if (edit === undefined) return;
    this.#act({ action: "undo" });
    this.select(edit.changes.flatMap(({ before }) => before?.id ?? []));
  }

  /** Do again what was taken back last; likewise. */
  redo(): void {
    const edit = this.#undone.value.at(-1);
    if (edit === undefined) return;
    this.#act({ action: "redo" });
    this.select(edit.changes.flatMap(({ after }) => after?.id ?? []));
  }

  #map(kind: EditKind, ids: readonly string[], change: (region: Region) => Region): void {
    const wanted = new Set(ids);
    this.#become(
      kind,
      this.#regions.value.map((region) => (wanted.has(region.id) ? change(region) : region)),
    );
  }

  #become(kind: EditKind, regions: readonly Region[]): void {
    const changes = difference(this.#regions.value, regions);
    if (changes.length > 0) this.#act({ action: "do", edit: { kind, changes } });
  }

  #act(step: Step): void {
    batch(() => {
      this.#take(step);
      this.select(this.#selection.value);
    });
    for (const listener of this.#listeners) listener(step);
  }

  #take(step: Step): void {
    const done = this.#done.value;
    const undone = this.#undone.value;
    if (step.action === "do") {
      const longer = continued(done.at(-1), step.edit);
      this.#regions.value = applied(this.#regions.value, step.edit);
      this.#done.value = longer === null || undone.length > 0 ? [...done, step.edit] : [...done.slice(0, -1), longer];
      this.#undone.value = [];
      return;
    }
    const edit = (step.action === "undo" ? done : undone).at(-1);
    if (edit === undefined) return;
    this.#regions.value = applied(this.#regions.value, step.action === "undo" ? inverted(edit) : edit);
    this.#done.value = step.action === "undo" ? done.slice(0, -1) : [...done, edit];
    this.#undone.value = step.action === "undo" ? [...undone, edit] : undone.slice(0, -1);
  }
}
