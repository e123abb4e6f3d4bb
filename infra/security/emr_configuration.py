"""EMR's security configuration: encryption at rest and in transit, roles by step, metadata service."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import ZONES, Names
from infra.security.needs import KeyArns


def security_configuration(names: Names, keys: KeyArns, certificates_uri: str) -> str:
    """The configuration as JSON: what is written to S3 is sealed with the key of the bucket that it goes to.

    https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html
    """
    return json.dumps(
        {
            "EncryptionConfiguration": {
                "EnableAtRestEncryption": True,
                "AtRestEncryptionConfiguration": {
                    "S3EncryptionConfiguration": {
                        **_sealed(keys.curated),
                        "Overrides": [
                            {"BucketName": names.bucket(zone), **_sealed(keys.of(zone))} for zone in ZONES
                        ],
                    },
                    "LocalDiskEncryptionConfiguration": {
                        "EncryptionKeyProviderType": "AwsKms",
                        "AwsKmsKey": keys.volumes,
                        "EnableEbsEncryption": True,
                    },
                },
                "EnableInTransitEncryption": True,
                "InTransitEncryptionConfiguration": {
                    "TLSCertificateConfiguration": {
                        "CertificateProviderType": "PEM",
                        "S3Object": certificates_uri,
                    }
                },
            },
            "AuthorizationConfiguration": {"IAMConfiguration": {"EnableApplicationScopedIAMRole": True}},
            # Version 1 of the metadata service gives credentials to whoever can make a node send one request.
            "InstanceMetadataServiceConfiguration": {
                "MinimumInstanceMetadataServiceVersion": 2,
                "HttpPutResponseHopLimit": 1,
            },
        },
        sort_keys=True,
    )


def _sealed(key_arn: str) -> dict[str, str]:
    return {"EncryptionMode": "SSE-KMS", "AwsKmsKey": key_arn}


@dataclass(frozen=True, kw_only=True)
class EmrConfigurationArgs:
    """`certificates_object` is the key, in the artifacts bucket, of a zip of PEM files that EMR puts on each node."""

    names: Names
    keys: pulumi.Output[KeyArns]
    certificates_object: str


class EmrConfiguration(pulumi.ComponentResource):
    """The security configuration that every cluster of the stack uses."""

    def __init__(
        self, name: str, args: EmrConfigurationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("emr:security:EmrConfiguration", name, None, opts)
        uri = f"s3://{args.names.bucket('artifacts')}/{args.certificates_object}"
        # EMR cannot change one in place: with a generated name the new one can stand beside the old one.
        configuration = aws.emr.SecurityConfiguration(
            f"{args.names.prefix}-clusters",
            configuration=args.keys.apply(lambda keys: security_configuration(args.names, keys, uri)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.name: pulumi.Output[str] = configuration.name
        self.register_outputs({"name": self.name})
