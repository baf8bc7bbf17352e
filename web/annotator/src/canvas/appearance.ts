/**
 * How regions look. The paper is white in the light and the dark theme, so their colours are the same in both; they
 * are told apart by people with red-green blindness, and never by colour alone: what the machine is unsure of is filled
 * and has a thicker outline, what a person has accepted is not filled, the unreadable is crossed out.
 *
 * Colours: after M. Okabe, K. Ito, Color Universal Design, 2008, darkened until white letters on them have a contrast of 4.5.
 */
import type { Category, DrawnRegion } from "./ports";

export interface RegionStyle {
  readonly stroke: string;
  /** Null: not filled. */
  readonly fill: string | null;
  /** Screen pixels. */
  readonly width: number;
  readonly crossed: boolean;
}

export const CATEGORY_COLOURS: Readonly<Record<Category, string>> = {
  text: "#0072b2",
  dimension: "#7b3fa0",
  symbol: "#b3206e",
  table: "#00707a",
  title_block: "#5a4a00",
};

export const UNSURE_BELOW = 0.7;
export const SURE_FROM = 0.9;

export const CONFIDENCE_COLOURS = { unsure: "#b84a00", doubtful: "#8f6000", sure: "#00795a" } as const;

export const ACCENT = "#0b57d0"; // selection, handles, what is being drawn
export const HALO = "rgb(255 255 255 / 0.9)";

const UNSURE: RegionStyle = {
  stroke: CONFIDENCE_COLOURS.unsure,
  fill: "rgb(213 94 0 / 0.22)",
  width: 2,
  crossed: false,
};
const DOUBTFUL: RegionStyle = {
  stroke: CONFIDENCE_COLOURS.doubtful,
  fill: "rgb(230 159 0 / 0.18)",
  width: 2,
  crossed: false,
};
const SURE: RegionStyle = { stroke: CONFIDENCE_COLOURS.sure, fill: "rgb(0 158 115 / 0.10)", width: 1, crossed: false };
const IGNORED: RegionStyle = { stroke: "#5f6368", fill: null, width: 1, crossed: true };
const ACCEPTED = Object.fromEntries(
  Object.entries(CATEGORY_COLOURS).map(([category, stroke]) => [
    category,
    { stroke, fill: null, width: 2, crossed: false } satisfies RegionStyle,
  ]),
) as Record<Category, RegionStyle>;

/** Always one of the same few objects, so that regions can be painted style by style. */
export function styleOf(region: DrawnRegion, confidence: number | undefined): RegionStyle {
  if (region.ignore) return IGNORED;
  if (region.accepted || region.source === "person" || confidence === undefined) return ACCEPTED[region.category];
  if (confidence < UNSURE_BELOW) return UNSURE;
  return confidence < SURE_FROM ? DOUBTFUL : SURE;
}
