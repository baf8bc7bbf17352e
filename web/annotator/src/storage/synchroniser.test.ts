import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import "fake-indexeddb/auto";
import { LocalStore } from "./local_store";
import { OpenTask } from "./open_task";
import { type Failure, FakeServer, taskWith } from "./server.fake";

const texts = (regions: readonly { readonly id: string; readonly text: string }[]) =>
  Object.fromEntries(regions.map(({ id, text }) => [id, text]));

let server: FakeServer;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  server = new FakeServer(taskWith("a", "b", "c"));
});
afterEach(() => {
  vi.useRealTimers();
});

async function opened(store: LocalStore | null = null): Promise<OpenTask> {
  const task = await OpenTask.open({ work: server.work(), person: "ann", server, store });
  await task.synchroniser.start();
  return task;
}

const workOf = (person: string) => ({ ...taskWith(), person });

const type = (task: OpenTask, id: string, text: string) => task.document.edit("text", [id], () => ({ text }));
/** IndexedDB works in real time, between the page's timers. */
async function later(milliseconds = 10_000): Promise<void> {
  for (const part of [milliseconds, 0, 0, 0]) {
    await vi.advanceTimersByTimeAsync(part);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("work on its way to the server", () => {
  test("is sent as one draft a moment after the last stroke", async () => {
    const task = await opened();
    for (const text of ["M", "M8", "M8x1"]) type(task, "a", text);
    expect(task.synchroniser.link.value).toBe("waiting");
    await later();
    expect(server.requests).toBe(1);
    expect(texts(server.draft?.answer.regions ?? [])).toMatchObject({ a: "M8x1", b: "b" });
    expect([task.synchroniser.link.value, task.synchroniser.unsent.value]).toEqual(["saved", 0]);
  });

  test("is sent every few seconds while somebody types without a pause", async () => {
    const task = await opened();
    for (let stroke = 0; stroke < 40; stroke++) {
      type(task, "a", `${stroke}`);
      await later(500);
    }
    expect(server.requests).toBeGreaterThanOrEqual(2);
  });

  test("waits for a lost network and says so", async () => {
    const task = await opened();
    server.failures.push("before", "before", "before");
    type(task, "a", "6");
    await later(2_000);
    expect([task.synchroniser.link.value, task.synchroniser.unsent.value]).toEqual(["offline", 1]);
    await later(60_000);
    expect([task.synchroniser.link.value, server.draft?.answer.regions[0]?.text]).toEqual(["saved", "6"]);
  });

  test("tries at once when the network comes back", async () => {
    const task = await opened();
    server.failures.push("before");
    type(task, "a", "6");
    await later(1_600);
    await task.synchroniser.tryNow();
    expect(task.synchroniser.link.value).toBe("saved");
  });

  test("does not take its own draft for somebody else's when its confirmation was lost", async () => {
    const task = await opened();
    server.failures.push("after");
    type(task, "a", "6");
    await later(1_600);
    type(task, "a", "66");
    await later(60_000);
    expect(task.document.regions.value.map(({ text }) => text)).toEqual(["66", "b", "c"]);
    expect(task.synchroniser.merging.value).toBeNull();
    expect(server.draft).toMatchObject({ revision: 2 });
  });

  test("asks for a new sign-in, and keeps everything until then", async () => {
    const task = await opened();
    server.failures.push("signed_out");
    type(task, "a", "6");
    await later();
    expect([task.synchroniser.link.value, task.synchroniser.unsent.value]).toEqual(["signed_out", 1]);
    await task.synchroniser.tryNow();
    expect(server.draft?.answer.regions[0]?.text).toBe("6");
  });

  test("is merged with what another machine saved meanwhile", async () => {
    const task = await opened();
    server.otherDraft((regions) =>
      regions.map((region) => (region.id === "b" ? { ...region, text: "other" } : region)),
    );
    type(task, "a", "mine");
    await later();
    expect(texts(server.draft?.answer.regions ?? [])).toEqual({ a: "mine", b: "other", c: "c" });
    expect(task.synchroniser.merging.value).toEqual({ regions: 1, conflicts: [] });
  });

  test("keeps both where the same text was typed differently, and names it", async () => {
    const task = await opened();
    server.otherDraft((regions) =>
      regions.map((region) => (region.id === "a" ? { ...region, text: "theirs" } : region)),
    );
    type(task, "a", "mine");
    await later();
    expect(server.draft?.answer.regions.map(({ text }) => text).sort()).toEqual(["b", "c", "mine", "theirs"]);
    expect(task.synchroniser.merging.value?.conflicts).toEqual(["a"]);
  });

  test("takes a lease up again that has ended, when nobody else has the task", async () => {
    const task = await opened();
    server.token = "lease-2";
    type(task, "a", "6");
    await later();
    expect([task.synchroniser.link.value, server.draft?.answer.regions[0]?.text]).toEqual(["saved", "6"]);
  });

  test("says that the task is somebody else's, and goes on when it comes back", async () => {
    const task = await opened();
    server.token = null;
    type(task, "a", "6");
    await later();
    expect(task.synchroniser.link.value).toBe("lost");
    server.token = "lease-3";
    await task.synchroniser.tryNow();
    expect(server.draft?.answer.regions[0]?.text).toBe("6");
  });

  test("is an answer once, however often its confirmation is lost", async () => {
    const task = await opened();
    type(task, "a", "6");
    server.failures.push("after", "after");
    await task.synchroniser.submit(task.answer("labelled"));
    await later(60_000);
    expect(task.synchroniser.link.value).toBe("done");
    expect(server.answers).toHaveLength(1);
  });

  test("keeps the lease while the page is open", async () => {
    const task = await opened();
    await later(400_000);
    expect(server.requests).toBeGreaterThanOrEqual(1);
    expect(await task.synchroniser.address(false)).toBe("https://pyramid/2");
  });
});

describe("work on this machine", () => {
  let store: LocalStore;
  beforeEach(async () => {
    vi.stubGlobal("indexedDB", new IDBFactory());
    store = await LocalStore.open();
  });

  test("goes on after a crash before anything was sent, and can still be undone", async () => {
    const first = await opened(store);
    server.failures.push(...Array<Failure>(20).fill("before"));
    type(first, "a", "6");
    first.document.accept(["b"]);
    await first.journal.settled();
    first.close();

    server.failures.length = 0;
    const second = await opened(store);
    expect(second.resumed).toBe(2);
    expect(second.document.regions.value.map(({ text, accepted }) => [text, accepted])).toEqual([
      ["6", false],
      ["b", true],
      ["c", false],
    ]);
    expect(server.draft?.answer.regions[0]?.text).toBe("6");
    second.document.undo();
    second.document.undo();
    expect(second.document.regions.value[0]?.text).toBe("a");
  });

  test("is merged with the draft that another machine saved while this one was off", async () => {
    const first = await opened(store);
    server.failures.push(...Array<Failure>(20).fill("before"));
    type(first, "a", "here");
    await first.journal.settled();
    first.close();

    server.failures.length = 0;
    server.otherDraft((regions) =>
      regions.map((region) => (region.id === "c" ? { ...region, text: "there" } : region)),
    );
    const second = await opened(store);
    expect(texts(second.document.regions.value)).toEqual({ a: "here", b: "b", c: "there" });
    expect(texts(server.draft?.answer.regions ?? [])).toEqual({ a: "here", b: "b", c: "there" });
  });

  test("hands an answer in that was on its way when the page died", async () => {
    const first = await opened(store);
    server.failures.push("before");
    await first.synchroniser.submit(first.answer("skipped", "blank sheet"));
    first.close();
    const second = await opened(store);
    expect(second.synchroniser.link.value).toBe("done");
    expect(server.answers).toMatchObject([{ status: "skipped", reason: "blank sheet" }]);
  });

  test("is forgotten when the server has the answer", async () => {
    const task = await opened(store);
    type(task, "a", "6");
    await task.synchroniser.submit(task.answer("labelled"));
    await vi.waitFor(async () => expect(await store.load(workOf("ann"))).toBeNull());
  });

  test("is one person's only", async () => {
    const task = await opened(store);
    type(task, "a", "6");
    await task.journal.settled();
    expect(await store.load(workOf("bob"))).toBeNull();
    expect((await store.load(workOf("ann")))?.entries).toHaveLength(1);
  });

  test("stops writing when another tab has written, so that no journal has two authors", async () => {
    const [first, second] = [await opened(store), await opened(store)];
    type(first, "a", "6");
    await first.journal.settled();
    type(second, "b", "7");
    await second.journal.settled();
    expect(second.journal.state.value).toBe("overtaken");
  });

  test("and the server's copy end the same, whatever is lost on the way and whenever the page dies", async () => {
    const anyEvent = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          act: fc.constant("type" as const),
          id: fc.constantFrom("a", "b", "c"),
          text: fc.string({ maxLength: 3 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ act: fc.constant("undo" as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ act: fc.constant("fail" as const), how: fc.constantFrom<Failure>("before", "after") }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
      },
      { weight: 1, arbitrary: fc.record({ act: fc.constant("die" as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { maxLength: 25 }), async (events) => {
        vi.stubGlobal("indexedDB", new IDBFactory());
        store = await LocalStore.open();
        server = new FakeServer(taskWith("a", "b", "c"));
        const expected: Record<string, string>[] = [{ a: "a", b: "b", c: "c" }];
        let task = await opened(store);
        for (const event of events) {
          if (event.act === "type") type(task, event.id, event.text);
          if (event.act === "undo") task.document.undo();
          if (event.act === "fail") server.failures.push(event.how);
          if (event.act === "wait") await later(event.ms);
          if (event.act === "die") {
            await task.journal.settled();
            task.close();
            server.failures.length = 0;
            task = await opened(store);
          }
          expected.push(texts(task.document.regions.value));
        }
        server.failures.length = 0;
        await later(120_000);
        expect(task.document.regions.value).toHaveLength(3); // no stroke was taken for somebody else's
        expect(texts(task.document.regions.value)).toEqual(expected.at(-1));
        if (task.document.canUndo.value || server.draft !== null) {
          expect(texts(server.draft?.answer.regions ?? task.document.regions.value)).toEqual(expected.at(-1));
        }
        expect(task.synchroniser.link.value).toBe("saved");
        task.close();
        store.close();
      }),
      { numRuns: 40 },
    );
  });
});
