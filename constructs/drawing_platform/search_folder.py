"""The embedded index: files on a file system that the functions share, for the account on one machine.

A function reaches a file system in AWS from inside a VPC only; the settings allow this store where there is none.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_efs as efs
from aws_cdk import aws_kms as kms

from constructs import Construct
from drawing_platform.function_bundle import SEARCH_FOLDER
from drawing_platform.permissions import Statement
from drawing_platform.platform_function import Mount
from drawing_platform.search_store import SearchStore

MOUNT_PATH = "/mnt/search"
ROOT = "/index"
OWNER = "1000"  # any: only functions come here, all of them as this one


class SearchFolder(Construct):
    """File system and access point."""

    store: SearchStore

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        files = efs.CfnFileSystem(
            self,
            "Files",
            encrypted=True,
            kms_key_id=key.key_arn,
            backup_policy=efs.CfnFileSystem.BackupPolicyProperty(status="ENABLED"),
        )
        files.apply_removal_policy(cdk.RemovalPolicy.DESTROY)  # every drawing can be indexed anew
        point = efs.CfnAccessPoint(
            self,
            "Access",
            file_system_id=files.ref,
            posix_user=efs.CfnAccessPoint.PosixUserProperty(uid=OWNER, gid=OWNER),
            root_directory=efs.CfnAccessPoint.RootDirectoryProperty(
                path=ROOT,
                creation_info=efs.CfnAccessPoint.CreationInfoProperty(
                    owner_uid=OWNER, owner_gid=OWNER, permissions="700"
                ),
            ),
        )
        through_point = {"StringEquals": {"elasticfilesystem:AccessPointArn": point.attr_arn}}
        writing = Statement(
            actions=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            resources=[files.attr_arn],
            conditions=through_point,
        )
        self.store = SearchStore(
            address=f"{MOUNT_PATH}/drawings",
            bundle=SEARCH_FOLDER,
            # The embedded store locks files where it reads them, too.
            reading=[writing],
            writing=[writing],
            mount=Mount(arn=point.attr_arn, path=MOUNT_PATH),
        )
