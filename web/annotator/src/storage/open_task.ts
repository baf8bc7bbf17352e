/** A task that is open in this tab: its regions, kept here at every step, and their way to the server. */
import { AnnotationDocument } from "../document/document";
import { EffortMeter } from "../document/effort";
import { unseen } from "../document/region";
import type { Answer, Work } from "../document/task";
import { Journal } from "./journal";
import type { LocalStore, LocalWork, WorkName } from "./local_store";
import type { TaskServer } from "./server";
import { Synchroniser } from "./synchroniser";

export interface OpenTaskOptions {
  readonly work: Work;
  /** The person's lasting name: what this machine keeps of one person is never another's. */
  readonly person: string;
  readonly server: TaskServer;
  /** Null where the browser forbids storage. */
  readonly store: LocalStore | null;
}

export class OpenTask {
  private constructor(
    readonly work: Work,
    readonly document: AnnotationDocument,
    readonly effort: EffortMeter,
    readonly journal: Journal,
    readonly synchroniser: Synchroniser,
    /** Steps of an earlier visit that were found on this machine. */
    readonly resumed: number,
  ) {}

  /** What is on this machine goes on, merged with the server's draft; else the draft, else the machine's reading. */
  static async open({ work, person, server, store }: OpenTaskOptions): Promise<OpenTask> {
    const { task, draft } = work;
    const name: WorkName = { person, job: task.job, task: task.task, round: task.round };
    const local = (await store?.load(name)) ?? null;
    const base = local?.work.base ?? draft?.answer.regions ?? task.regions.map(unseen);
    const first: LocalWork = {
      ...name,
      base,
      synchronised: { revision: draft?.revision ?? 0, regions: base },
      sent: null,
      submission: null,
    };
    let kept = local?.work ?? first;
    if (local === null) await store?.save(kept);

    const confidence = new Map(task.regions.map((region) => [region.id, region.confidence]));
    const entries = local?.entries ?? [];
    const document = new AnnotationDocument(
      base,
      confidence,
      entries.map(({ step }) => step),
    );
    const effort = new EffortMeter(entries.at(-1)?.effort ?? draft?.answer);
    const journal = new Journal(store, name, entries.length);
    const synchroniser = new Synchroniser({
      server,
      document,
      work,
      kept,
      keep: async (change) => {
        kept = { ...kept, ...change };
        await store?.save(kept).catch(() => undefined); // the journal says so when there is no room
      },
      effort: () => effort.total(),
      addEffort: (other) => effort.atLeast(other),
    });
    document.onStep((step) => {
      journal.write({ step, effort: effort.total() });
      synchroniser.changed();
    });
    synchroniser.link.subscribe((link) => {
      if (link === "done") void store?.forget(name).catch(() => undefined);
    });
    return new OpenTask(work, document, effort, journal, synchroniser, entries.length);
  }

  /** What would be handed in now. */
  answer(status: Answer["status"], reason = ""): Answer {
    const { job, task } = this.work.task;
    return { schema: 1, job, task, status, reason, regions: this.document.regions.value, ...this.effort.total() };
  }

  close(): void {
    this.synchroniser.close();
  }
}
