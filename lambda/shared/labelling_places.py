"""Where everything of a labelling job lies in the labelling bucket (docs/architecture.md, labelling)."""

from dataclasses import dataclass

JOBS = "jobs/"
# Apart from the jobs, so that a rule of the bucket removes them when they are old.
DRAFTS = "drafts/"


@dataclass(frozen=True)
class Places:
    """S3 keys of one job."""

    job: str

    @property
    def root(self) -> str:
        """What all keys but those of drafts begin with."""
        return f"{JOBS}{self.job}/"

    @property
    def order(self) -> str:
        """The job as it was ordered."""
        return f"{self.root}job.json"

    @property
    def tasks(self) -> str:
        """What the keys of all tasks begin with."""
        return f"{self.root}tasks/"

    @property
    def gold(self) -> str:
        """What the keys of all known answers begin with."""
        return f"{self.root}gold/"

    def task(self, task: str) -> str:
        """The task as the machine made it."""
        return f"{self.tasks}{task}.json"

    def review(self, task: str) -> str:
        """The task as a reviewer gets it."""
        return f"{self.root}reviews/{task}.json"

    def known(self, task: str) -> str:
        """The known answer of a gold task."""
        return f"{self.gold}{task}.json"

    def answer(self, task: str, person: str) -> str:
        """What one person said."""
        return f"{self.root}answers/{task}/{person}.json"

    def consensus(self, task: str) -> str:
        """What people agree on."""
        return f"{self.root}consensus/{task}.json"

    def reviewed(self, task: str) -> str:
        """What the reviewer said."""
        return f"{self.root}reviewed/{task}.json"

    def draft(self, task: str, person: str, revision: int, digest: str) -> str:
        """One revision of one person's draft; two that claim the same revision have keys of their own."""
        return f"{DRAFTS}{self.job}/{task}/{person}/{revision:06d}-{digest[:16]}.json"
