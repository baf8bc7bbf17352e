/** What the work on one drawing cost its person: part of the answer. */
export interface Effort {
  /** Of active work. */
  readonly seconds: number;
  readonly keystrokes: number;
  readonly clicks: number;
}

const LONGEST_THOUGHT = 20_000; // milliseconds between two actions that still count as work; longer is a pause

/** Counts keys and clicks, and the time between them. */
export class EffortMeter {
  #milliseconds: number;
  #keystrokes: number;
  #clicks: number;
  #last: number | null = null;

  /** @param before What earlier visits cost. */
  constructor(before: Effort = { seconds: 0, keystrokes: 0, clicks: 0 }) {
    this.#milliseconds = before.seconds * 1000;
    this.#keystrokes = before.keystrokes;
    this.#clicks = before.clicks;
  }

  /** @param now Milliseconds of any clock that does not go back. */
  key(now: number): void {
    this.#keystrokes++;
    this.active(now);
  }

  click(now: number): void {
    this.#clicks++;
    this.active(now);
  }

  /** Something else that only a person at work does: a movement, a turn of the wheel. */
  active(now: number): void {
    const pause = this.#last === null ? 0 : now - this.#last;
    if (pause <= LONGEST_THOUGHT) this.#milliseconds += pause;
    this.#last = now;
  }

  total(): Effort {
    const seconds = Math.round(this.#milliseconds / 100) / 10;
    return { seconds, keystrokes: this.#keystrokes, clicks: this.#clicks };
  }

  /** The same work was counted elsewhere too: the larger count holds. */
  atLeast({ seconds, keystrokes, clicks }: Effort): void {
    this.#milliseconds = Math.max(this.#milliseconds, seconds * 1000);
    this.#keystrokes = Math.max(this.#keystrokes, keystrokes);
    this.#clicks = Math.max(this.#clicks, clicks);
  }
}
