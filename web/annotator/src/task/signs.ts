/** Signs of drawings that keyboards lack, and their short names: `\dia ` becomes ⌀. */

/** In the order of the palette. Names are letters, the first is the one that is shown. */
export const SIGNS = [
  { sign: "⌀", names: ["dia", "d"] },
  { sign: "±", names: ["pm"] },
  { sign: "°", names: ["deg"] },
  { sign: "×", names: ["x", "times"] },
  { sign: "□", names: ["sq"] },
  { sign: "↧", names: ["depth", "deep"] },
  { sign: "⌴", names: ["cbore"] },
  { sign: "⌵", names: ["csink"] },
  { sign: "⌒", names: ["arc", "lprof"] },
  { sign: "√", names: ["rough"] },
  { sign: "⏤", names: ["straight"] },
  { sign: "⏥", names: ["flat"] },
  { sign: "○", names: ["round"] },
  { sign: "⌭", names: ["cyl"] },
  { sign: "⌓", names: ["prof"] },
  { sign: "∥", names: ["par"] },
  { sign: "⊥", names: ["perp"] },
  { sign: "∠", names: ["ang"] },
  { sign: "⌖", names: ["pos"] },
  { sign: "◎", names: ["conc"] },
  { sign: "⌯", names: ["sym"] },
  { sign: "↗", names: ["run"] },
  { sign: "⌰", names: ["trun"] },
  { sign: "Ⓜ", names: ["mmc"] },
  { sign: "Ⓛ", names: ["lmc"] },
  { sign: "Ⓟ", names: ["proj"] },
  { sign: "Ⓔ", names: ["env"] },
  { sign: "Ⓕ", names: ["free"] },
  { sign: "Ⓣ", names: ["tan"] },
  { sign: "Ⓢ", names: ["rfs"] },
  { sign: "Ⓤ", names: ["uneq"] },
  { sign: "²", names: ["two"] },
  { sign: "³", names: ["three"] },
  { sign: "µ", names: ["mu"] },
  { sign: "Ω", names: ["ohm"] },
] as const;

const BY_NAME: ReadonlyMap<string, string> = new Map(
  SIGNS.flatMap(({ sign, names }) => names.map((name) => [name, sign] as const)),
);

const FINISHED = /\\([a-z]+) /g;
const LAST = /\\([a-z]+)$/;

/** What is typed, and where the caret stands in it. */
export interface Typed {
  readonly text: string;
  readonly caret: number;
}

/** Short names that a space has finished become their signs; unknown ones stay. */
export function expanded({ text, caret }: Typed): Typed {
  let shift = 0;
  const after = text.replace(FINISHED, (typed, name: string, at: number) => {
    const sign = BY_NAME.get(name);
    if (sign === undefined) return typed;
    if (at + typed.length <= caret) shift += typed.length - sign.length;
    return sign;
  });
  return { text: after, caret: caret - shift };
}

/** Also one at the very end, which Enter has finished. */
export function finished(text: string): string {
  return text.replace(LAST, (typed, name: string) => BY_NAME.get(name) ?? typed);
}
