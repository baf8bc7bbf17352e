/** The whole screen on which a drawing is labelled, with its storage in the browser, and a server that takes everything. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { pyramidTiles } from "../canvas/pyramid";
import type { Work } from "../document/task";
import { LocalStore } from "../storage/local_store";
import type { TaskServer } from "../storage/server";
import { TaskScreen } from "../task/task_screen";
import type { Workbench } from "../task/workbench";
import "../theme/theme.css";
import { fetchWork, middleOf, noteOpened, watchPictures } from "./work";

const NEVER = "9999-12-31T23:59:59Z";
const { width, height, tile, levels, regions } = await fetchWork();
const work: Work = {
  task: {
    schema: 1,
    job: "bench",
    task: `${regions.length}`,
    image: { uri: "sheet", version_id: null, width, height },
    pyramid: { uri: "sheet", tile, levels },
    model: null,
    regions,
    round: "label",
    versions: [],
  },
  lease: { token: "bench", expires: NEVER },
  draft: null,
  pyramid_url: "sheet.pmtiles",
  expires: NEVER,
};
let revision = 0;
const server: TaskServer = {
  open: async () => work,
  renew: async () => work,
  saveDraft: async () => ++revision,
  submit: async () => undefined,
  giveBack: async () => undefined,
  read: async () => ({ text: "", confidence: 0 }),
};

let shown: Workbench | null = null;
const root = document.querySelector("#root");
if (root === null) throw new Error("the page has no place for the screen: build it again");
render(
  <TaskScreen
    work={work}
    person="bench"
    server={server}
    store={await LocalStore.open()}
    tiles={(address) => pyramidTiles("sheet", address)}
    leave={() => undefined}
    signIn={() => undefined}
    beside={(workbench) => {
      watch(workbench);
      return null;
    }}
  />,
  root,
);

function watch(workbench: Workbench): void {
  if (shown === workbench) return;
  shown = workbench;
  effect(() => {
    if (workbench.surface.value?.sharp.value) noteOpened();
  });
}

function opened() {
  const surface = shown?.surface.peek();
  if (!shown || !surface) throw new Error("the screen is not there yet: wait for bench.opened");
  return { workbench: shown, surface };
}

window.bench = {
  get surface() {
    return shown?.surface.peek() ?? null;
  },
  opened: null,
  pictures: [],
  record: () => {
    window.bench.pictures = [];
  },
  close: () => {
    const { workbench, surface } = opened();
    workbench.task.document.select([]);
    surface.labels.value = true;
    surface.zoom(0.4 / surface.view.peek().scale);
  },
  whole: () => {
    const { workbench, surface } = opened();
    workbench.task.document.select([]);
    surface.labels.value = true;
    surface.fit();
  },
  select: (index) => {
    const { workbench } = opened();
    workbench.go(workbench.task.document.regions.peek()[index]?.id ?? null);
    workbench.wantText();
  },
  middle: () => middleOf(opened().surface.host),
};
watchPictures();
