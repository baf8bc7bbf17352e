/** All keys, and how to have others. */
import { useSignal } from "@preact/signals";
import { COMMAND_NAMES, COMMANDS, type Command, GROUPS } from "./commands";
import { DialogWindow } from "./dialog";
import { engraved, nameOf } from "./keymap";
import { addKey, keys, removeKey, resetKeys } from "./keys";
import { say } from "./messages";

export function HelpDialog({ close }: { close: () => void }) {
  const asking = useSignal<Command | null>(null);
  const listen = (event: KeyboardEvent) => {
    const command = asking.value;
    const stroke = nameOf(event);
    if (command === null || stroke === null || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    asking.value = null;
    addKey(command, stroke);
  };
  return (
    <DialogWindow title={say("help.title")} close={close} onKeyDown={listen}>
      <p class="small">{say("help.text")}</p>
      <div class="groups">
        <div class="columns">
          {GROUPS.map((group) => (
            <section key={group}>
              <h3>{say(`group.${group}`)}</h3>
              <ul class="commands">
                {COMMAND_NAMES.filter((name) => COMMANDS[name].group === group).map((name) => (
                  <li key={name}>
                    <span>{say(`command.${name}`)}</span>
                    <span class="keys">
                      {keys.value.get(name)?.map((key) => (
                        <button
                          key={key}
                          type="button"
                          class="quiet"
                          aria-label={say("help.remove", { key, command: say(`command.${name}`) })}
                          title={say("help.remove", { key, command: say(`command.${name}`) })}
                          onClick={() => removeKey(name, key)}
                        >
                          <kbd>{engraved(key)}</kbd>
                        </button>
                      ))}
                      <button
                        type="button"
                        class="quiet small"
                        aria-label={say("help.add", { command: say(`command.${name}`) })}
                        title={say("help.add", { command: say(`command.${name}`) })}
                        onClick={() => {
                          asking.value = name;
                        }}
                      >
                        {asking.value === name ? say("help.press") : "+"}
                      </button>
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
      <div class="actions">
        <button type="button" onClick={resetKeys}>
          {say("help.reset")}
        </button>
        <button type="button" class="primary" autofocus onClick={close}>
          {say("close")}
        </button>
      </div>
    </DialogWindow>
  );
}
