/** The page begins here. */
import { render } from "preact";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root: the page cannot start");
render(<main />, root);
