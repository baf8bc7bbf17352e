/**
 * A review as it goes on: at which difference the reviewer is, what is decided, and every decision.
 *
 * It is ahead of the screen: a decision counts at once, so that keys may come faster than the page is painted.
 */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { AnnotationDocument } from "../document/document";
import type { Task } from "../document/task";
import type { Quad } from "../geometry/quad";
import { type Difference, differences, placeOf, take } from "./differences";

export class Review {
  /** From the top of the page to its bottom. */
  readonly differences: readonly Difference[];
  /** Of `differences`. */
  readonly index: ReadonlySignal<number>;
  /** Null where people do not differ. */
  readonly current: ReadonlySignal<Difference | null>;
  /** Ids of the differences that somebody has decided. */
  readonly settled: ReadonlySignal<ReadonlySet<string>>;

  readonly #index: Signal<number> = signal(0);
  // What only few saw and nobody shall have is nowhere in the document: this visit remembers that it was looked at.
  readonly #leftOut: Signal<ReadonlySet<string>> = signal(new Set());

  /** @param show Brings a place to where it can be seen on the drawing. */
  constructor(
    task: Task,
    private readonly document: AnnotationDocument,
    private readonly show: (place: Quad) => void,
  ) {
    this.differences = differences(task);
    this.index = this.#index;
    this.current = computed(() => this.differences[this.#index.value] ?? null);
    this.settled = computed(
      () => new Set(this.differences.filter((each) => this.#isSettled(each)).map(({ id }) => id)),
    );
  }

  /** Begin at the first difference, and follow what is selected on the drawing from then on. The answer ends it. */
  begin(): () => void {
    if (!this.document.canUndo.peek()) this.#acceptAgreed();
    this.go(0);
    const indices = new Map(this.differences.map(({ id }, index) => [id, index]));
    return effect(() => {
      this.#index.value = indices.get(this.document.selection.value.at(-1) ?? "") ?? this.#index.peek();
    });
  }

  /** Go to a difference, around the end; its box is then the selected one. */
  go(index: number): void {
    const count = this.differences.length;
    const at = (index + count) % count;
    const wanted = this.differences[at];
    if (wanted === undefined) return;
    this.#index.value = at;
    this.document.select([wanted.id]);
    this.show(this.document.byId.peek().get(wanted.id)?.points ?? placeOf(wanted));
  }

  /**
   * Decide the current difference and go to the next one that is open: a later one first, else one that was passed over.
   *
   * @param version Whose version stands there from now on; null: nothing stands there.
   */
  decide(version: number | null): void {
    const { differences } = this;
    const [here, at] = [this.current.peek(), this.#index.peek()];
    if (here === null || (version !== null && version >= here.said.length)) return;
    if (version === null || here.said[version] === null) {
      this.document.replace("delete", [here.id], []);
      this.#leftOut.value = new Set([...this.#leftOut.peek(), here.id]);
    } else take(this.document, here, version);
    const settled = this.settled.peek();
    const after = differences.map((_, offset) => (at + 1 + offset) % differences.length);
    const next = after.find((index) => !settled.has(differences[index]?.id ?? ""));
    if (next !== undefined) this.go(next);
  }

  /** What everybody said needs nobody's look; undone like any other step. */
  #acceptAgreed(): void {
    const disputed = new Set(this.differences.map(({ id }) => id));
    this.document.accept(this.document.regions.peek().flatMap(({ id }) => (disputed.has(id) ? [] : [id])));
  }

  #isSettled({ id, consensus }: Difference): boolean {
    const region = this.document.byId.value.get(id);
    if (region !== undefined) return region.accepted || region.source === "person";
    return consensus !== null || this.#leftOut.value.has(id);
  }
}
