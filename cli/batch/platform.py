"""What the stacks say about batch transform: the SSM parameter `batch`."""

from pydantic import BaseModel, ConfigDict

from cli.environment import Environment


class BatchPlatform(BaseModel):
    """Role, machines, keys, places.

    Attributes:
        role_arn: jobs run with it.
        instance_type: the machine of a job.
        volume_key_arn: encrypts the machine's disk; None where the machine does that itself.
        prefix: of the data bucket; below it each batch has a prefix of its own.
        sources: prefixes of the data bucket that the role may read drawings from.
        subnets, security_groups: where jobs run in a private network.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    role_arn: str
    instance_type: str
    volume_key_arn: str | None
    prefix: str
    sources: tuple[str, ...]
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


def batch_platform(environment: Environment) -> BatchPlatform:
    """Of a deployed environment."""
    return BatchPlatform.model_validate_json(environment.names.batch)
