/** `config.json` beside the page: where its server and its sign-in are. Written by the deployment. */
import * as v from "valibot";

const ConfigSchema = v.object({
  api: v.pipe(v.string(), v.url()),
  authority: v.pipe(v.string(), v.url()),
  client_id: v.pipe(v.string(), v.minLength(1)),
  environment: v.string(),
});

export type Config = v.InferOutput<typeof ConfigSchema>;

/** Throws an Error of one line where there is no such file, or another one. */
export async function loadConfig(fetch: typeof globalThis.fetch = globalThis.fetch): Promise<Config> {
  const response = await fetch("config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`config.json beside the page: the server answered ${response.status}.`);
  const checked = v.safeParse(ConfigSchema, await response.json().catch(() => null));
  if (checked.success) return checked.output;
  throw new Error(`config.json beside the page: ${v.getDotPath(checked.issues[0]) ?? "JSON"} is missing or wrong.`);
}
