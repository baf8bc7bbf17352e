/** What every page works with: the server, and the drawing that lies on the desk. */
import { type Signal, signal } from "@preact/signals";
import { LabellingApi, type Wanted } from "../api/client";
import { Transport } from "../api/transport";
import type { Work } from "../document/task";
import type { Config } from "../session/config";
import type { Session } from "../session/session";
import { go } from "./route";

export interface Desk {
  readonly config: Config;
  readonly session: Session;
  readonly api: LabellingApi;
  /** What was lent last, so that the task's page need not ask for it again. */
  readonly work: Signal<Work | null>;
}

export function deskOf(config: Config, session: Session): Desk {
  return { config, session, api: new LabellingApi(new Transport(config.api, session)), work: signal(null) };
}

/**
 * Borrow a drawing and go there.
 *
 * @returns Whether there was one.
 */
export async function takeNext(desk: Desk, wanted: Wanted): Promise<boolean> {
  const work = await desk.api.lease(wanted);
  if (work === null) return false;
  desk.work.value = work;
  go({ page: "task", job: work.task.job, task: work.task.task });
  return true;
}
