"""What holds state and what everything else stands on: the data bucket, its key, and the alerts topic."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from constructs import Construct
from drawing_platform.alerts import Alerts, AlertsProps
from drawing_platform.artefact_protection import protect_models
from drawing_platform.data_store import DataStore, DataStoreProps
from drawing_platform.parameters import Parameters, ParametersProps
from drawing_platform.promotion import PromotionSource
from drawing_platform.settings import Settings

# The frozen test set that every challenger must not get worse on; written once, read by every run.
REGRESSION_PREFIX = "datasets/regression/"


class DataStack(cdk.Stack):
    """Removed last; in environments that keep their data the bucket and its key outlive it."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        store = DataStore(self, "DataStore", props=DataStoreProps(storage=settings.storage))
        alerts = Alerts(self, "Alerts", props=AlertsProps(emails=settings.alert_emails))
        if settings.storage.removal == "retain":  # a bucket that goes with its stack must be emptied first
            protect_models(store.bucket)
        self.bucket = store.bucket
        self.key = store.key
        self.topic = alerts.topic
        self.topic_key = alerts.key
        promotion = (
            PromotionSource(self, "Promotion", settings=settings, bucket=store.bucket, key=store.key)
            if settings.promotion.targets
            else None
        )
        Parameters(
            self,
            "Parameters",
            props=ParametersProps(
                prefix=settings.parameter_prefix,
                values={
                    **({"promotion-roles": promotion.roles()} if promotion else {}),
                    "account": self.account,
                    "region": self.region,
                    "data-bucket": self.bucket.bucket_name,
                    "data-key-arn": self.key.key_arn,
                    "regression-prefix": REGRESSION_PREFIX,
                    "alerts-topic-arn": self.topic.topic_arn,
                },
            ),
        )

    def exports(self) -> dict[str, str]:
        """How other stacks' templates call the bucket's ARN, by how it is called here."""
        here = self.resolve(self.bucket.bucket_arn)["Fn::GetAtt"]
        return {f"<{'.'.join(here)}>": self.resolve(self.export_value(self.bucket.bucket_arn))["Fn::ImportValue"]}
