/** Which canonical texts are dimensions: the grammar of drawing_ocr/dimension.py, which names its sources. */

const NUMBER = "(?:[0-9]{1,5}(?:[.,][0-9]{1,4})?|[.,][0-9]{1,4})";
const COUNT = "(?:[0-9]{1,3} ?[×-] ?)?";
const FORM = "(?:[⌴⌵] ?)?(?:S?⌀|S?R|M|C|□|↧|Tr|G)? ?";
const UNIT = `(?:°(?:[0-9]{1,2}[′'](?:[0-9]{1,2}[″"])?)?)?'?"?`;
const ZONE = "(?:[A-HJKMNPR-VX-Z]{1,2}|[a-hjkmnpr-vx-z]{1,2})(?:1[0-8]|[1-9])";
const FIT = `(?: ?${ZONE}(?:/${ZONE})?|-[0-9][A-Za-z]{1,2}(?:[0-9][A-Za-z])?)?(?: ?LH)?`;
const SIGNED = `[±+-] ?${NUMBER}°?`;
const DEVIATIONS = `(?:${SIGNED}(?: ?(?:${SIGNED}|0))?|0 ?${SIGNED})`;
const DIMENSION = new RegExp(
  `^(?:[([]?${COUNT}${FORM}${NUMBER}${UNIT}${FIT}(?: ?[×↧] ?${FORM}${NUMBER}°?${FIT})*(?: ?${DEVIATIONS})?` +
    `(?: ?(?:THRU|DEEP|通孔|深) ?${NUMBER}?| ?mm)?[)\\]]?|${DEVIATIONS})$`,
);

export function isDimension(text: string): boolean {
  return DIMENSION.test(text);
}
