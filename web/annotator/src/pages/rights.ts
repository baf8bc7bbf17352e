/** Who may do what: a manager all that a reviewer may, a reviewer all that an annotator may. The server decides; the page only asks. */
import { GROUPS, type Group } from "../api/schemas";

export function may(groups: readonly Group[], wanted: Group): boolean {
  return groups.some((group) => GROUPS.indexOf(group) >= GROUPS.indexOf(wanted));
}
