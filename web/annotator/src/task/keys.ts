/** The keys of this person on this machine: those of `COMMANDS`, and what he or she changed. */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import * as v from "valibot";
import { preferences } from "../theme/preferences";
import { COMMAND_NAMES, COMMANDS, type Command } from "./commands";
import { engraved } from "./keymap";

const STORED = "annotator.keys";
const ChangesSchema = v.record(v.string(), v.array(v.string()));

type Keys = ReadonlyMap<Command, readonly string[]>;

const changes: Signal<Keys> = signal(stored());

/** The keys of every command. */
export const keys: ReadonlySignal<Keys> = computed(
  () => new Map(COMMAND_NAMES.map((name) => [name, changes.value.get(name) ?? COMMANDS[name].keys])),
);

export const commandOf: ReadonlySignal<ReadonlyMap<string, Command>> = computed(
  () => new Map([...keys.value].flatMap(([name, strokes]) => strokes.map((stroke) => [stroke, name] as const))),
);

/** The first keys of some commands as one text: `Ctrl+← → ↑ ↓`. */
export function shownTogether(commands: readonly Command[]): string {
  const first = commands.flatMap((command) => keys.value.get(command)?.[0] ?? []);
  const held = first[0]?.slice(0, first[0].lastIndexOf("+") + 1) ?? "";
  const alike = first.every((key) => key.startsWith(held) && key.length > held.length);
  const shown = (alike ? first.map((key) => key.slice(held.length)) : first).map(engraved);
  return `${alike ? held : ""}${shown.join(" ")}`;
}

/** One key more for a command; it is then no other command's. */
export function addKey(command: Command, key: string): void {
  const without = [...keys.value].map(([name, strokes]) => [name, strokes.filter((other) => other !== key)] as const);
  keep(new Map(without.map(([name, left]) => [name, name === command ? [...left, key] : left])));
}

export function removeKey(command: Command, key: string): void {
  const rest = keys.value.get(command)?.filter((other) => other !== key) ?? [];
  keep(new Map([...keys.value, [command, rest]]));
}

/** The keys that everybody has. */
export function resetKeys(): void {
  keep(new Map());
}

/** Only what differs is stored, so that keys of new commands come by themselves. */
function keep(changed: Keys): void {
  const differs = ([name, strokes]: readonly [Command, readonly string[]]) =>
    strokes.join(" ") !== COMMANDS[name].keys.join(" ");
  changes.value = new Map([...changed].filter(differs));
  preferences()?.setItem(STORED, JSON.stringify(Object.fromEntries(changes.value)));
}

function stored(): Keys {
  try {
    const parsed = v.parse(ChangesSchema, JSON.parse(preferences()?.getItem(STORED) ?? "{}"));
    return new Map(
      COMMAND_NAMES.flatMap((name) => (parsed[name] === undefined ? [] : [[name, parsed[name]] as const])),
    );
  } catch {
    return new Map(); // nothing readable is stored: everybody's keys
  }
}
