/** One drawing: what was lent is opened, worked on, handed in; then the next one of the same job comes. */
import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { TaskName } from "../api/client";
import { type Address, pyramidTiles } from "../canvas/pyramid";
import type { Task, Work } from "../document/task";
import { baseName } from "../formats/catalogue";
import { VersionsPanel } from "../review/versions_panel";
import { LocalStore } from "../storage/local_store";
import { TaskScreen } from "../task/task_screen";
import type { Workbench } from "../task/workbench";
import { type Desk, takeNext } from "./desk";
import { FilesDialog } from "./files_dialog";
import { Failure, useLoaded } from "./loading";
import { say } from "./messages";
import { address, go } from "./route";

interface Opened {
  readonly work: Work;
  /** Null where the browser forbids storage. */
  readonly store: LocalStore | null;
}

export function TaskPage({ desk, name }: { desk: Desk; name: TaskName }) {
  const [opened, again] = useLoaded(`${name.job}/${name.task}`, () => open(desk, name));
  // A sign-in that has ended is said above the page, and leads back here.
  if (opened.state === "loading") return <p class="muted beginning">{say("loading")}</p>;
  if (opened.state === "failed") {
    return (
      <main class="sheet">
        <Failure error={opened.error} again={again} />
        <p>
          <a href={address({ page: "jobs" })}>{say("back")}</a>
        </p>
      </main>
    );
  }
  return <OpenedTask desk={desk} opened={opened.value} />;
}

function OpenedTask({ desk, opened: { work, store } }: { desk: Desk; opened: Opened }) {
  const { task } = work;
  const [bench, setBench] = useState<Workbench | null>(null);
  const [files, setFiles] = useState(false);
  const tiles = useMemo(() => {
    const sheet = baseName(task.image.uri);
    return (renewed: Address) => pyramidTiles(sheet, renewed);
  }, [task]);
  const leave = useCallback(
    (how: "submitted" | "left") => {
      desk.work.value = null;
      if (how === "left") return go({ page: "jobs" });
      takeNext(desk, { job: task.job, round: task.round }).then(
        (found) => found || go({ page: "jobs" }),
        () => go({ page: "jobs" }), // which says what is wrong
      );
    },
    [desk, task],
  );
  const signIn = useCallback(() => void desk.session.signIn(), [desk]);
  return (
    <main class="task-page">
      <div class="task-bar">
        <a class="small" href={address({ page: "jobs" })}>
          ← {say("back")}
        </a>
        <h1>{say("task.heading", { name: baseName(task.image.uri) })}</h1>
        <button type="button" class="small" onClick={() => setFiles(true)} disabled={bench === null}>
          {say("files.heading")}
        </button>
      </div>
      <TaskScreen
        work={work}
        person={desk.session.who.value?.person ?? ""}
        server={desk.api}
        store={store}
        tiles={tiles}
        leave={leave}
        signIn={signIn}
        beside={(open) => <Beside bench={open} task={task} opened={setBench} />}
      />
      {files && bench !== null && (
        <FilesDialog task={task} document={bench.task.document} close={() => setFiles(false)} />
      )}
    </main>
  );
}

/** What stands beside the boxes: in a review what people said. */
function Beside(props: { bench: Workbench; task: Task; opened: (bench: Workbench) => void }) {
  const { bench, task, opened } = props;
  useEffect(() => opened(bench), [bench, opened]);
  const surface = bench.surface.value;
  if (task.round !== "review" || surface === null) return null;
  return <VersionsPanel task={task} document={bench.task.document} drawing={surface} />;
}

/** The drawing on the desk, or after a reload what the server says is still lent. */
async function open(desk: Desk, { job, task }: TaskName): Promise<Opened> {
  const lent = desk.work.peek();
  const work = lent?.task.job === job && lent.task.task === task ? lent : await desk.api.open({ job, task });
  desk.work.value = work;
  return { work, store: await LocalStore.open().catch(() => null) };
}
