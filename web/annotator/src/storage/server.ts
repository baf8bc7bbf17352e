/** What the work on one task asks of the server; `LabellingApi` satisfies it, and so does a page without a server. */
import type { LabellingApi } from "../api/client";

export type TaskServer = Pick<LabellingApi, "open" | "renew" | "saveDraft" | "submit" | "giveBack" | "read">;
