import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Browser, TabLock } from "./tab_lock";

/** Web Locks and BroadcastChannel of one browser, for one name; https://www.w3.org/TR/web-locks/ */
function browser(): Browser {
  const channels = new Set<{ readonly hear: ((event: MessageEvent) => void)[] }>();
  const waiting: (() => void)[] = [];
  let steal: ((error: Error) => void) | null = null;
  const request = (_: string, options: LockOptions, callback: (lock: Lock | null) => unknown) =>
    new Promise<unknown>((resolve, reject) => {
      const run = () => {
        steal = (error) => reject(error);
        const end = () => {
          steal = null;
          waiting.shift()?.();
        };
        Promise.resolve(callback({ name: _, mode: "exclusive" } as Lock)).then((value) => {
          end();
          resolve(value);
        });
      };
      if (options.steal === true) {
        steal?.(new DOMException("stolen", "AbortError"));
        run();
      } else if (steal === null) run();
      else if (options.ifAvailable === true) resolve(callback(null));
      else {
        waiting.push(run);
        options.signal?.addEventListener("abort", () => {
          waiting.splice(waiting.indexOf(run), 1);
          reject(options.signal?.reason);
        });
      }
    });
  return {
    locks: { request } as unknown as Pick<LockManager, "request">,
    channel: () => {
      const me = { hear: [] as ((event: MessageEvent) => void)[] };
      channels.add(me);
      return {
        postMessage: (data) => {
          for (const other of channels) if (other !== me) for (const hear of other.hear) hear({ data } as MessageEvent);
        },
        addEventListener: (_type, listener) => me.hear.push(listener),
        close: () => channels.delete(me),
      };
    },
  };
}

const nothing = async () => {};

describe("two tabs on one task", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("the second is told that the first has it", async () => {
    const shared = browser();
    const [first, second] = [new TabLock("t", nothing, shared), new TabLock("t", nothing, shared)];
    expect(await first.take()).toBe(true);
    expect(await second.take()).toBe(false);
    expect([first.held.value, second.held.value]).toEqual([true, false]);
  });

  test("the first hands over when everything is stored, and not before", async () => {
    const shared = browser();
    let stored = false;
    const settled = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      stored = true;
    };
    const [first, second] = [new TabLock("t", settled, shared), new TabLock("t", nothing, shared)];
    await first.take();
    const taking = second.takeOver().then(() => stored);
    expect(first.held.value).toBe(false); // takes no step while it hands over
    await vi.advanceTimersByTimeAsync(200);
    expect(await taking).toBe(true);
    expect(second.held.value).toBe(true);
  });

  test("a frozen first tab loses the task", async () => {
    const shared = browser();
    const [first, second] = [new TabLock("t", () => new Promise(() => {}), shared), new TabLock("t", nothing, shared)];
    await first.take();
    vi.useRealTimers(); // AbortSignal.timeout is not faked
    await second.takeOver();
    expect([first.held.value, second.held.value]).toEqual([false, true]);
  });

  test("a closed tab leaves the task to the next one", async () => {
    const shared = browser();
    const [first, second] = [new TabLock("t", nothing, shared), new TabLock("t", nothing, shared)];
    await first.take();
    first.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(await second.take()).toBe(true);
  });
});
