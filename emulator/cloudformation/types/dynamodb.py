"""DynamoDB tables; a global table of one region is a table."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, resource_type


@resource_type
class Table(ResourceType):
    type_name = "AWS::DynamoDB::Table"
    immutable = frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"})

    def create(self, context: Context, properties: Document) -> Made:
        name = properties.get("TableName") or context.name(64)
        table = context.call("dynamodb", "create_table", **self._create_parameters(properties), TableName=name)[
            "TableDescription"
        ]
        self._configure(context, name, {}, properties)
        attributes = {
            "Arn": table["TableArn"],
            "TableId": table.get("TableId", ""),
            "StreamArn": table.get("LatestStreamArn", ""),
        }
        return Made(name, attributes)

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        if old.get("BillingMode") != new.get("BillingMode"):
            context.call("dynamodb", "update_table", TableName=made.physical_id, BillingMode=new["BillingMode"])
        self._change_indexes(context, made.physical_id, old, new)
        self._configure(context, made.physical_id, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        ignore_missing(lambda: context.call("dynamodb", "delete_table", TableName=made.physical_id))

    @staticmethod
    def _change_indexes(context: Context, name: str, old: Document, new: Document) -> None:
        """One call an index, as the API wants; an index whose definition changed is made anew."""
        before, after = (
            {each["IndexName"]: each for each in properties.get("GlobalSecondaryIndexes", [])}
            for properties in (old, new)
        )
        gone = [{"Delete": {"IndexName": each}} for each in before if before[each] != after.get(each)]
        made = [{"Create": after[each]} for each in after if after[each] != before.get(each)]
        for change in [*gone, *made]:
            context.call(
                "dynamodb",
                "update_table",
                TableName=name,
                AttributeDefinitions=new["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[change],
            )

    def _create_parameters(self, properties: Document) -> Document:
        wanted = {key: value for key, value in properties.items() if key != "TableName"}
        if encryption := wanted.get("SSESpecification"):
            wanted["SSESpecification"] = {
                "Enabled": encryption.get("SSEEnabled", True),
                **({"SSEType": encryption["SSEType"]} if "SSEType" in encryption else {}),
                **({"KMSMasterKeyId": encryption["KMSMasterKeyId"]} if "KMSMasterKeyId" in encryption else {}),
            }
        if stream := wanted.get("StreamSpecification"):
            wanted["StreamSpecification"] = {"StreamEnabled": True, **stream}
        return {key: value for key, value in wanted.items() if value}

    def _configure(self, context: Context, name: str, old: Document, new: Document) -> None:
        recovery = self._point_in_time_recovery(new)
        if recovery != self._point_in_time_recovery(old):
            context.call(
                "dynamodb",
                "update_continuous_backups",
                TableName=name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": recovery},
            )
        ttl = new.get("TimeToLiveSpecification")
        if ttl and ttl != old.get("TimeToLiveSpecification"):
            wanted = {"AttributeName": ttl.get("AttributeName", ""), "Enabled": ttl["Enabled"]}
            context.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=wanted)

    def _point_in_time_recovery(self, properties: Document) -> bool:
        found = properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False)
        return str(found).lower() == "true"


@resource_type
class GlobalTable(Table):
    type_name = "AWS::DynamoDB::GlobalTable"

    def _create_parameters(self, properties: Document) -> Document:
        wanted = super()._create_parameters(properties)
        wanted.pop("Replicas", None)
        replica = self._replica(properties)
        key = replica.get("SSESpecification", {}).get("KMSMasterKeyId")
        if key and "SSESpecification" in wanted:
            wanted["SSESpecification"]["KMSMasterKeyId"] = key
        if replica.get("DeletionProtectionEnabled"):
            wanted["DeletionProtectionEnabled"] = True
        return wanted

    def _point_in_time_recovery(self, properties: Document) -> bool:
        return super()._point_in_time_recovery(self._replica(properties))

    @staticmethod
    def _replica(properties: Document) -> Document:
        replicas = properties.get("Replicas") or [{}]
        return dict(replicas[0])
