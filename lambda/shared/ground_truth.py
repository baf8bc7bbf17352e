"""Names that the functions of the Ground Truth backend share with each other (docs/architecture.md, Ground Truth)."""

import re
from dataclasses import dataclass
from typing import Literal, Self

from shared.errors import PlatformError
from shared.labelling_places import Places

Round = Literal["label", "review"]
ATTRIBUTES: dict[Round, str] = {"label": "labels", "review": "review"}
LONGEST_NAME = 63  # characters of a labelling job's name


@dataclass(frozen=True)
class LabelingJob:
    """A labelling job of Ground Truth: one round of one of our jobs."""

    env: str
    job: str
    round: Round

    @classmethod
    def of(cls, arn: str, env: str) -> Self:
        """By its ARN.

        Raises:
            PlatformError: it is none of ours.
        """
        name = arn.rpartition("/")[2]
        match = re.fullmatch(rf"{re.escape(env)}-(?P<job>[a-z0-9-]{{1,48}})-(?P<round>label|review)", name)
        if match is None:
            raise PlatformError(f"{arn} is no labelling job of {env}: order jobs with `drawingops labels create`")
        return cls(env, match["job"], "review" if match["round"] == "review" else "label")

    @property
    def name(self) -> str:
        """Its name in SageMaker.

        Raises:
            PlatformError: too long.
        """
        name = f"{self.env}-{self.job}-{self.round}"
        if len(name) > LONGEST_NAME:
            raise PlatformError(
                f"{name} has {len(name)} characters, Ground Truth takes {LONGEST_NAME}: give the job a shorter name"
            )
        return name

    @property
    def attribute(self) -> str:
        """Under which its labels stand in the output manifest."""
        return ATTRIBUTES[self.round]

    @property
    def folder(self) -> str:
        """Key prefix of its manifests and of all that Ground Truth writes."""
        return f"{Places(self.job).root}ground_truth/"

    @property
    def manifest(self) -> str:
        """Key of its input manifest."""
        return f"{self.folder}{self.round}.manifest"
