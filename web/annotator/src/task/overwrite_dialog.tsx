/** The machine reads something else than what a person has typed: the person decides. */
import { DialogWindow } from "./dialog";
import { say } from "./messages";
import type { Workbench } from "./workbench";

export function OverwriteDialog({ bench }: { bench: Workbench }) {
  const proposal = bench.proposal.value;
  const region = bench.task.document.byId.value.get(proposal?.id ?? "");
  if (proposal === null || region === undefined) return null;
  return (
    <DialogWindow title={say("overwrite.title")} close={() => bench.decide(false)}>
      <p>{say("overwrite.text", { typed: bench.shown(region), read: proposal.text })}</p>
      <div class="actions">
        <button type="button" onClick={() => bench.decide(true)}>
          {say("overwrite.take")}
        </button>
        <button type="button" class="primary" autofocus onClick={() => bench.decide(false)}>
          {say("overwrite.keep")}
        </button>
      </div>
    </DialogWindow>
  );
}
