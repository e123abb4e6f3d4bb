"""The program of test_engine.py: several types, default tags, a secret; `step` 2 changes and replaces."""

import json

import pulumi
import pulumi_aws as aws

step = pulumi.Config().get_int("step") or 1
provider = aws.Provider("aws", region="us-east-1", default_tags={"tags": {"Owner": "me"}})
here = pulumi.ResourceOptions(provider=provider)
zones = aws.get_availability_zones_output(state="available", opts=pulumi.InvokeOptions(provider=provider))

vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, opts=here)
subnet = aws.ec2.Subnet(
    "subnet", vpc_id=vpc.id, cidr_block="10.0.1.0/24", availability_zone=zones.names[0], opts=here
)
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, opts=here)
address = aws.ec2.Eip("address", domain="vpc", opts=here)
nat = aws.ec2.NatGateway("nat", subnet_id=subnet.id, allocation_id=address.id, opts=here)
table = aws.ec2.RouteTable("table", vpc_id=vpc.id, opts=here)
aws.ec2.Route(
    "route", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id, opts=here
)
aws.ec2.RouteTableAssociation("association", subnet_id=subnet.id, route_table_id=table.id, opts=here)
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, opts=here)
aws.vpc.SecurityGroupIngressRule(
    "rule",
    security_group_id=group.id,
    ip_protocol="tcp",
    from_port=443,
    to_port=443,
    cidr_ipv4="10.0.0.0/16",
    opts=here,
)
key = aws.kms.Key("key", enable_key_rotation=step == 1, deletion_window_in_days=7, opts=here)
bucket = aws.s3.Bucket("bucket", force_destroy=True, tags={"step": str(step)}, opts=here)
sealed = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}
aws.s3.BucketServerSideEncryptionConfiguration(
    "encryption",
    bucket=bucket.id,
    rules=[{"apply_server_side_encryption_by_default": sealed}],
    opts=here,
)
aws.s3.BucketObjectv2("object", bucket=bucket.id, key="a.txt", content=f"step {step}", opts=here)
trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
role = aws.iam.Role(
    "role",
    description=pulumi.Output.secret("hush-hush"),
    assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    opts=here,
)


def reader(arn: str) -> str:
    """A policy that reads the bucket."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


path = "/one/" if step == 1 else "/two/"
policy = aws.iam.Policy("policy", policy=bucket.arn.apply(reader), path=path, opts=here)
aws.iam.RolePolicyAttachment("attachment", role=role.name, policy_arn=policy.arn, opts=here)
pulumi.export("bucket", bucket.id)
pulumi.export("zone", subnet.availability_zone)
