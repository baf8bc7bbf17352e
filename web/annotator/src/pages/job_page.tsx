/** How a job goes: who did how much, how fast and how alike; and, for a manager, its training data. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { CategoryAgreement, JobReport, Person } from "../api/schemas";
import type { Desk } from "./desk";
import { JobProgress } from "./jobs_page";
import { Content, useLoaded } from "./loading";
import { say } from "./messages";
import { number, percent } from "./numbers";
import { may } from "./rights";
import { address } from "./route";

const REFRESH = 10_000; // milliseconds

export function JobPage({ desk, job }: { desk: Desk; job: string }) {
  const [report, again] = useLoaded(`job ${job}`, () => desk.api.job(job), REFRESH);
  return (
    <main class="sheet">
      <p class="small">
        <a href={address({ page: "jobs" })}>← {say("back")}</a>
      </p>
      <Content loaded={report} again={again}>
        {(loaded) => (
          <>
            <div class="job-head">
              <h1>{loaded.title}</h1>
              <span class={`state ${loaded.state}`}>{say(`state.${loaded.state}`)}</span>
            </div>
            <JobProgress job={loaded} />
            {may(desk.session.who.value?.groups ?? [], "manager") && (
              <Export desk={desk} report={loaded} again={again} />
            )}
            <People people={loaded.people} />
            <Categories categories={loaded.categories} />
          </>
        )}
      </Content>
    </main>
  );
}

function People({ people }: { people: readonly Person[] }) {
  return (
    <section class="card" aria-labelledby="people">
      <h2 id="people">{say("people")}</h2>
      {people.length === 0 ? (
        <p class="muted">{say("people.none")}</p>
      ) : (
        <Table
          labelledBy="people"
          head={[
            [say("person")],
            [say("drawings")],
            [say("skipped")],
            [say("minutes_per_drawing")],
            [say("regions_per_minute")],
            [say("keys_per_region")],
            [say("agreement"), say("agreement.help")],
            [say("gold"), say("gold.help")],
          ]}
          rows={people.map((person) => [
            person.name,
            number(person.tasks),
            number(person.skipped),
            number(ratio(person.seconds / 60, person.tasks), 1),
            number(ratio(person.regions * 60, person.seconds), 1),
            number(ratio(person.keystrokes + person.clicks, person.regions), 1),
            percent(person.agreement),
            person.gold === null ? percent(null) : `${percent(person.gold.exact)} (${number(person.gold.tasks)})`,
          ])}
        />
      )}
    </section>
  );
}

function Categories({ categories }: { categories: readonly CategoryAgreement[] }) {
  return (
    <section class="card" aria-labelledby="categories">
      <h2 id="categories">{say("categories")}</h2>
      {categories.length === 0 ? (
        <p class="muted">{say("categories.none")}</p>
      ) : (
        <Table
          labelledBy="categories"
          head={[[say("category")], [say("regions")], [say("alpha"), say("alpha.help")], [say("cer"), say("cer.help")]]}
          rows={categories.map(({ category, regions, alpha, cer }) => [
            say(`category.${category}`),
            number(regions),
            number(alpha, 3),
            percent(cer, 2),
          ])}
        />
      )}
    </section>
  );
}

function Export({ desk, report, again }: { desk: Desk; report: JobReport; again: () => void }) {
  const [failure, setFailure] = useState<string | null>(null);
  const left = Math.max(0, report.tasks - report.labelled - report.skipped);
  const order = async () => {
    setFailure(null);
    try {
      await desk.api.exportJob(report.job);
      again();
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section class="card export" aria-label={say("export")}>
      {report.state === "exported" && report.manifest !== null ? (
        <p class="notice good">{say("export.done", { manifest: report.manifest })}</p>
      ) : (
        <>
          <p>{say("export.help")}</p>
          <div class="actions">
            <button
              type="button"
              class="primary"
              disabled={report.state !== "open" || left > 0}
              onClick={() => void order()}
            >
              {say("export")}
            </button>
            {left > 0 && <span class="small muted">{say("export.unfinished", { n: left })}</span>}
          </div>
        </>
      )}
      {failure !== null && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
    </section>
  );
}

/** The first column names its row; the others are numbers. A heading may have an explanation. */
function Table(props: {
  labelledBy: string;
  head: readonly (readonly [string, string?])[];
  rows: readonly (readonly ComponentChildren[])[];
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard
    <section class="table" tabIndex={0} aria-labelledby={props.labelledBy}>
      <table>
        <thead>
          <tr>
            {props.head.map(([title, help]) => (
              <th key={title} scope="col" title={help}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(([name, ...values], index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              {values.map((value, column) => (
                <td key={column}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ratio(value: number, by: number): number | null {
  return by > 0 ? value / by : null;
}
