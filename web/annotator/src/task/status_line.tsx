/** How things stand: how far the drawing is, what it took, and whether everything is safe. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { say } from "./messages";
import type { Workbench } from "./workbench";

export interface StatusLineProps {
  readonly bench: Workbench;
  readonly signIn: () => void;
  readonly leave: () => void;
}

export function StatusLine({ bench, signIn, leave }: StatusLineProps) {
  const { document, effort, journal, synchroniser } = bench.task;
  const minutes = useSignal(0);
  useEffect(() => {
    const count = () => {
      minutes.value = Math.floor(effort.total().seconds / 60);
    };
    count();
    const timer = setInterval(count, 10_000);
    return () => clearInterval(timer);
  }, [effort, minutes]);
  const link = synchroniser.link.value;
  const kept = journal.state.value;
  const failure = bench.surface.value?.failure.value ?? null;
  const bad = link === "signed_out" || link === "lost" || link === "refused";
  const again = () => void synchroniser.tryNow();
  return (
    <footer class="status small" data-area="status">
      <span>{say("progress", { accepted: bench.accepted.value, all: document.regions.value.length })}</span>
      <progress aria-hidden="true" max={document.regions.value.length || 1} value={bench.accepted.value} />
      <span>{say("time", { minutes: minutes.value })}</span>
      {failure !== null && (
        <span class={failure === "missing" ? "notice bad" : "notice warn"} role="alert" data-about="drawing">
          {say(`sheet.${failure}`)}
        </span>
      )}
      {kept !== "kept" && (
        <span class="notice warn" role="alert">
          {say(`journal.${kept}`)}
        </span>
      )}
      <span
        class={bad ? "link notice bad" : link === "offline" ? "link notice warn" : "link"}
        role="status"
        data-link={link}
        data-unsent={synchroniser.unsent.value}
        data-stored={journal.stored.value}
      >
        {say(`link.${link}`, { n: synchroniser.unsent.value, reason: synchroniser.refusal.value })}
        {link === "signed_out" && (
          <button type="button" class="small primary" onClick={signIn}>
            {say("sign_in")}
          </button>
        )}
        {(link === "offline" || link === "lost" || link === "refused") && (
          <button type="button" class="small" onClick={again}>
            {say("try_again")}
          </button>
        )}
        {link === "lost" && (
          <button type="button" class="small" onClick={leave}>
            {say("back")}
          </button>
        )}
      </span>
    </footer>
  );
}
