/** Which canonical texts are dimensions: the grammar of drawing_ocr/grammar/pattern.py, held to it by its test. */

const NUMBER = "(?:[0-9]{1,5}(?:[.,][0-9]{1,4})?|[.,][0-9]{1,4})";
const MINUTES = "[0-9]{1,2}[′'](?:[0-9]{1,2}[″\"])?";
const ARC = `${NUMBER}°(?:${MINUTES})?`;
const QUANTITY = `(?:${ARC}|${MINUTES}|${NUMBER})`;
const COUNT = "[0-9]{1,3} ?[×-] ?";
const RECESS = "(?:[⌴⌵] ?)?";
const FORM = "(?:(?:S?⌀|S?R|C|□|↧) ?)?";
const INCH = '["″]?';
const ZONE = "(?:[A-HJKMNPR-VX-Z]{1,2}|[a-hjkmnpr-vx-z]{1,2})(?:1[0-8]|[1-9])";
const FIT = `${ZONE}(?:/${ZONE})?`;
const ZERO = "0(?:[.,]0{1,4})?";
const SIGNED = `[+-] ?${QUANTITY}`;
const APART = "(?: | ?/ ?)";
const FROM_SIGN = `${SIGNED}(?:${APART}?${SIGNED}|${APART}${ZERO})?`;
const FROM_ZERO = `${ZERO}${APART}?${SIGNED}`;
const DEVIATIONS = `(?:${FROM_SIGN}|${FROM_ZERO})`;
const SYMMETRIC = `± ?${QUANTITY}`;
const TOLERANCE = `(?:${SYMMETRIC}|${DEVIATIONS})`;
const BEHIND = `(?: ?(?:${SYMMETRIC}|${FROM_SIGN})| ${FROM_ZERO})`;
const IN_BRACKETS = ` ?\\(${TOLERANCE}\\)`;
const TOLERATED = `(?:${BEHIND}|${IN_BRACKETS})?`;
const D = "[0-9]{0,5}[.,][0-9]";
const LIMIT_PAIR = `(?:${D}[ /]${D}|${D}{2}[ /]${D}{2}|${D}{3}[ /]${D}{3}|${D}{4}[ /]${D}{4})`;
const DIAMETERS = `${D}[ /]⌀ ?${D}|${D}{2}[ /]⌀ ?${D}{2}|${D}{3}[ /]⌀ ?${D}{3}|${D}{4}[ /]⌀ ?${D}{4}`;
const RADII = `${D}[ /]R ?${D}|${D}{2}[ /]R ?${D}{2}|${D}{3}[ /]R ?${D}{3}|${D}{4}[ /]R ?${D}{4}`;
const SIGNED_PAIR = `(?:⌀ ?(?:${DIAMETERS})|R ?(?:${RADII}))`;
const LIMITS = `(?:${FORM}${LIMIT_PAIR}|${SIGNED_PAIR})`;
const LENGTH = `${RECESS}${FORM}${NUMBER}${INCH}(?: ?${FIT})?${TOLERATED}`;
const ANGLE = `${ARC}${TOLERATED}`;
const LEFT = "(?:[ -]?LH)?";
const METRIC_CLASS = "[3-9][A-Za-z](?:[3-9][A-Za-z])?(?:/[3-9][A-Za-z](?:[3-9][A-Za-z])?)?";
const METRIC = `(?:M|Tr) ?${NUMBER}(?: ?× ?${NUMBER})?(?:-${METRIC_CLASS})?${LEFT}`;
const INCHES = "(?:[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2}|[0-9]{1,2})";
const FRACTION = "(?:[0-9]{1,2} [0-9]{1,2}/[0-9]{1,2}|[0-9]{1,2}/[0-9]{1,2})";
const PIPE = `(?:(?:G|Rc|Rp) ?${INCHES}|R ?${FRACTION})(?: ?[AB])?${LEFT}`;
const SERIES = "(?:UNJF|UNJC|UNEF|UNC|UNF|UNS|UNR|UN|NPTF|NPT|BSW|BSF)";
const UNIFIED = `#?${INCHES}(?:-[0-9]{1,2})? ?${SERIES}(?:-[123][AB])?${LEFT}`;
const THREAD = `(?:${METRIC}|${PIPE}|${UNIFIED})`;
const WORD = "(?:THRU ALL|THRU|DEEP|TYP|EQS|EQ SP|REF|BSC|BASIC|MAX|MIN|通孔|贯穿|均布|典型|深)";
const MODIFIER = "[ⒺⒻ]";
const REMARK = ` ?(?:${WORD}(?: ?${NUMBER})?|${MODIFIER})`;
const SIGNED_LENGTH = `(?:[⌴⌵] ?${FORM}|↧ ?)${NUMBER}${INCH}(?: ?${FIT})?${TOLERATED}`;
const DUAL = `(?:\\[${FORM}${NUMBER}\\]|\\(${FORM}${NUMBER}\\))`;
const ELEMENT = `(?:${THREAD}|${LIMITS}|${ANGLE}|${LENGTH})`;
const CHAIN = `${ELEMENT}(?: ?× ?${ELEMENT}| ?${SIGNED_LENGTH}|${REMARK}| ?${DUAL})*`;
const DIMENSION = `[(\\[]?(?:${COUNT})?${CHAIN}(?: ?mm)?[)\\]]?|${TOLERANCE}`;
const PATTERN = new RegExp(`^(?:${DIMENSION})$`);

export function isDimension(text: string): boolean {
  return PATTERN.test(text);
}
