"""VPCs and what is in them: moto's own CloudFormation models serve these types."""

# ruff: noqa: ARG002 - the interface of a resource type is wider than most types need.
from __future__ import annotations

from typing import Any

from emulator.api import Document
from emulator.cloudformation.resource import Context, Made, ResourceType, ignore_missing, register, resource_type
from emulator.cloudformation.simple import simple

# Type -> attributes that templates may ask for.
_MOTO_TYPES = {
    "AWS::EC2::VPC": ("CidrBlock", "DefaultSecurityGroup", "DefaultNetworkAcl", "VpcId"),
    "AWS::EC2::Subnet": ("AvailabilityZone", "SubnetId", "VpcId"),
    "AWS::EC2::RouteTable": ("RouteTableId",),
    "AWS::EC2::SubnetRouteTableAssociation": ("Id",),
    "AWS::EC2::InternetGateway": ("InternetGatewayId",),
    "AWS::EC2::NatGateway": ("NatGatewayId",),
    "AWS::EC2::EIP": ("AllocationId", "PublicIp"),
    "AWS::EC2::SecurityGroup": ("GroupId", "VpcId"),
    "AWS::EC2::SecurityGroupIngress": ("Id",),
    "AWS::EC2::VPCGatewayAttachment": (),
    "AWS::EC2::Route": ("CidrBlock",),
}


class MotoType(ResourceType):
    """A type of moto's; a change makes it anew, since moto can update few of them."""

    def __init__(self, type_name: str, attributes: tuple[str, ...]) -> None:
        self._type, self._attributes = type_name, attributes

    def _model(self) -> Any:
        from moto.cloudformation.parsing import get_model_map

        return get_model_map()[self._type]

    def create(self, context: Context, properties: Document) -> Made:
        made = self._model().create_from_cloudformation_json(
            context.name(255),
            {"Type": self._type, "Properties": properties},
            context.account,
            context.region,
            LogicalId=context.logical_id,
            StackId=context.stack_id,
            ResourceType=self._type,
        )
        _KEPT[context.stack_id, made.physical_resource_id] = made
        attributes = {}
        for name in self._attributes:
            if self._type == "AWS::EC2::VPC" and name in ("DefaultSecurityGroup", "DefaultNetworkAcl"):
                attributes[name] = _default_of(context, name, made.physical_resource_id)
            elif name.endswith("Id") and name not in ("VpcId", "AllocationId"):
                attributes[name] = made.physical_resource_id
            else:
                attributes[name] = _attribute(made, name)
        return Made(made.physical_resource_id, attributes)

    def replaces(self, old: Document, new: Document) -> bool:
        untagged = [{key: value for key, value in each.items() if key != "Tags"} for each in (old, new)]
        return untagged[0] != untagged[1]

    def update(self, context: Context, made: Made, old: Document, new: Document) -> Made:
        context.call("ec2", "create_tags", Resources=[made.physical_id], Tags=new.get("Tags", []))
        return made

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        model = _KEPT.pop((context.stack_id, made.physical_id), None)
        if model is None:
            return
        try:
            model.delete(context.account, context.region)
        except (AttributeError, TypeError):
            resource = {"Type": self._type, "Properties": properties}
            self._model().delete_from_cloudformation_json(made.physical_id, resource, context.account, context.region)


_KEPT: dict[tuple[str, str], Any] = {}

for _type, _attributes in _MOTO_TYPES.items():
    register(_type, MotoType(_type, _attributes))


def _attribute(made: Any, name: str) -> Any:
    from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

    try:
        return made.get_cfn_attribute(name)
    except (UnformattedGetAttTemplateException, NotImplementedError, AttributeError):
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
        return getattr(made, snake, made.physical_resource_id)


def _default_of(context: Context, attribute: str, vpc: str) -> str:
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    if attribute == "DefaultNetworkAcl":
        acls = context.call("ec2", "describe_network_acls", Filters=[*of_vpc, {"Name": "default", "Values": ["true"]}])
        return str(acls["NetworkAcls"][0]["NetworkAclId"])
    named = [*of_vpc, {"Name": "group-name", "Values": ["default"]}]
    return str(context.call("ec2", "describe_security_groups", Filters=named)["SecurityGroups"][0]["GroupId"])


@resource_type
class SecurityGroupEgress(ResourceType):
    type_name = "AWS::EC2::SecurityGroupEgress"

    def create(self, context: Context, properties: Document) -> Made:
        group = properties["GroupId"]
        context.call("ec2", "authorize_security_group_egress", GroupId=group, IpPermissions=[_permission(properties)])
        return Made(context.name(64))

    def replaces(self, old: Document, new: Document) -> bool:
        return True

    def delete(self, context: Context, made: Made, properties: Document) -> None:
        group, permission = properties["GroupId"], _permission(properties)
        ignore_missing(
            lambda: context.call("ec2", "revoke_security_group_egress", GroupId=group, IpPermissions=[permission])
        )


def _permission(properties: Document) -> Document:
    made: Document = {"IpProtocol": properties["IpProtocol"]}
    made |= {key: int(properties[key]) for key in ("FromPort", "ToPort") if key in properties}
    if "CidrIp" in properties:
        made["IpRanges"] = [{"CidrIp": properties["CidrIp"]}]
    if "DestinationSecurityGroupId" in properties:
        made["UserIdGroupPairs"] = [{"GroupId": properties["DestinationSecurityGroupId"]}]
    return made


simple(
    "AWS::EC2::VPCEndpoint",
    "ec2",
    create="create_vpc_endpoint",
    delete="delete_vpc_endpoints",
    prepare=lambda _context, properties: {k: v for k, v in properties.items() if k != "Tags"},
    physical_id=lambda _context, _properties, answer: answer["VpcEndpoint"]["VpcEndpointId"],
    key=lambda identity, _properties: {"VpcEndpointIds": [identity]},
    attributes=lambda _context, _properties, answer: {"Id": answer["VpcEndpoint"]["VpcEndpointId"], "DnsEntries": []},
)
simple(
    "AWS::EC2::FlowLog",
    "ec2",
    create="create_flow_logs",
    delete="delete_flow_logs",
    prepare=lambda _context, p: {**{k: v for k, v in p.items() if k != "Tags"}, "ResourceIds": [p["ResourceId"]]},
    physical_id=lambda _context, _properties, answer: answer["FlowLogIds"][0],
    key=lambda identity, _properties: {"FlowLogIds": [identity]},
    attributes=lambda _context, _properties, answer: {"Id": answer["FlowLogIds"][0]},
)
