"""Who may rotate the nodes' certificates, enforced: CI's apply role, and with it the key never leaves S3's sealing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emrctl.certificates.pem import read_zip
from emrctl.certificates.rotation import Certificates
from infra.account import ci_policies
from infra.naming import Names
from infra.security import cluster_policies, job_policies, key_policies
from infra.security.needs import KeyArns, policy
from infra.storage import bucket_policies
from tests.local.cloud.iam.conftest import ACCOUNT, REGION, Cloud, User, refused, trust

NAMES = Names(stack="tls", region=REGION, account_id=ACCOUNT)
OWN = Names(stack="account", region=REGION, account_id=ACCOUNT)
KEY = "certificates/emr-nodes.zip"
NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture(scope="module")
def people(_enforcing: Cloud) -> dict[str, User]:
    """Those who might, each with the platform's own documents, before a bucket sealed with its own key."""
    aws = _enforcing
    kms, s3, iam = aws.client("kms"), aws.client("s3"), aws.client("iam")
    key = kms.create_key(Policy=key_policies.key_policy(NAMES, "artifacts"))["KeyMetadata"]["Arn"]
    keys = KeyArns(**dict.fromkeys(KeyArns.__dataclass_fields__, key))
    state = OWN.arn("kms", "key/of-the-states")
    bucket = NAMES.bucket("artifacts")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policies.data_policy(NAMES, "artifacts"))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [{**rule, "BucketKeyEnabled": True}]}
    )
    bound = iam.create_policy(PolicyName="tls-ci-boundary", PolicyDocument=ci_policies.boundary(OWN, state))
    read, write = (make(OWN, state) for make in (ci_policies.read_policy, ci_policies.write_policy))
    documents = {
        "ci-preview": [read],
        "ci-apply": [read, write, ci_policies.operate_policy(OWN)],
        "node": [policy(cluster_policies.instance_needs(NAMES, [], KEY), keys)],
        "deployer": [policy(job_policies.deployer_needs(NAMES, ["nightly-etl"]), keys)],
    }
    anyone = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    found = {}
    for role, texts in documents.items():
        boundary = bound["Policy"]["Arn"] if role.startswith("ci-") else None
        arn = aws.role(anyone, **({"PermissionsBoundary": boundary} if boundary else {}))
        for number, text in enumerate(texts):
            iam.put_role_policy(RoleName=arn.rpartition("/")[2], PolicyName=f"p{number}", PolicyDocument=text)
        found[role] = aws.session(arn, aws.client("sts"))
    return found


def certificates(user: User) -> Certificates:
    return Certificates(s3=user.client("s3"), emr=user.client("emr"), names=NAMES, key=KEY)


@contextmanager
def is_refused(action: str) -> Iterator[None]:
    with pytest.raises(ClientError, match=action):
        yield


def test_ci_applies_a_rotation_and_the_nodes_read_what_it_put_and_not_who_vouches(
    people: dict[str, User],
) -> None:
    for _ in range(2):  # the first makes the authority
        made = certificates(people["ci-apply"]).rotate(NOW).certificate
    bucket, node = NAMES.bucket("artifacts"), people["node"].client("s3")
    found = node.get_object(Bucket=bucket, Key=KEY)
    assert made is not None
    assert f"{read_zip(found['Body'].read()).certificate.serial_number:x}" == made.serial
    assert found["ServerSideEncryption"] == "aws:kms"
    beside = KEY.replace(".zip", "-authority.json")
    assert refused(node.get_object, Bucket=bucket, Key=beside)[0] == "AccessDenied"
    apply: Any = people["ci-apply"].client("s3")
    assert refused(apply.delete_object, Bucket=bucket, Key=beside)[0] == "AccessDenied"


@pytest.mark.parametrize("who", ["ci-preview", "deployer"])
def test_others_neither_rotate_nor_look(people: dict[str, User], who: str) -> None:
    with is_refused("s3:GetObject"):
        certificates(people[who]).look()
    with is_refused("s3:GetObject"):
        certificates(people[who]).rotate(NOW)
