/** Light or dark: as the system says, or as the person chose on this machine. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { preferences } from "./preferences";

export const CHOICES = ["system", "light", "dark"] as const;
export type ThemeChoice = (typeof CHOICES)[number];

const KEY = "theme";

/** What was chosen. Setting it changes the page; `keepTheme` makes it last. */
export const themeChoice: Signal<ThemeChoice> = signal("system");

const systemIsDark: Signal<boolean> = signal(false);

/** What is shown. */
export const theme: ReadonlySignal<"light" | "dark"> = computed(() => {
  if (themeChoice.value !== "system") return themeChoice.value;
  return systemIsDark.value ? "dark" : "light";
});

/** Put the theme onto the document, follow the system, and remember the choice. */
export function keepTheme(): void {
  const storage = preferences();
  const media = window.matchMedia("(prefers-color-scheme: dark)");
  systemIsDark.value = media.matches;
  media.addEventListener("change", () => {
    systemIsDark.value = media.matches;
  });
  const kept = storage?.getItem(KEY);
  themeChoice.value = CHOICES.find((choice) => choice === kept) ?? "system";
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
  effect(() => storage?.setItem(KEY, themeChoice.value));
}
