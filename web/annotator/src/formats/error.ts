/** A label file that cannot be used; its text is one line that names file and line. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}
