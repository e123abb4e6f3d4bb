"""Who may rotate the nodes' certificates, enforced: whom docs/platform.md's policy is given, and no role of ours."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emrctl.certificates.pem import read_zip
from emrctl.certificates.rotation import Certificates
from infra.account import ci_policies
from infra.naming import Names
from infra.security import cluster_policies, job_policies, key_policies
from infra.security.needs import KeyArns, policy
from infra.security.statements import unnamed
from infra.storage import bucket_policies
from tests.local.cloud.iam.conftest import ACCOUNT, REGION, Cloud, User, refused, trust

NAMES = Names(stack="tls", region=REGION, account_id=ACCOUNT)
OWN = Names(stack="account", region=REGION, account_id=ACCOUNT)
BUCKET, KEY = NAMES.bucket("artifacts"), "certificates/emr-nodes.zip"
BESIDE = "certificates/emr-nodes-authority.json"
NOW = datetime(2026, 11, 28, tzinfo=UTC)
PAGE = Path(__file__).resolve().parents[4] / "docs" / "platform.md"


def documented(key: str) -> dict[str, Any]:
    """The policy that the page shows, filled in."""
    (block,) = re.findall(r'```json\n(\{"Version".*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL)
    filled = {"STACK": "tls", "ACCOUNT": ACCOUNT, "REGION": REGION, "ARN-OF-THE-ARTIFACTS-KEY": key}
    for word in sorted(filled, key=len, reverse=True):
        block = block.replace(word, filled[word])
    found: dict[str, Any] = json.loads(block)
    return found


@pytest.fixture(scope="module")
def people(_enforcing: Cloud) -> dict[str, User]:
    """Those who might, each with the platform's own documents, before a bucket sealed with its own key."""
    aws = _enforcing
    s3, state = aws.client("s3"), OWN.arn("kms", "key/of-the-states")
    made = aws.client("kms").create_key(Policy=key_policies.key_policy(NAMES, "artifacts"))
    key = made["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policies.data_policy(NAMES, "artifacts"))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(
        Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [{**rule, "BucketKeyEnabled": True}]}
    )
    keys = KeyArns(**dict.fromkeys(KeyArns.__dataclass_fields__, key))
    ci = [json.loads(make(OWN, state)) for make in (ci_policies.read_policy, ci_policies.write_policy)]
    documents = {
        "ci-apply": [*ci, json.loads(ci_policies.operate_policy(OWN))],
        "node": [json.loads(policy(cluster_policies.instance_needs(NAMES, [], KEY), keys))],
        "deployer": [json.loads(policy(job_policies.deployer_needs(NAMES, ["nightly-etl"]), keys))],
        "given": [documented(key)],
        **{f"given but {number}": [without(documented(key), number)] for number in range(5)},
    }
    anyone = trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    found = {}
    for role, texts in documents.items():
        statements = [unnamed(statement) for text in texts for statement in text["Statement"]]
        found[role] = aws.session(aws.role(anyone, *statements), aws.client("sts"))
    return found


def without(document: dict[str, Any], number: int) -> dict[str, Any]:
    left = [one for at, one in enumerate(document["Statement"]) if at != number]
    assert len(left) == len(document["Statement"]) - 1 == 4
    return {**document, "Statement": left}


def certificates(user: User) -> Certificates:
    return Certificates(s3=user.client("s3"), emr=user.client("emr"), names=NAMES, key=KEY)


def test_who_is_given_the_policy_rotates_and_nodes_read_the_zip_and_not_who_vouches(
    people: dict[str, User], aws: Cloud
) -> None:
    for _ in range(2):  # the first makes the authority
        made = certificates(people["given"]).rotate(NOW).certificate
    s3 = people["node"].client("s3")
    found = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert made is not None
    assert f"{read_zip(found['Body'].read()).certificate.serial_number:x}" == made.serial
    assert found["ServerSideEncryption"] == "aws:kms"
    assert refused(s3.get_object, Bucket=BUCKET, Key=BESIDE)[0] == "AccessDenied"
    assert refused(people["given"].client("s3").delete_object, Bucket=BUCKET, Key=KEY)[0] == "AccessDenied"


@pytest.mark.parametrize("who", ["ci-apply", "node", "deployer"])
def test_others_neither_rotate_nor_look(people: dict[str, User], who: str) -> None:
    for do in (certificates(people[who]).look, lambda: certificates(people[who]).rotate(NOW)):
        with pytest.raises(ClientError, match="AccessDenied"):
            do()


@pytest.mark.parametrize("number", [0, 2, 3])
def test_nothing_in_the_policy_is_too_much(people: dict[str, User], number: int) -> None:
    certificates(people["given"]).rotate(NOW)
    with pytest.raises(ClientError, match="AccessDenied"):
        certificates(people[f"given but {number}"]).look()


def test_who_may_not_list_the_bucket_is_not_told_that_there_is_no_zip_yet(
    people: dict[str, User], aws: Cloud
) -> None:
    for key in (KEY, BESIDE):
        aws.client("s3").delete_object(Bucket=BUCKET, Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        certificates(people["given but 1"]).look()
    assert certificates(people["given"]).look().certificate is None
