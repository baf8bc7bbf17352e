/**
 * JSON as Python's `json.dumps(…, ensure_ascii=False)` writes it, byte for byte: the page and the command write the same
 * files. Numbers are the difference: Python writes a float with its point (`10.0`), which JavaScript cannot tell from 10.
 */

/** A number that Python holds as a float. */
export class Float {
  constructor(readonly value: number) {}
}

export type Json = string | number | boolean | null | Float | readonly Json[] | { readonly [name: string]: Json };

/** @param indent Spaces for each level, a value a line; 0: all in one line with spaces after commas and colons. */
export function pythonJson(value: Json, indent = 0): string {
  return written(value, indent, "\n");
}

function written(value: Json, indent: number, lineBreak: string): string {
  if (value instanceof Float) return pythonFloat(value.value);
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value).toString() : pythonFloat(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = lineBreak + " ".repeat(indent);
  const [open, close, items] = isList(value)
    ? ["[", "]", value.map((item) => written(item, indent, inner))]
    : [
        "{",
        "}",
        Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${written(item, indent, inner)}`),
      ];
  if (items.length === 0) return open + close;
  return indent === 0 ? open + items.join(", ") + close : open + inner + items.join(`,${inner}`) + lineBreak + close;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** `repr` of a float: the shortest digits that give it back, with an exponent below 1e-4 and from 1e16 on. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no JSON: write finite numbers`);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa = "0", power = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}
