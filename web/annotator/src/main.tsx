/** The page begins here. */
import { render } from "preact";
import { App } from "./pages/app";
import { keepTheme } from "./theme/theme";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root: the page cannot start");
keepTheme();
render(<App />, root);
