"""EMR's security configuration: encryption at rest and in transit, roles by step, metadata service, Kerberos."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.naming import ZONES, Names
from infra.security.needs import KeyArns
from infra.settings.kerberos import KerberosSettings


def security_configuration(
    names: Names, keys: KeyArns, certificates_uri: str, kerberos: KerberosSettings | None = None
) -> str:
    """The configuration as JSON: what is written to S3 is sealed with the key of the bucket that it goes to.

    Kerberos stands beside the roles by step, which are never given up for it: docs/adr/0140.
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
            **(_kdc(kerberos) if kerberos else {}),
        },
        sort_keys=True,
    )


def _sealed(key_arn: str) -> dict[str, str]:
    return {"EncryptionMode": "SSE-KMS", "AwsKmsKey": key_arn}


def _kdc(kerberos: KerberosSettings) -> dict[str, Any]:
    return {
        "AuthenticationConfiguration": {
            "KerberosConfiguration": {
                "Provider": "ClusterDedicatedKdc",
                "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": kerberos.ticket_lifetime_hours},
            }
        }
    }


@dataclass(frozen=True, kw_only=True)
class EmrConfigurationArgs:
    """`certificates_object` is the key, in the artifacts bucket, of a zip of PEM files that EMR puts on each node.

    `kerberos` is what the clusters say that have it, by name.
    """

    names: Names
    keys: pulumi.Output[KeyArns]
    certificates_object: str
    kerberos: Mapping[str, KerberosSettings]


class EmrConfiguration(pulumi.ComponentResource):
    """The security configuration that the stack's clusters use, and one for each cluster with Kerberos.

    EMR takes Kerberos in the configuration and the cluster's realm and password only together.
    """

    def __init__(
        self, name: str, args: EmrConfigurationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("emr:security:EmrConfiguration", name, None, opts)
        uri = f"s3://{args.names.bucket('artifacts')}/{args.certificates_object}"

        def made(of: str, kerberos: KerberosSettings | None) -> pulumi.Output[str]:
            # EMR cannot change one in place: with a generated name the new one can stand beside the old one.
            name: pulumi.Output[str] = aws.emr.SecurityConfiguration(
                f"{args.names.prefix}-{of}",
                configuration=args.keys.apply(
                    lambda keys: security_configuration(args.names, keys, uri, kerberos)
                ),
                opts=pulumi.ResourceOptions(parent=self),
            ).name
            return name

        self.name = made("clusters", None)
        self._kerberized = {of: made(f"{of}-kerberos", said) for of, said in args.kerberos.items()}
        self.register_outputs({"name": self.name})

    def of(self, cluster: str) -> pulumi.Output[str]:
        """The name of the configuration that this cluster uses."""
        return self._kerberized.get(cluster, self.name)
