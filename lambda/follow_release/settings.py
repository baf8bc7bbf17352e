"""What the function knows of the two endpoints: one JSON document that the stack writes."""

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import PlatformError
from shared.variables import Variables


class Follower(BaseModel):
    """The asynchronous endpoint as the settings of the environment want it.

    Attributes:
        leader: name of the real-time endpoint, whose version is followed.
        endpoint_name, variant_name, instance_type, execution_role_arn: of the asynchronous one.
        volume_key_arn: encrypts the machine's disk; None where the machine does that itself.
        output_key_arn: encrypts answers.
        output_uri, failure_uri: S3 prefixes of answers and of reasons.
        succeeded_topic_arn, failed_topic_arn: who waits is told here.
        max_instances: the least is none.
        backlog_per_instance: target of the scaling, requests that wait for one machine.
        answer_seconds: one drawing takes at most this long.
        wake_alarm: name of the alarm that brings the first machine.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    leader: str
    endpoint_name: str
    variant_name: str
    instance_type: str
    execution_role_arn: str
    volume_key_arn: str | None
    output_key_arn: str
    output_uri: str
    failure_uri: str
    succeeded_topic_arn: str
    failed_topic_arn: str
    max_instances: int
    backlog_per_instance: int
    scale_in_cooldown_seconds: int
    scale_out_cooldown_seconds: int
    answer_seconds: int
    wake_alarm: str
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


class Settings(Variables):
    """Variables of the function."""

    follower: str

    @property
    def parsed(self) -> Follower:
        """The document, typed."""
        try:
            return Follower.model_validate_json(self.follower)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise PlatformError(f"environment variable FOLLOWER: {where}: deploy the serving stack anew") from None
