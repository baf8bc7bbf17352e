/**
 * A table of labels, one region a row; the same bytes as drawing_ocr/formats/csv.py writes. RFC 4180, also read with a byte
 * order mark and with semicolons, as spreadsheets save. A round trip loses nothing.
 */
import { CATEGORIES } from "../document/region";
import type { Quad } from "../geometry/quad";
import { FormatError } from "./error";
import { checkedLabel, checkedPicture, type Label, type LabelledPicture } from "./label";
import { pythonJson } from "./python_json";

const CORNERS = ["x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4"] as const;
const COLUMNS = ["image", "version_id", "width", "height", ...CORNERS, "text", "category", "ignore"] as const;
const FLAGS: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false, "": false };

interface Row {
  readonly cells: readonly string[];
  /** Of the file, from 1: where the row ends. */
  readonly line: number;
}

/** The pictures of a table in the order in which they first appear. Throws FormatError. */
export function parseCsv(content: string, where: string): LabelledPicture[] {
  const text = content.replace(/^\uFEFF/, "");
  const heading = text.split("\n", 1)[0] ?? "";
  const separator = count(heading, ";") > count(heading, ",") ? ";" : ",";
  const [first, ...rows] = parsedRows(text, separator, where);
  const names = (first?.cells ?? []).map((name) => name.trim());
  const missing = COLUMNS.find((name) => name !== "version_id" && !names.includes(name));
  if (missing) {
    throw new FormatError(`${where}: the column ${missing} is missing: the first row names ${COLUMNS.join(", ")}`);
  }
  const pictures = new Map<string, LabelledPicture & { labels: Label[] }>();
  for (const { cells, line } of rows) {
    const place = `${where} line ${line}`;
    if (cells.length !== names.length) {
      throw new FormatError(
        `${place}: ${cells.length} cells for ${names.length} columns: quote texts that hold a separator`,
      );
    }
    const row = new Map(names.map((name, index) => [name, cells[index] ?? ""]));
    const cell = (name: string) => row.get(name) ?? "";
    const key = JSON.stringify([cell("image"), cell("version_id")]);
    const [width, height] = [size(cell("width"), place), size(cell("height"), place)];
    const fresh = { image: cell("image"), version_id: cell("version_id") || null, width, height, labels: [] };
    const picture = pictures.get(key) ?? fresh;
    pictures.set(key, picture);
    if (picture.width !== width || picture.height !== height) {
      throw new FormatError(`${place}: ${picture.image} has another size than in a row before: write one size`);
    }
    if (CORNERS.some((name) => cell(name) !== "")) picture.labels.push(labelOf(cell, place));
  }
  return [...pictures.values()].map((picture) => checkedPicture(picture, `${where}: ${picture.image}`));
}

/** The content of a table. */
export function csvText(pictures: readonly LabelledPicture[]): string {
  const rows: (readonly string[])[] = [COLUMNS];
  for (const { image, version_id, width, height, labels } of pictures) {
    const head = [image, version_id ?? "", String(width), String(height)];
    if (labels.length === 0) rows.push([...head, ...CORNERS.map(() => ""), "", "", ""]);
    for (const { points, text, category, ignore } of labels) {
      rows.push([...head, ...points.flat().map((value) => pythonJson(value)), text, category, String(ignore)]);
    }
  }
  return rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function parsedRows(text: string, separator: string, where: string): Row[] {
  const rows: Row[] = [];
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r\\n|\\r|\\n|$)`, "y");
  let cells: string[] = [];
  let line = 1;
  while (cell.lastIndex < text.length || cells.length > 0) {
    const found = cell.exec(text);
    if (found === null)
      throw new FormatError(`${where} line ${line}: not CSV (a quote inside of a cell that is not quoted)`);
    const [whole, inQuotes, plain, end] = found;
    cells.push(inQuotes?.replaceAll('""', '"') ?? plain ?? "");
    const row = { cells, line };
    line += count(whole, "\n");
    if (end === separator) continue;
    if (cells.length > 1 || cells[0] !== "") rows.push(row);
    cells = [];
  }
  return rows;
}

function labelOf(cell: (name: string) => string, place: string): Label {
  const values = CORNERS.map((name) => {
    const written = cell(name).trim().replace(",", ".");
    const value = Number(written);
    if (written === "" || !Number.isFinite(value)) {
      throw new FormatError(`${place}: the corner ${name} is ${JSON.stringify(cell(name))}: write pixels`);
    }
    return value;
  });
  const ignore = FLAGS[cell("ignore").toLowerCase()];
  if (ignore === undefined)
    throw new FormatError(`${place}: ignore is ${JSON.stringify(cell("ignore"))}: write true or false`);
  const category = CATEGORIES.find((name) => name === (cell("category") || "text"));
  if (category === undefined) {
    throw new FormatError(
      `${place}: unknown category ${JSON.stringify(cell("category"))}: use one of ${CATEGORIES.join(", ")}`,
    );
  }
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0, x4 = 0, y4 = 0] = values;
  const points: Quad = [
    [x1, y1],
    [x2, y2],
    [x3, y3],
    [x4, y4],
  ];
  return checkedLabel({ points, text: cell("text"), category, ignore }, place);
}

function size(cell: string, place: string): number {
  if (/^[1-9]\d*$/.test(cell)) return Number(cell);
  throw new FormatError(`${place}: the picture's size ${JSON.stringify(cell)} is no whole number of pixels`);
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}
