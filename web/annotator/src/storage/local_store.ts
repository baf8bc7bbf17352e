/**
 * The person's work on this machine: every step, at the moment it was taken.
 *
 * A task is a record (what the steps begin from, and what the server last had) and a journal of steps, one entry each.
 * An entry is written in a transaction of its own: what has been written survives the death of the browser.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Step } from "../document/document";
import type { Effort } from "../document/effort";
import type { Region } from "../document/region";
import type { Answer } from "../document/task";

/** What names a person's work on a task. */
export interface WorkName {
  readonly person: string;
  readonly job: string;
  readonly task: string;
  readonly round: "label" | "review";
}

/** A state of the draft that the server and this machine both know. */
export interface Synchronised {
  /** 0: there is no draft yet. */
  readonly revision: number;
  readonly regions: readonly Region[];
}

export interface LocalWork extends WorkName {
  /** What the journal's steps begin from. */
  readonly base: readonly Region[];
  readonly synchronised: Synchronised;
  /** A draft on its way to the server; it may have arrived. */
  readonly sent: Answer | null;
  /** Handed in by the person; the server has not confirmed it. */
  readonly submission: Answer | null;
}

/** A step and what the work had cost when it was taken. */
export interface Entry {
  readonly step: Step;
  readonly effort: Effort;
}

interface Stored extends DBSchema {
  works: { key: string; value: LocalWork };
  steps: { key: [string, number]; value: Entry };
}

/** Flushed to the operating system, not to the disk: a killed browser loses nothing, and typing is not slowed down. */
const AT_ONCE = { durability: "relaxed" } as const;

export class LocalStore {
  private constructor(private readonly database: IDBPDatabase<Stored>) {}

  /** @throws DOMException where the browser forbids storage. */
  static async open(name = "annotator"): Promise<LocalStore> {
    const database = await openDB<Stored>(name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore("works");
        fresh.createObjectStore("steps");
      },
    });
    // Asks the browser to keep the data when disk space runs out; without it the work is kept as long as there is room.
    await globalThis.navigator?.storage?.persist?.().catch(() => false);
    return new LocalStore(database);
  }

  close(): void {
    this.database.close();
  }

  /** What is here of a work, its steps oldest first; null when nothing is. */
  async load(name: WorkName): Promise<{ readonly work: LocalWork; readonly entries: readonly Entry[] } | null> {
    const reading = this.database.transaction(["works", "steps"], "readonly");
    const [work, entries] = await Promise.all([
      reading.objectStore("works").get(keyOf(name)),
      reading.objectStore("steps").getAll(stepsOf(name)),
    ]);
    return work === undefined ? null : { work, entries };
  }

  /** Keep a work's record; its journal stays. */
  async save(work: LocalWork): Promise<void> {
    const writing = this.database.transaction("works", "readwrite", AT_ONCE);
    await Promise.all([writing.store.put(work, keyOf(work)), writing.done]);
  }

  /**
   * Keep a step.
   *
   * @param number Its place in the journal, from 0.
   * @throws DOMException `ConstraintError` where another tab has written this place: this one is out of date.
   */
  async append(name: WorkName, number: number, entry: Entry): Promise<void> {
    const writing = this.database.transaction("steps", "readwrite", AT_ONCE);
    await Promise.all([writing.store.add(entry, [keyOf(name), number]), writing.done]);
  }

  /** Forget a work: the server has all of it. */
  async forget(name: WorkName): Promise<void> {
    const writing = this.database.transaction(["works", "steps"], "readwrite");
    await Promise.all([
      writing.objectStore("works").delete(keyOf(name)),
      writing.objectStore("steps").delete(stepsOf(name)),
      writing.done,
    ]);
  }
}

export function keyOf({ person, job, task, round }: WorkName): string {
  return JSON.stringify([person, job, task, round]);
}

function stepsOf(name: WorkName): IDBKeyRange {
  return IDBKeyRange.bound([keyOf(name), 0], [keyOf(name), Number.MAX_SAFE_INTEGER]);
}
