/** Numbers and dates as the language of the page writes them. */
import { language } from "../i18n/language";

const LOCALES = { en: "en-GB", zh: "zh-CN" } as const;
const NOTHING = "–";

/** `null` is: nothing to count yet. */
export function number(value: number | null, digits = 0): string {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(LOCALES[language.value], shown).format(value);
}

/** A fraction as a percentage. */
export function percent(fraction: number | null, digits = 1): string {
  if (fraction === null) return NOTHING;
  const shown = { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(LOCALES[language.value], shown).format(fraction);
}

export function date(iso: string): string {
  const day = new Date(iso);
  return Number.isNaN(day.getTime())
    ? iso
    : new Intl.DateTimeFormat(LOCALES[language.value], { dateStyle: "medium" }).format(day);
}
