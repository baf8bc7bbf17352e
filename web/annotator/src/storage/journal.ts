/** Writes each step to the local store as it is taken, and says how far it is. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Entry, LocalStore, WorkName } from "./local_store";

/** `none`: this browser keeps nothing. `overtaken`: another tab has written here. `failing`: no room, or the like. */
export type JournalState = "kept" | "none" | "overtaken" | "failing";

export class Journal {
  readonly state: ReadonlySignal<JournalState>;
  /** Steps that are safe. */
  readonly stored: ReadonlySignal<number>;

  readonly #state: Signal<JournalState>;
  readonly #stored: Signal<number>;
  #next: number;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param store Null where the browser forbids storage.
   * @param length Steps that are there already.
   */
  constructor(
    private readonly store: LocalStore | null,
    private readonly name: WorkName,
    length: number,
  ) {
    this.#state = signal(store === null ? "none" : "kept");
    this.#stored = signal(length);
    this.#next = length;
    [this.state, this.stored] = [this.#state, this.#stored];
  }

  /** The transaction begins before this returns, so steps are stored in their order. */
  write(entry: Entry): void {
    if (this.store === null || this.#state.value !== "kept") return;
    const number = this.#next++;
    const written = this.store.append(this.name, number, entry);
    this.#last = written.then(
      () => {
        this.#stored.value = Math.max(this.#stored.value, number + 1);
      },
      (error: unknown) => {
        const overtaken = error instanceof DOMException && error.name === "ConstraintError";
        // A journal with a gap cannot be played back: nothing is written after it. The server's draft has the rest.
        this.#state.value = overtaken ? "overtaken" : "failing";
      },
    );
  }

  /** Resolves when every step so far is stored, or cannot be. */
  settled(): Promise<void> {
    return this.#last;
  }
}
