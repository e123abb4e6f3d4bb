"""LookupEvents, which moto lacks, put in moto's own way; where its trails are mended.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError

from local.cloud.trail.entries import Entry, Trail

MOST_RESULTS = 50
# Parameter → the type of the resource that it names.
RESOURCES: Mapping[str, str] = {
    "bucketName": "AWS::S3::Bucket", "roleName": "AWS::IAM::Role", "roleArn": "AWS::IAM::Role",
    "userName": "AWS::IAM::User", "policyArn": "AWS::IAM::Policy", "keyId": "AWS::KMS::Key",
    "instanceProfileName": "AWS::IAM::InstanceProfile", "tableName": "AWS::DynamoDB::Table",
    "topicArn": "AWS::SNS::Topic", "queueUrl": "AWS::SQS::Queue", "logGroupName": "AWS::Logs::LogGroup",
    "vpcId": "AWS::EC2::VPC", "subnetId": "AWS::EC2::Subnet", "groupId": "AWS::EC2::SecurityGroup",
}  # fmt: skip
ATTRIBUTES: Mapping[str, Callable[[Entry], set[str]]] = {
    "EventId": lambda e: {e.id},
    "EventName": lambda e: {e.operation},
    "EventSource": lambda e: {e.source},
    "ReadOnly": lambda e: {json.dumps(e.read_only)},
    "Username": lambda e: {e.identity.name},
    "AccessKeyId": lambda e: {e.identity.access_key},
    "ResourceType": lambda e: {r["ResourceType"] for r in resources(e)},
    "ResourceName": lambda e: {r["ResourceName"] for r in resources(e)},
}


class TrailResponse(CloudTrailResponse):
    """CloudTrail, with the event history of one server."""

    trail: Trail

    def lookup_events(self) -> str:
        """The events that fit, the latest first, a page at a time."""
        fits = _filter(self._get_param("LookupAttributes") or [])
        start, end = self._get_param("StartTime"), self._get_param("EndTime")
        if start is not None and end is not None and start > end:
            raise _refused("InvalidTimeRangeException", "The start time must not be after the end time.")
        if self._get_param("EventCategory"):  # Insights events, of which there are none
            return json.dumps({"Events": []})
        chosen = [
            e
            for e in self.trail.entries()
            if e.region == self.region and e.identity.account == self.current_account and fits(e)
            and (start is None or e.at.timestamp() >= start) and (end is None or e.at.timestamp() <= end)
        ]  # fmt: skip
        return json.dumps(self._page(chosen))

    def describe_trails(self) -> str:
        """Those that are asked for, by name or ARN; moto 5.2.5 answers with all."""
        asked = self._get_param("trailNameList") or []
        found = self.cloudtrail_backend.describe_trails(
            self._get_bool_param("includeShadowTrails", True) or bool(asked)
        )
        chosen = [one for one in found if not asked or one.trail_name in asked or one.arn in asked]
        return json.dumps({"trailList": [one.description(include_region=True) for one in chosen]})

    def delete_trail(self) -> str:
        """By name or ARN; moto 5.2.5 knows the name alone, and nothing of a trail that is not there."""
        backend = self.cloudtrail_backend
        del backend.trails[backend.get_trail(self._get_param("Name")).trail_name]
        return json.dumps({})

    def put_event_selectors(self) -> str:
        """One kind of selectors overwrites the other; moto 5.2.5 keeps advanced ones beside basic ones.

        https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
        """
        if self._get_param("EventSelectors"):
            self.cloudtrail_backend.get_trail(self._get_param("TrailName")).advanced_event_selectors = []
        return str(super().put_event_selectors())

    def _page(self, chosen: list[Entry]) -> dict[str, Any]:
        most, token = self._get_param("MaxResults", MOST_RESULTS), self._get_param("NextToken")
        if not 1 <= most <= MOST_RESULTS:
            raise _refused("InvalidMaxResultsException", f"MaxResults must be from 1 to {MOST_RESULTS}.")
        first = 0
        if token:  # the event that the last page ended with: what has come since stands before it
            first = next((i + 1 for i, e in enumerate(chosen) if e.id == token), 0)
            if first == 0:
                raise _refused("InvalidNextTokenException", "The token is of no page of this look-up.")
        page = chosen[first : first + most]
        more = {"NextToken": page[-1].id} if first + most < len(chosen) else {}
        return {"Events": [shown(e) for e in page], **more}


def install(trail: Trail) -> None:
    """Have moto's application for CloudTrail, when it is made next, look things up in `trail`."""
    from moto.cloudtrail import urls

    class Response(TrailResponse):
        """The CloudTrail API of this trail."""

    Response.trail = trail
    urls.url_paths["{0}/$"] = Response.dispatch


def shown(entry: Entry) -> dict[str, Any]:
    """An event as LookupEvents gives it, with the whole record as JSON in it."""
    return {
        "EventId": entry.id,
        "EventName": entry.operation,
        "ReadOnly": json.dumps(entry.read_only),
        "AccessKeyId": entry.identity.access_key,
        "EventTime": int(entry.at.timestamp()),
        "EventSource": entry.source,
        "Username": entry.identity.name,
        "Resources": resources(entry),
        "CloudTrailEvent": json.dumps(_record(entry)),
    }


def resources(entry: Entry) -> list[dict[str, str]]:
    """The resources that the parameters of a call name."""
    asked = {name[:1].lower() + name[1:]: value for name, value in (entry.parameters() or {}).items()}
    return [
        {"ResourceType": kind, "ResourceName": asked[name]}
        for name, kind in RESOURCES.items()
        if isinstance(asked.get(name), str)
    ]


def _record(entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": dict(entry.identity.document),
        "eventTime": entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": entry.source,
        "eventName": entry.operation,
        "awsRegion": entry.region,
        "sourceIPAddress": entry.source_ip,
        "userAgent": entry.agent,
        "requestParameters": entry.parameters(),
        "responseElements": None,
        "eventID": entry.id,
        "readOnly": entry.read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": entry.identity.account,
        "eventCategory": "Management",
    }
    if entry.error_code:
        record |= {"errorCode": entry.error_code, "errorMessage": entry.error_message}
    return record


def _filter(attributes: list[Mapping[str, str]]) -> Callable[[Entry], bool]:
    if not attributes:
        return bool
    wanted = attributes[0]
    if (
        len(attributes) > 1
        or wanted.get("AttributeKey") not in ATTRIBUTES
        or not wanted.get("AttributeValue")
    ):
        raise _refused(
            "InvalidLookupAttributesException", "Give exactly one attribute, with a known key and a value."
        )
    of, value = ATTRIBUTES[wanted["AttributeKey"]], wanted["AttributeValue"]
    return lambda entry: value in of(entry)


def _refused(code: str, message: str) -> JsonRESTError:
    return JsonRESTError(code, message)
