/**
 * One tab at a time works on a task. A second one is told so and can take over: it asks, and the first hands over as soon
 * as its last step is stored. A first tab that does not answer (frozen by the browser) loses the lock.
 */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

const PATIENCE = 1500; // milliseconds that a tab has to hand over

interface Channel {
  postMessage(message: string): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  close(): void;
}

export interface Browser {
  /** Missing where the page was not loaded safely. */
  readonly locks: Pick<LockManager, "request"> | undefined;
  channel(name: string): Channel;
}

const THIS_BROWSER: Browser = {
  get locks() {
    return navigator.locks;
  },
  channel: (name) => new BroadcastChannel(name),
};

export class TabLock {
  readonly held: ReadonlySignal<boolean>;

  readonly #held: Signal<boolean> = signal(false);
  readonly #channel: Channel;
  #release: () => void = () => {};

  /**
   * @param name What is locked.
   * @param settled Resolves when everything is stored: called before the lock is handed over.
   */
  constructor(
    private readonly name: string,
    private readonly settled: () => Promise<void>,
    private readonly browser: Browser = THIS_BROWSER,
  ) {
    this.held = this.#held;
    this.#channel = browser.channel(`annotator ${name}`);
    this.#channel.addEventListener("message", () => void this.#handOver());
  }

  /** Hold the lock if no other tab does; says whether it is held. */
  async take(): Promise<boolean> {
    try {
      return await this.#request({ ifAvailable: true });
    } catch {
      // A sandboxed frame may not lock; it shares no storage with another tab either.
      this.#held.value = true;
      return true;
    }
  }

  /** Hold the lock, whoever has it. */
  async takeOver(): Promise<void> {
    this.#channel.postMessage("hand over");
    const patience = AbortSignal.timeout(PATIENCE);
    const handedOver = await this.#request({ signal: patience }).catch(() => false);
    if (!handedOver) await this.#request({ steal: true });
  }

  /** Give the lock back for good. */
  close(): void {
    this.#let();
    this.#channel.close();
  }

  async #handOver(): Promise<void> {
    if (!this.#held.value) return;
    this.#held.value = false; // first: no step is taken any more
    await this.settled();
    this.#release();
  }

  #let(): void {
    this.#held.value = false;
    this.#release();
  }

  /** Resolves when it is decided whether the lock is held; the lock itself lives until it is released or stolen. */
  #request(options: LockOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const { locks } = this.browser;
      if (locks === undefined) throw new Error("this browser has no locks");
      locks
        .request(this.name, options, (lock) => {
          this.#held.value = lock !== null;
          resolve(lock !== null);
          if (lock === null) return;
          return new Promise<void>((release) => {
            this.#release = release;
          });
        })
        .catch((error: unknown) => {
          this.#held.value = false; // stolen
          reject(error);
        });
    });
  }
}
