/** The commonest commands as buttons, with their keys. */
import type { Command } from "./commands";
import { keys } from "./keys";
import { say } from "./messages";
import type { Workbench } from "./workbench";

const SHOWN = [
  ["draw", "draw_slanted", "delete", "merge", "split"],
  ["undo", "redo"],
  ["whole_sheet", "go_near", "turn_view", "show_texts"],
  ["read_again", "snap"],
  ["look_over"],
  ["help"],
] as const satisfies readonly (readonly Command[])[];

export function Toolbar({ bench }: { bench: Workbench }) {
  const { document } = bench.task;
  const nothing = document.current.value === null;
  const tool = bench.surface.value?.tool.value;
  const disabled = (command: Command) =>
    (command === "undo" && !document.canUndo.value) ||
    (command === "redo" && !document.canRedo.value) ||
    (command === "merge" && document.selection.value.length < 2) ||
    (["delete", "split", "go_near", "read_again", "snap"].includes(command) && nothing);
  const pressed = (command: Command) =>
    command === "draw" ? tool === "two_click" : command === "draw_slanted" ? tool === "three_point" : undefined;
  return (
    <div class="toolbar" role="toolbar" aria-label={say("tools")} data-area="tools">
      {SHOWN.map((group) => (
        <div key={group[0]} class="together">
          {group.map((command) => (
            <button
              key={command}
              type="button"
              class="small"
              disabled={disabled(command)}
              aria-pressed={pressed(command)}
              title={say(`command.${command}`)}
              onClick={() => bench.run(command)}
            >
              {say(`tool.${command}`)}
              <kbd>{keys.value.get(command)?.[0]}</kbd>
            </button>
          ))}
        </div>
      ))}
      <div class="together end">
        <button type="button" class="small" onClick={() => bench.run("skip")}>
          {say("tool.skip")}
        </button>
        <button type="button" class="small primary" onClick={() => bench.run("submit")}>
          {say("tool.submit")}
          <kbd>{keys.value.get("submit")?.[0]}</kbd>
        </button>
      </div>
    </div>
  );
}
