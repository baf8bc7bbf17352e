/** Keys and what they are called: `Ctrl+Shift+Z`, `Alt+1`, `?`, `F2`. Ctrl stands for the Command key too. */

/** What a keyboard event says; the part that is needed. */
export type Stroke = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

const MODIFIERS = new Set([
  "Control",
  "Shift",
  "Alt",
  "Meta",
  "AltGraph",
  "CapsLock",
  "Process",
  "Dead",
  "Unidentified",
]);

/** The name of a stroke; null for a modifier alone. */
export function nameOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }: Stroke): string | null {
  if (MODIFIERS.has(key)) return null;
  const commanding = ctrlKey || metaKey || altKey;
  // With a modifier the key itself counts: on a Mac Alt+1 would be `¡`.
  const plain = commanding ? (/^(?:Key|Digit)(.)$/.exec(code)?.[1] ?? key) : key;
  const name = plain === " " ? "Space" : plain.length === 1 ? plain.toUpperCase() : plain;
  // `?` is a character of its own, whichever keys make it; Shift counts where it makes no other character.
  const shifted = shiftKey && (name.length > 1 || commanding || /[A-Z]/.test(name));
  const modifiers = [ctrlKey || metaKey ? "Ctrl" : "", altKey ? "Alt" : "", shifted ? "Shift" : ""];
  return [...modifiers.filter(Boolean), name].join("+");
}

const EDITING = /^Ctrl\+(?:Shift\+)?(?:[ACVX]|Arrow\w+|Backspace|Home|End)$/;
const NAMED = /^(?:Shift\+)?(?:Enter|Tab|Escape|F\d+)$/;

/** Whether a text field needs the stroke itself, so that it is no command there. */
export function belongsToText(stroke: string): boolean {
  if (NAMED.test(stroke)) return false;
  return !/^(?:Ctrl|Alt)\+/.test(stroke) || EDITING.test(stroke);
}

const ARROWS: Readonly<Record<string, string>> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

/** The name of a stroke as it stands on the key. */
export function engraved(stroke: string): string {
  return stroke.replace(/Arrow\w+$/, (name) => ARROWS[name] ?? name);
}
