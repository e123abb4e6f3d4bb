"""The Athena workgroup that analysts ask in: what it says holds for every query, whatever a client says."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.security.people_policies import QUERY_RESULTS
from infra.settings.catalog import CatalogSettings


@dataclass(frozen=True, kw_only=True)
class WorkgroupArgs:
    """Results go to `bucket` and are sealed with the key `key_arn`: both are the curated zone's.

    `deletable`: both deletion keys are turned; then saved queries and the history go with the workgroup.
    """

    names: Names
    catalog: CatalogSettings
    bucket: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    deletable: bool


class Workgroup(pulumi.ComponentResource):
    """One workgroup, under the name that the analyst's policy has; `results_uri` is where its results lie."""

    def __init__(self, name: str, args: WorkgroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("emr:catalog:Workgroup", name, None, opts)
        self.results_uri = pulumi.Output.concat("s3://", args.bucket, "/", QUERY_RESULTS)
        made = aws.athena.Workgroup(
            name,
            name=args.names.workgroup,
            description=f"Analysts of {args.names.prefix}",
            configuration=self._configuration(args),
            # Without it AWS refuses to delete a workgroup that a query has ever run in.
            force_destroy=args.deletable,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name: pulumi.Output[str] = made.name
        self.register_outputs({"name": self.name})

    def _configuration(self, args: WorkgroupArgs) -> aws.athena.WorkgroupConfigurationArgs:
        sealed = aws.athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
            encryption_option="SSE_KMS", kms_key_arn=args.key_arn
        )
        return aws.athena.WorkgroupConfigurationArgs(
            enforce_workgroup_configuration=True,
            publish_cloudwatch_metrics_enabled=True,
            bytes_scanned_cutoff_per_query=args.catalog.scan_limit_bytes,
            engine_version=aws.athena.WorkgroupConfigurationEngineVersionArgs(
                selected_engine_version=args.catalog.selected_engine
            ),
            result_configuration=aws.athena.WorkgroupConfigurationResultConfigurationArgs(
                output_location=self.results_uri, encryption_configuration=sealed
            ),
        )
