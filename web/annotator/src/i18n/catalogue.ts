/** Every string that a person reads, in both languages. A part of the page keeps its own `messages.ts`. */
import { type Language, language } from "./language";

/** `{name}` in a message stands for a value. */
export type Values = Readonly<Record<string, string | number>>;

export type Messages<Key extends string> = Readonly<Record<Language, Readonly<Record<Key, string>>>>;

/** Says a message in the language of the page; a component that calls it follows the language. */
export interface Speaker<Key extends string> {
  (key: Key, values?: Values): string;
  readonly messages: Messages<Key>;
}

/** A message may hold a count: `"{n} box|{n} boxes"` is singular and plural by the value `n`. */
export function speaker<Key extends string>(messages: Messages<Key>): Speaker<Key> {
  const say = (key: Key, values: Values = {}) => {
    const [one = "", many = one] = messages[language.value][key].split("|");
    const form = values.n === 1 ? one : many;
    return form.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? `{${name}}`));
  };
  return Object.assign(say, { messages });
}
