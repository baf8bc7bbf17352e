"""The dated price table `cli/prices.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cli.errors import OperatorError

TABLE = Path(__file__).with_name("prices.toml")


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Entry):
    """One price in US dollars.

    Attributes:
        as_of: month for which it is known.
        source: where it was read, or how it was derived.
        certain: False for one that should be looked up before a decision hangs on it.
    """

    usd: float = Field(ge=0)
    as_of: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    source: str
    certain: bool


class InstancePrice(Price):
    """A machine by the hour."""

    vcpus: int


class UnitPrice(Price):
    """Anything else, by its unit."""

    unit: str


class Assumed(_Entry):
    """What a template does not say (see the comments of the table)."""

    stored_gb: float
    image_gb: float
    custom_metrics: int
    schedule_seconds: float
    start_minutes: float
    scheduled_job_minutes: float
    prepare_minutes: float
    train_minutes: float
    evaluate_minutes: float
    core_seconds_per_drawing: float
    mb_per_drawing: float
    serverless_mb_per_core: float


class Advice(_Entry):
    """What one step runs on and why. `today` names what is not a machine of the template."""

    step: str
    start: str
    reason: str
    today: dict[str, str] = {}


class PriceTable(_Entry):
    """All prices of one region."""

    region: str
    hours_per_month: float
    instances: dict[str, InstancePrice]
    units: dict[str, UnitPrice]
    assumed: Assumed
    free: dict[str, str]
    advice: list[Advice]

    def instance(self, name: str) -> InstancePrice:
        """The price of a machine; OperatorError where the table lacks it."""
        if name not in self.instances:
            raise OperatorError(f"{name}: no price in cli/{TABLE.name}; add it with its month and source")
        return self.instances[name]


@cache
def price_table() -> PriceTable:
    """The table, read once."""
    with TABLE.open("rb") as file:
        return PriceTable.model_validate(tomllib.load(file))
