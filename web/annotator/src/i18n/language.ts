/** The language of the page: what the person chose, else what the browser prefers. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { preferences } from "../theme/preferences";

export const LANGUAGES = { en: "English", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = "annotator.language";

const chosen: Signal<Language> = signal(first());
export const language: ReadonlySignal<Language> = chosen;

export function chooseLanguage(wanted: Language): void {
  chosen.value = wanted;
  preferences()?.setItem(STORED, wanted);
}

function first(): Language {
  const stored = preferences()?.getItem(STORED);
  if (stored === "en" || stored === "zh") return stored;
  return globalThis.navigator?.language?.startsWith("zh") ? "zh" : "en";
}
