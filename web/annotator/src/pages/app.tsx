/** The page on its own origin: sign-in, and which page is shown. */
import { type Signal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { language } from "../i18n/language";
import { loadConfig } from "../session/config";
import { Session } from "../session/session";
import { type Desk, deskOf } from "./desk";
import { GuidelinePage } from "./guideline/guideline_page";
import { JobPage } from "./job_page";
import { JobsPage } from "./jobs_page";
import { Layout } from "./layout";
import { Failure } from "./loading";
import { say } from "./messages";
import { followAddress, route } from "./route";
import { TaskPage } from "./task_page";
import "./pages.css";

type Start = Desk | Error | null;

const start: Signal<Start> = signal(null);

/** Find out who is here; the address of a page that the sign-in interrupted is back before any page looks at it. */
async function begin(): Promise<void> {
  start.value = null;
  try {
    const config = await loadConfig();
    const desk = deskOf(config, await Session.start(config));
    followAddress();
    start.value = desk;
  } catch (error) {
    start.value = error instanceof Error ? error : new Error(String(error));
  }
}

export function App() {
  useEffect(() => void begin(), []);
  const name = say("product");
  useEffect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
    document.title = name;
  }, [name]);
  const desk = start.value;
  if (desk === null) return <p class="muted beginning">{say("loading")}</p>;
  if (desk instanceof Error) {
    return (
      <main class="sheet">
        <h1>{name}</h1>
        <Failure error={desk} again={() => void begin()} />
      </main>
    );
  }
  return (
    <Layout session={desk.session}>
      <Page desk={desk} />
    </Layout>
  );
}

function Page({ desk }: { desk: Desk }) {
  const who = desk.session.who.value;
  if (who === null) return <Welcome session={desk.session} />;
  if (who.groups.length === 0) {
    return (
      <main class="sheet">
        <p class="notice warn" role="alert">
          {say("no_group")}
        </p>
      </main>
    );
  }
  const here = route.value;
  if (here.page === "guideline") return <GuidelinePage />;
  if (here.page === "job") return <JobPage key={here.job} desk={desk} job={here.job} />;
  if (here.page === "task") return <TaskPage key={`${here.job}/${here.task}`} desk={desk} name={here} />;
  return <JobsPage desk={desk} />;
}

function Welcome({ session }: { session: Session }) {
  return (
    <main class="sheet welcome">
      <h1>{say("welcome")}</h1>
      <p>{say("welcome.text")}</p>
      <button type="button" class="primary" onClick={() => void session.signIn()}>
        {say("sign_in")}
      </button>
    </main>
  );
}
