/** The page inside of Ground Truth: one task, no sign-in, no storage, the answer into a form. */
import { render } from "preact";
import { type Address, pyramidTiles } from "../canvas/pyramid";
import { VersionsPanel } from "../review/versions_panel";
import { LocalStore } from "../storage/local_store";
import { TaskScreen } from "../task/task_screen";
import { keepTheme } from "../theme/theme";
import { FormServer, renderedForm, workOf } from "./form";
import "../theme/theme.css";
import "./ground_truth.css";

const WORKER = "ground-truth"; // the page never learns who the worker is

async function begin(): Promise<void> {
  const { form, field, root, addresses } = renderedForm(document);
  try {
    const work = await workOf(addresses);
    const { task } = work;
    const tiles = (address: Address) => pyramidTiles(task.image.uri, address);
    render(
      <TaskScreen
        work={work}
        person={WORKER}
        server={new FormServer(work, form, field)}
        store={await LocalStore.open().catch(() => null)}
        tiles={tiles}
        leave={() => undefined}
        signIn={() => undefined}
        beside={({ task: open, surface }) =>
          task.round === "review" && surface.value !== null ? (
            <VersionsPanel task={task} document={open.document} drawing={surface.value} />
          ) : null
        }
      />,
      root,
    );
  } catch (error) {
    render(<p class="notice bad">{error instanceof Error ? error.message : String(error)}</p>, root);
  }
}

keepTheme();
void begin();
