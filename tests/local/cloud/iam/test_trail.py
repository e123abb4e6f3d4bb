"""Who called what, where IAM is enforced: LookupEvents names users, roles and services, and nobody who is not."""

from __future__ import annotations

import json
from typing import Any

from tests.local.cloud.iam.conftest import ACCOUNT, ADMINISTRATOR, SERVICES, Cloud, allow, refused, trust


def look(aws: Cloud, key: str, value: str) -> list[dict[str, Any]]:
    """The records with an attribute, the latest first."""
    asked = [{"AttributeKey": key, "AttributeValue": value}]
    found = aws.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
    return [json.loads(event["CloudTrailEvent"]) for event in found]


def test_a_session_is_named_with_the_role_it_is_of_and_so_is_what_it_may_not_do(aws: Cloud) -> None:
    role = aws.role(trust({"Service": "ec2.amazonaws.com"}), allow("sqs:ListQueues"))
    session = aws.session(role)
    session.client("sqs").list_queues()
    refused(session.client("sqs").create_queue, QueueName="q")
    denied, listed = look(aws, "AccessKeyId", session.key)
    assert (listed["eventName"], denied["eventName"]) == ("ListQueues", "CreateQueue")
    for one in (listed, denied):
        who = one["userIdentity"]
        assert (who["type"], who["arn"]) == ("AssumedRole", session.name)
        assert who["sessionContext"]["sessionIssuer"]["arn"] == role
    assert "sqs:CreateQueue" in denied["errorMessage"]


def test_the_home_s_administrator_and_the_services_are_who_they_are(aws: Cloud) -> None:
    role = aws.role(trust({"Service": "ec2.amazonaws.com"}))
    aws.session(role)
    (taken,) = (one for one in look(aws, "AccessKeyId", SERVICES["ec2"].access_key_id) if role in str(one))
    assert taken["eventName"] == "AssumeRole"
    assert taken["userIdentity"] == {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}
    made = look(aws, "Username", "emrctl-administrator")[0]["userIdentity"]
    assert (made["type"], made["arn"]) == ("IAMUser", f"arn:aws:iam::{ACCOUNT}:user/emrctl-administrator")


def test_a_forged_call_is_nobody_s(aws: Cloud) -> None:
    name = aws.name("forged")
    for key, secret in ((ADMINISTRATOR.access_key_id, "guessed"), ("AKIA2222222222222222", "x")):
        refused(aws.client("sqs", key, secret).create_queue, QueueName=name)
    assert name not in str(look(aws, "EventName", "CreateQueue"))
