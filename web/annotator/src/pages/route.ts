/** Where in the page somebody is: the part of the address after `#`, so that one static file serves every address. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { TaskName } from "../api/client";

export type Route =
  | { readonly page: "jobs" }
  | { readonly page: "job"; readonly job: string }
  | ({ readonly page: "task" } & TaskName)
  | { readonly page: "guideline" };

const current: Signal<Route> = signal(parsedRoute(globalThis.location?.hash ?? ""));
export const route: ReadonlySignal<Route> = current;

/** Follow the address from now on: the sign-in may have put another one there before. */
export function followAddress(): void {
  const follow = () => {
    current.value = parsedRoute(window.location.hash);
  };
  window.addEventListener("hashchange", follow);
  follow();
}

export function go(to: Route): void {
  window.location.hash = address(to);
}

/** For links; begins with `#`. */
export function address(to: Route): string {
  if (to.page === "job") return `#/jobs/${encodeURIComponent(to.job)}`;
  if (to.page === "task") return `#/tasks/${encodeURIComponent(to.job)}/${encodeURIComponent(to.task)}`;
  return to.page === "guideline" ? "#/guideline" : "#/";
}

/** What is not known leads to the jobs. */
export function parsedRoute(hash: string): Route {
  let parts: string[];
  try {
    parts = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    return { page: "jobs" };
  }
  const [page, job = "", task = ""] = parts;
  if (page === "jobs" && job !== "") return { page: "job", job };
  if (page === "tasks" && job !== "" && task !== "") return { page: "task", job, task };
  return { page: page === "guideline" ? "guideline" : "jobs" };
}
