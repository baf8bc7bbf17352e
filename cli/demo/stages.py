"""The nine stages of the demo, each doing what the operator's commands do."""

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cli import account, live, models, official, registry, release, runs, shipped
from cli.account import Done
from cli.command import Call
from cli.compare import Comparison, compare_versions
from cli.console import duration
from cli.demo import drawings
from cli.demo.alerts import Alert, Mailbox
from cli.demo.load import Load
from cli.demo.scores import Readings, Scores, compared_readings
from cli.demo.search import find_similar
from cli.demo.stage import BrokenPromise, Journal, Stage
from cli.endpoint import Endpoint
from cli.environment import Environment
from cli.labels import read_labels
from cli.large_drawings import EndpointSource
from cli.read import find_pictures
from cli.reading import read_files
from cli.upload import upload_batch

# What is promised of version 3 against version 2, as fractions of exactly read lines.
LEAST_GAIN = 0.20
MOST_LOSS = 0.01
# The symbol class of the evaluation that the signs of the batch are in, which version 2 does not know.
NEW_SIGNS = "gdt"
# Of drawings that have none of these signs: one line in twenty is what another seed may cost.
NOISE = 0.05
# The S3 event, its queue and the quiet time of config/local.toml take seconds; after a minute nothing will come.
START_PATIENCE = 60.0
ALERT_PATIENCE = 20.0
CLOCK_SKEW = models.CLOCK_SKEW


@dataclass
class Demo:
    """What the stages hand on to each other.

    Attributes:
        own_pictures: the user's drawings, None for sample sheets.
        least_gain: labelled lines that version 2 must read exactly beyond those that version 1 reads.
        readings: of the pictures, by versions 1, 2 and 3, as far as the demo got.
        comparison: of versions 2 and 3 on the same data.
        scores: version 2 beside 1, and 3 beside 2.
    """

    call: Call
    out: Path
    own_pictures: list[Path] | None
    journal: Journal
    least_gain: int = 0
    pictures: list[Path] = field(default_factory=list)
    readings: list[Readings] = field(default_factory=list)
    comparison: Comparison | None = None
    scores: list[Scores] = field(default_factory=list)

    def run(self) -> None:
        """All nine stages; raises BrokenPromise where one does not hold what it promises."""
        with self.journal.stage("An AWS account on this machine, every stack deployed by the CDK") as stage:
            self._deploy(stage)
        with self.journal.stage("Version 1, the official reader, is registered, approved, deployed and reads") as stage:
            self._release_first(stage)
        with self.journal.stage("Version 2, the reader of this software, replaces it and reads better") as stage:
            self._release_second(stage)
        with self.journal.stage("A batch with signs that it does not know; the event starts training") as stage:
            execution = self._upload(stage, self._drawn_batch(stage), "demo-good")
        with self.journal.stage("Training: prepare, train, evaluate, gate, register") as stage:
            self._train(stage, execution)
        with self.journal.stage("Version 3 beside version 2; approved, released without a failed request") as stage:
            self._release_third(stage)
        with self.journal.stage("A batch with wrong labels is refused, and somebody is told") as stage:
            self._refuse(stage)
        with self.journal.stage("One command back to version 2, one forward again") as stage:
            self._roll_back(stage)
        with self.journal.stage("A photograph of a drawing finds it among all others") as stage:
            # A drawn sheet is looked for: by a photograph the embedder does not know crowded scans again.
            first, *others = find_pictures([self.out / "batch" / "images"])
            find_similar(stage, self._environment, [first, *self.pictures, *others], self.out / "similar")

    @property
    def _environment(self) -> Environment:
        return self.call.environment

    def _deploy(self, stage: Stage) -> None:
        stage.command("local up")
        stacks: list[str] = []

        def report(done: Done) -> None:
            stage.say(f"{duration(done.seconds):>9}  {done.what}  {done.detail}".rstrip())
            stacks.extend([done.what] if done.what.startswith("stack ") else [])

        with stage.console.status("starting") as spinner:
            reached = account.start(report)
            account.deploy(reached, lambda what: spinner.update(what), report)
        stage.figure("stacks", str(len(stacks)))
        stage.promise(len(stacks) > 0, f"{len(stacks)} stacks are deployed; their names are in SSM")

    def _release_first(self, stage: Stage) -> None:
        with stage.console.status("official model") as spinner:
            imported = official.import_official(self._environment, lambda what: spinner.update(what))
        stage.command("models import-official")
        stage.say(f"{imported.version.name} registered: {imported.version.model_data_url}")
        self._approve(stage, imported.version.name, "the reader that everybody starts from")
        self._live(stage, 1)
        self.pictures = self.own_pictures or find_pictures([drawings.draw_samples(self.out / "sheets")])
        self._read(stage, "v1")

    def _release_second(self, stage: Stage) -> None:
        with stage.console.status("shipped model") as spinner:
            imported = shipped.import_shipped(self._environment, lambda what: spinner.update(what))
        stage.command("models import-shipped")
        first = registry.version(self._environment, "v1")
        stage.promise(
            imported.version.parent == first.arn, f"{imported.version.name} is registered as trained from {first.name}"
        )
        self._approve(stage, imported.version.name, "trained on drawings")
        self._live(stage, 2)
        scores = self._read_again(stage, "v2")
        gain = scores.exact_after - scores.exact_before
        if scores.boxes:
            stage.promise(
                gain >= self.least_gain,
                f"version 2 reads {scores.exact_after} of {scores.boxes} labelled lines exactly, "
                f"version 1 {scores.exact_before} ({gain:+d}, asked for at least {self.least_gain:+d})",
            )

    def _drawn_batch(self, stage: Stage) -> Path:
        stage.command(f"data synth --out {self.out}/batch --count {drawings.BATCH_SHEETS} --style house")
        return drawings.draw_batch(self.out / "batch")

    def _upload(self, stage: Stage, folder: Path, name: str) -> str:
        stage.command(f"data upload {folder} --batch {name}")
        since = datetime.now(UTC) - CLOCK_SKEW
        uploaded = upload_batch(self._environment, read_labels(folder).annotations, name, lambda: None)
        stage.say(f"{uploaded.manifest}: {uploaded.pictures} drawings, {uploaded.regions} labels")
        stage.figure("labels", str(uploaded.regions))
        execution = runs.started_since(self._environment, since, START_PATIENCE)
        stage.promise(execution is not None, "the upload alone started a training run")
        assert execution is not None
        return execution

    def _train(self, stage: Stage, execution: str) -> None:
        stage.command("train watch")
        run = live.show(stage.console, runs.watch(self._environment, execution))
        stage.console.print(live.run_table(run))
        stage.promise(run.status == "Succeeded", f"the run ended as {run.status} {run.refusal or ''}".rstrip())
        for step in run.steps:
            stage.figure(step.name, duration(step.seconds))
        stage.promise(len(registry.versions(self._environment)) == 3, "version 3 is registered")

    def _release_third(self, stage: Stage) -> None:
        second, third = (registry.version(self._environment, name) for name in ("v2", "v3"))
        stage.promise(third.parent == second.arn, "version 3 is trained from version 2")
        stage.promise(third.state == "PendingManualApproval", "version 3 waits for a person")
        self._keep_evaluation(third)
        stage.command("models compare v2 v3")
        self.comparison = compare_versions(self._environment, second, third)
        stage.console.print(self.comparison.render())
        before, after, lines = self._new_signs()
        stage.figure("lines with the new signs", f"{before:.1%} → {after:.1%} of {lines}")
        gain = self._gain("new")
        stage.figure("all lines of unseen sheets", f"{100 * gain:+.1f} points")
        stage.promise(
            gain >= LEAST_GAIN and after - before >= LEAST_GAIN,
            f"version 3 reads {100 * gain:+.1f} points more of all lines of unseen sheets with the new signs (≥ +20), "
            f"{100 * (after - before):+.1f} of the lines with such signs",
        )
        loss = -self._gain("regression")
        stage.figure("regression set", f"{-100 * loss:+.1f} points")
        stage.promise(loss <= MOST_LOSS, f"it loses {max(0.0, 100 * loss):.1f} points on the regression set (≤ 1)")
        with Load(Endpoint(self._environment), drawings.small_picture()) as load:
            self._approve(stage, "v3", "better on new drawings, as good on the old ones")
            # A little longer, so that both versions have certainly answered.
            time.sleep(2)
        answered = ", ".join(f"{count} by version {version}" for version, count in sorted(load.versions.items()))
        stage.figure("requests meanwhile", f"{load.answered} answered, {len(load.failures)} failed")
        stage.promise(
            not load.failures,
            f"{load.answered} requests during the change, none failed ({answered}; slowest {load.slowest:.1f} s)"
            if not load.failures
            else f"{len(load.failures)} of {load.answered + len(load.failures)} requests failed: {load.failures[0]}",
        )
        stage.promise(
            set(load.versions) == {"2", "3"}, f"both versions answered while one replaced the other: {answered}"
        )
        self._live(stage, 3)
        scores = self._read_again(stage, "v3")
        lost = scores.exact_before - scores.exact_after
        noise = math.ceil(NOISE * scores.boxes)
        if scores.boxes:
            stage.promise(
                lost <= noise,
                f"version 3 reads {scores.exact_after} of {scores.boxes} labelled lines exactly, "
                f"version 2 {scores.exact_before} ({-lost:+d}, worse by {noise} would be noise)",
            )

    def _refuse(self, stage: Stage) -> None:
        mailbox = Mailbox.subscribe(self._environment)
        folder = drawings.draw_wrong_batch(self.out / "wrong-batch")
        stage.say(f"{drawings.WRONG_SHARE:.0%} of its texts are labelled wrongly")
        execution = self._upload(stage, folder, "demo-wrong")
        run = live.show(stage.console, runs.watch(self._environment, execution))
        stage.console.print(live.run_table(run))
        stage.promise(run.status == "Failed", f"the run ended as {run.status}")
        stage.promise("accuracy" in (run.refusal or ""), f"the gate refused it: {run.refusal}")
        stage.promise(len(registry.versions(self._environment)) == 3, "nothing was registered")
        alerts = mailbox.wait(ALERT_PATIENCE)
        stage.promise(bool(alerts), f"the alert arrived: {_first_line(alerts)}")
        self._live(stage, 3)

    def _roll_back(self, stage: Stage) -> None:
        for command, target, version in (("models rollback", "previous", 2), ("models rollback --to v3", "3", 3)):
            stage.command(command)
            started = time.monotonic()
            execution = release.start(self._environment, target=target, reason="the demo shows it")
            released = models.follow_release(self.call, execution)
            stage.promise(released.succeeded, f"{command} has ended well")
            self._live(stage, version)
            stage.figure(f"to version {version}", duration(time.monotonic() - started))
        stage.command("models history")
        history = models.History(
            endpoint=self._environment.names.endpoint_name, deployments=release.history(self._environment)
        )
        stage.console.print(history.render())

    def _approve(self, stage: Stage, version: str, reason: str) -> None:
        stage.command(f'models approve {version} --reason "{reason}" --follow')
        decided = models.decide(self.call, version, "Approved", reason, follow=True)
        stage.promise(decided.succeeded, f"{version} is approved and deployed")

    def _live(self, stage: Stage, version: int) -> None:
        """Asks the endpoint itself, not the records."""
        answered = Endpoint(self._environment).read(drawings.small_picture(), "a small sheet").model.version
        stage.promise(answered == str(version), f"the endpoint answers with version {answered}")

    def _read(self, stage: Stage, version: str) -> None:
        """Lets the endpoint read the drawings; `version` is what it serves."""
        stage.command(f"read {self.pictures[0].parent} --endpoint --out {self.out / version}")
        source = EndpointSource(self._environment, stage.say)
        results = []
        for result in read_files(source, self.pictures, self.out / version, lambda: None):
            results.append(result)
            stage.say(f"{result.file.name}: {result.error or f'{result.texts} texts in {duration(result.seconds)}'}")
        failed = [result for result in results if result.error]
        stage.promise(not failed, f"{len(results)} drawings are read" if not failed else f"{failed[0].error}")
        self.readings.append(Readings(version, results))

    def _read_again(self, stage: Stage, version: str) -> Scores:
        """The same drawings, beside what the version before read."""
        self._read(stage, version)
        scores = compared_readings(*self.readings[-2:])
        self.scores.append(scores)
        stage.console.print(scores.texts_table())
        if scores.boxes:
            stage.console.print(scores.table())
            stage.figure("exact", f"{scores.exact_before} → {scores.exact_after} of {scores.boxes}")
            stage.figure("CER", f"{scores.cer_before:.3f} → {scores.cer_after:.3f}")
        return scores

    def _gain(self, test_set: str) -> float:
        """By how much version 3 reads more lines exactly than version 2, a fraction of all lines."""
        assert self.comparison is not None
        row = next(row for row in self.comparison.rows if (row.test_set, row.figure) == (test_set, "exact match"))
        if row.gain is None:
            raise BrokenPromise(f"both versions were to be measured on the test set {test_set}, one was not")
        return row.gain

    def _new_signs(self) -> tuple[float, float, int]:
        """Exact shares of versions 2 and 3 on unseen lines with signs of the class of the new ones, and how many."""
        assert self.comparison is not None
        wanted = ("new", f"exact · symbols {NEW_SIGNS}")
        row = next((row for row in self.comparison.rows if (row.test_set, row.figure) == wanted), None)
        if row is None or not row.lines or row.left is None or row.right is None:
            raise BrokenPromise(f"no validation line has a sign of {NEW_SIGNS} that both versions read")
        return row.left, row.right, row.lines

    def _keep_evaluation(self, version: registry.ModelVersion) -> None:
        """Copies evaluation.json and report.html to where a person looks."""
        assert version.evaluation_uri is not None
        folder = version.evaluation_uri.rpartition("/")[0]
        for name in ("evaluation.json", "report.html"):
            (self.out / name).write_bytes(self._environment.read_object(f"{folder}/{name}"))


def _first_line(alerts: list[Alert]) -> str:
    return " ".join((alerts[0].subject or alerts[0].message).split())[:160] if alerts else "it did not arrive"
