/** What somebody needs to know who has never been here: six lines over the drawing, once. */
import { type Signal, signal } from "@preact/signals";
import { preferences } from "../theme/preferences";
import type { Command } from "./commands";
import { belongsToText } from "./keymap";
import { keys } from "./keys";
import { say } from "./messages";

const STORED = "annotator.hint";

const wanted: Signal<boolean> = signal(preferences()?.getItem(STORED) !== "seen");

const LINES = ["accept", "type", "look_over", "draw", "submit", "help"] as const;
const COMMAND = {
  accept: "accept",
  type: null,
  look_over: "look_over",
  draw: "leave",
  submit: "submit",
  help: "help",
} as const;

export function Hint({ begin }: { begin: () => void }) {
  if (!wanted.value) return null;
  const done = () => {
    preferences()?.setItem(STORED, "seen");
    wanted.value = false;
    begin();
  };
  return (
    <aside class="hint">
      <h2>{say("hint.title")}</h2>
      <dl>
        {LINES.map((line) => {
          const command = COMMAND[line];
          return (
            <div key={line}>
              <dt>
                <kbd>{command === null ? "A … Z" : keyWhileTyping(command)}</kbd>
              </dt>
              <dd>{say(`hint.${line}`)}</dd>
            </div>
          );
        })}
      </dl>
      <button type="button" class="primary" onClick={done}>
        {say("hint.begin")}
      </button>
    </aside>
  );
}

/** A key that works where a newcomer is: in the text field. */
function keyWhileTyping(command: Command): string | undefined {
  const all = keys.value.get(command);
  return all?.find((key) => !belongsToText(key)) ?? all?.[0];
}
