/** Text files by their lines. */

/** Lines that hold something, with their numbers from 1; only line feeds end one: a label may hold U+2028. */
export function lines(content: string): { line: string; number: number }[] {
  return content
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line, index) => ({ line: line.replace(/\r$/, ""), number: index + 1 }))
    .filter(({ line }) => line !== "");
}

/** The beginning of a text, as an error repeats it. */
export function shortened(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 59)}…`);
}
