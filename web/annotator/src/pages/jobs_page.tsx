/** What there is to label, how far it is, and the one button that most people need. */
import { useState } from "preact/hooks";
import type { Wanted } from "../api/client";
import type { Progress } from "../api/schemas";
import { type Desk, takeNext } from "./desk";
import { Content, useLoaded } from "./loading";
import { say } from "./messages";
import { date } from "./numbers";
import { may } from "./rights";
import { address } from "./route";

const REFRESH = 15_000; // milliseconds: others finish drawings too

export function JobsPage({ desk }: { desk: Desk }) {
  const [jobs, again] = useLoaded("jobs", () => desk.api.jobs(), REFRESH);
  return (
    <main class="sheet">
      <h1>{say("jobs.heading")}</h1>
      <Content loaded={jobs} again={again}>
        {(all) => (
          <ul class="jobs">
            {all.map((job) => (
              <li key={job.job}>
                <JobCard desk={desk} job={job} again={again} />
              </li>
            ))}
            {all.length === 0 && <li class="muted">{say("jobs.none")}</li>}
          </ul>
        )}
      </Content>
    </main>
  );
}

function JobCard({ desk, job, again }: { desk: Desk; job: Progress; again: () => void }) {
  const groups = desk.session.who.value?.groups ?? [];
  const [said, setSaid] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const take = async (round: NonNullable<Wanted["round"]>) => {
    setBusy(true);
    setSaid(null);
    try {
      if (await takeNext(desk, { job: job.job, round })) return;
      setSaid(say("job.none_left"));
      again();
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <article class="card job" aria-labelledby={`job-${job.job}`}>
      <div class="job-head">
        <h2 id={`job-${job.job}`}>{job.title}</h2>
        <span class={`state ${job.state}`}>{say(`state.${job.state}`)}</span>
      </div>
      <JobProgress job={job} />
      <p class="small muted facts">
        <span>{say("job.created", { date: date(job.created) })}</span>
        <span>{say("job.annotators", { n: job.annotators })}</span>
        <span>{say("job.mine", { n: job.mine })}</span>
        {job.skipped > 0 && <span>{say("job.skipped", { n: job.skipped })}</span>}
      </p>
      {said !== null && (
        <p class="notice warn" role="status">
          {said}
        </p>
      )}
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={busy || job.to_label === 0}
          onClick={() => void take("label")}
          aria-describedby={`job-${job.job}`}
        >
          {say("label_next")}
        </button>
        {job.to_label > 0 && <span class="small muted">{say("job.to_label", { n: job.to_label })}</span>}
        {job.to_label === 0 && job.state === "open" && <span class="small muted">{say("nothing_to_label")}</span>}
        {may(groups, "reviewer") && (
          <>
            <button
              type="button"
              disabled={busy || job.to_review === 0}
              onClick={() => void take("review")}
              aria-describedby={`job-${job.job}`}
            >
              {say("review_next")}
            </button>
            {job.to_review > 0 && <span class="small muted">{say("job.to_review", { n: job.to_review })}</span>}
          </>
        )}
        <a class="to-progress" href={address({ page: "job", job: job.job })}>
          {say("progress")}
        </a>
      </div>
    </article>
  );
}

/** Drawings that people are done with; some of them may still wait for a reviewer. */
export function JobProgress({ job }: { job: Progress }) {
  const finished = Math.min(job.tasks, job.labelled + job.skipped);
  const text = say("job.counts", { finished, tasks: job.tasks });
  return (
    <div class="progress">
      <progress value={finished} max={Math.max(1, job.tasks)} aria-label={text} />
      <span class="small">{text}</span>
    </div>
  );
}
