"""What moto's EC2, IAM, KMS, Logs and S3 take and forget, and this local AWS does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import mend
from local.cloud.server import CloudServer
from tests.local.cloud.fakes import FakeRunner

EVERYONE, LOG_DELIVERY = "*", {"Service": ["logging.s3.amazonaws.com"]}


def test_a_method_has_each_of_its_mends_once() -> None:
    class Moto:
        def work(self, done: list[str]) -> None:
            done.append("work")

    def first(_self: Moto, done: list[str]) -> None:
        done.append("first")

    def then(_self: Moto, done: list[str]) -> None:
        done.append("then")

    for _ in range(2):
        mend.before(Moto, "work", first)
        mend.after(Moto, "work", then)
    done: list[str] = []
    Moto().work(done)
    assert done == ["first", "work", "then"]


@pytest.fixture(scope="module")
def aws() -> Iterator[Callable[[str], Any]]:
    with CloudServer(FakeRunner()) as server:
        make: Any = boto3.client
        yield lambda service: make(service, endpoint_url=server.endpoint, region_name="us-east-1")


def _vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def test_private_dns_of_an_endpoint_is_switched(aws: Callable[[str], Any]) -> None:
    ec2 = aws("ec2")
    vpc = _vpc(ec2)
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.kms",
        VpcEndpointType="Interface",
        PrivateDnsEnabled=True,
    )
    endpoint = made["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=False)
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert found["PrivateDnsEnabled"] is False


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        (
            {"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/56", "Description": "old"}]},
            {"CidrIpv6": "2001:db8:8::/56"},
        ),
        ({"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "old"}]}, {"CidrIpv4": "10.1.0.0/16"}),
    ],
)
def test_a_rule_changes_its_source_and_loses_a_description_that_is_no_more_said(
    aws: Callable[[str], Any], source: dict[str, Any], changed: dict[str, str]
) -> None:
    ec2 = aws("ec2")
    group = ec2.create_security_group(GroupName="rules", Description="rules", VpcId=_vpc(ec2))["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, **source}
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])[
        "SecurityGroupRules"
    ][0]
    wanted = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, **changed}
    rules = [{"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": wanted}]
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=rules)
    found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    rule = next(one for one in found["SecurityGroupRules"] if not one["IsEgress"])
    assert changed.items() <= rule.items()
    assert "Description" not in rule


def test_a_rule_s_group_is_changed(aws: Callable[[str], Any]) -> None:
    ec2 = aws("ec2")
    vpc = _vpc(ec2)
    one, two, three = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in "abc"
    )
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": two}]}
    made = ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[permission])[
        "SecurityGroupRules"
    ][0]
    wanted = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "ReferencedGroupId": three}
    rules = [{"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": wanted}]
    ec2.modify_security_group_rules(GroupId=one, SecurityGroupRules=rules)
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])
    assert found["SecurityGroupRules"][0]["ReferencedGroupInfo"]["GroupId"] == three


def test_descriptions_of_rules_between_groups_are_changed(aws: Callable[[str], Any]) -> None:
    ec2 = aws("ec2")
    vpc = _vpc(ec2)
    one, other = (
        ec2.create_security_group(GroupName=name, Description="for tests", VpcId=vpc)["GroupId"]
        for name in ("one", "other")
    )

    def rule(description: str) -> dict[str, Any]:
        pairs = [{"GroupId": other, "Description": description}]
        return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": pairs}

    ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[rule("before")])
    ec2.authorize_security_group_egress(GroupId=one, IpPermissions=[rule("before")])
    ec2.update_security_group_rule_descriptions_ingress(GroupId=one, IpPermissions=[rule("in")])
    ec2.update_security_group_rule_descriptions_egress(GroupId=one, IpPermissions=[rule("out")])
    shown = ec2.describe_security_groups(GroupIds=[one])["SecurityGroups"][0]
    assert [
        pair["Description"]
        for side in ("IpPermissions", "IpPermissionsEgress")
        for permission in shown[side]
        for pair in permission["UserIdGroupPairs"]
    ] == ["in", "out"]
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[rule("the same rule")])


def test_descriptions_of_groups_and_rules_are_of_aws_s_letters(aws: Callable[[str], Any]) -> None:
    ec2 = aws("ec2")
    vpc = _vpc(ec2)
    with pytest.raises(ClientError, match="Invalid security group description"):
        ec2.create_security_group(GroupName="g", Description="EMR's own", VpcId=vpc)
    group = ec2.create_security_group(GroupName="g", Description="of EMR", VpcId=vpc)["GroupId"]
    for source in (
        {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "AWS's"}]},
        {"UserIdGroupPairs": [{"GroupId": group, "Description": "x" * 256}]},
    ):
        rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **source}
        for authorize in (ec2.authorize_security_group_ingress, ec2.authorize_security_group_egress):
            with pytest.raises(ClientError, match="Invalid rule description"):
                authorize(GroupId=group, IpPermissions=[rule])


def test_a_group_that_another_names_is_not_deleted(aws: Callable[[str], Any]) -> None:
    ec2 = aws("ec2")
    vpc = _vpc(ec2)
    named, other = (
        ec2.create_security_group(GroupName=name, Description="for tests", VpcId=vpc)["GroupId"]
        for name in ("named", "other")
    )
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": named}]}
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    ec2.authorize_security_group_ingress(GroupId=named, IpPermissions=[rule])  # itself may
    with pytest.raises(ClientError, match=r"DependencyViolation.*dependent object"):
        ec2.delete_security_group(GroupId=named)
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=[rule])
    ec2.delete_security_group(GroupId=named)


def test_a_nat_gateway_takes_its_interface_with_it(aws: Callable[[str], Any]) -> None:
    ec2 = aws("ec2")
    subnet = ec2.create_subnet(VpcId=_vpc(ec2), CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    filters = [{"Name": "subnet-id", "Values": [subnet]}]
    assert len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]) == 1
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"] == []


def test_a_role_keeps_what_an_update_does_not_say(aws: Callable[[str], Any]) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument="{}", Description="before")
    iam.update_role(RoleName="kept", MaxSessionDuration=7200)
    iam.update_role(RoleName="kept", Description="after")
    role = iam.get_role(RoleName="kept")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("after", 7200)


def test_a_key_says_how_often_it_is_rotated(aws: Callable[[str], Any]) -> None:
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90


def test_a_log_group_takes_a_key_and_gives_it_up(aws: Callable[[str], Any]) -> None:
    logs, arn = aws("logs"), "arn:aws:kms:us-east-1:123456789012:key/of-the-logs"
    logs.create_log_group(logGroupName="/mends/keyed")

    def key() -> Any:
        return logs.describe_log_groups(logGroupNamePrefix="/mends/keyed")["logGroups"][0].get("kmsKeyId")

    logs.associate_kms_key(logGroupName="/mends/keyed", kmsKeyId=arn)
    assert key() == arn
    logs.disassociate_kms_key(resourceIdentifier="arn:aws:logs:us-east-1:123456789012:log-group:/mends/keyed")
    assert key() is None
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.associate_kms_key(logGroupName="/mends/none", kmsKeyId=arn)


def test_a_lifecycle_keeps_the_least_size_of_what_moves(aws: Callable[[str], Any]) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="mends-lifecycle")
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 3}}]
    for least in ("varies_by_storage_class", "all_storage_classes_128K"):
        s3.put_bucket_lifecycle_configuration(
            Bucket="mends-lifecycle",
            LifecycleConfiguration={"Rules": rules},
            TransitionDefaultMinimumObjectSize=least,
        )
        found = s3.get_bucket_lifecycle_configuration(Bucket="mends-lifecycle")
        assert found["TransitionDefaultMinimumObjectSize"] == least


@pytest.mark.parametrize(
    ("principal", "action", "allowed"),
    [
        (LOG_DELIVERY, "s3:PutObject", True),
        (LOG_DELIVERY, ["s3:Put*", "s3:GetObject"], True),
        (EVERYONE, "s3:*", True),
        (LOG_DELIVERY, "s3:GetObject", False),
        ({"Service": "cloudtrail.amazonaws.com"}, "s3:PutObject", False),
    ],
)
def test_access_logs_need_a_policy_that_lets_them_in(
    aws: Callable[[str], Any], principal: Any, action: Any, allowed: bool
) -> None:
    s3 = aws("s3")
    for bucket in ("mends-source", "mends-target"):
        s3.create_bucket(Bucket=bucket)
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": ["arn:aws:s3:::mends-target/access/*"],
    }
    s3.put_bucket_policy(Bucket="mends-target", Policy=json.dumps({"Statement": statement}))
    status = {"LoggingEnabled": {"TargetBucket": "mends-target", "TargetPrefix": "access/"}}
    if allowed:
        s3.put_bucket_logging(Bucket="mends-source", BucketLoggingStatus=status)
        assert "LoggingEnabled" in s3.get_bucket_logging(Bucket="mends-source")
    else:
        with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
            s3.put_bucket_logging(Bucket="mends-source", BucketLoggingStatus=status)


def test_a_trail_is_found_and_deleted_by_its_arn(aws: Callable[[str], Any]) -> None:
    trails = aws("cloudtrail")
    aws("s3").create_bucket(Bucket="trails")
    arns = [trails.create_trail(Name=name, S3BucketName="trails")["TrailARN"] for name in ("one", "two")]
    assert [one["Name"] for one in trails.describe_trails(trailNameList=[arns[1]])["trailList"]] == ["two"]
    trails.delete_trail(Name=arns[1])
    assert [one["Name"] for one in trails.describe_trails()["trailList"]] == ["one"]
    with pytest.raises(ClientError, match="TrailNotFoundException"):
        trails.delete_trail(Name=arns[1])


def test_basic_selectors_of_a_trail_overwrite_advanced_ones(aws: Callable[[str], Any]) -> None:
    trails = aws("cloudtrail")
    aws("s3").create_bucket(Bucket="more-trails")
    trails.create_trail(Name="selecting", S3BucketName="more-trails")
    field = [{"Field": "eventCategory", "Equals": ["Data"]}]
    trails.put_event_selectors(TrailName="selecting", AdvancedEventSelectors=[{"FieldSelectors": field}])
    trails.put_event_selectors(TrailName="selecting", EventSelectors=[{"ReadWriteType": "All"}])
    found = trails.get_event_selectors(TrailName="selecting")
    assert found["AdvancedEventSelectors"] == []
    assert [one["ReadWriteType"] for one in found["EventSelectors"]] == ["All"]


def test_quotas_are_those_of_a_new_account_until_more_is_granted(aws: Callable[[str], Any]) -> None:
    client = aws("service-quotas")
    vcpus, vpcs = ("ec2", "L-1216C47A"), ("vpc", "L-F678F1CE")

    def value(which: tuple[str, str]) -> float:
        service, code = which
        return float(client.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"])

    assert (value(vcpus), value(vpcs)) == (5, 5)
    granted = client.request_service_quota_increase(ServiceCode="ec2", QuotaCode=vcpus[1], DesiredValue=64)
    assert granted["RequestedQuota"]["Status"] == "APPROVED"
    assert (value(vcpus), value(vpcs)) == (64, 5)
    default = client.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode=vcpus[1])
    assert default["Quota"]["Value"] == 5
    with pytest.raises(ClientError, match="greater than the current"):
        client.request_service_quota_increase(ServiceCode="ec2", QuotaCode=vcpus[1], DesiredValue=64)
    with pytest.raises(ClientError, match="NoSuchResource"):
        value(("ec2", "L-00000000"))


def test_a_nat_gateway_that_is_not_there_is_refused(aws: Callable[[str], Any]) -> None:
    with pytest.raises(ClientError, match=r"\(NatGatewayNotFound\).*NAT gateway nat-0123 was not found"):
        aws("ec2").delete_nat_gateway(NatGatewayId="nat-0123")
