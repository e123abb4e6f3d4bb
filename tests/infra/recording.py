"""Pulumi mocks that record what the program registers, and raise on a type or a call that nobody expected."""

from __future__ import annotations

import gc
import json
import runpy
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack

import infra
from infra.settings.loader import PROJECT

ROOT = Path(infra.__file__).parent.parent
ACCOUNT = "111111111111"

# Every type that a program of this project may register: the local provider has to know them all.
EXPECTED_TYPES = frozenset(
    {
        "aws:athena/workgroup:Workgroup",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:dynamodb/table:Table",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/eip:Eip",
        "aws:ec2/flowLog:FlowLog",
        "aws:ec2/internetGateway:InternetGateway",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/route:Route",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        "aws:emr/cluster:Cluster",
        "aws:emr/instanceFleet:InstanceFleet",
        "aws:emr/instanceGroup:InstanceGroup",
        "aws:emr/managedScalingPolicy:ManagedScalingPolicy",
        "aws:emr/securityConfiguration:SecurityConfiguration",
        "aws:emrserverless/application:Application",
        "aws:glue/catalogDatabase:CatalogDatabase",
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:kms/alias:Alias",
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketLogging:BucketLogging",
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:sns/topic:Topic",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        "pulumi:providers:aws",
    }
)


# … and the account's program beside them.
ACCOUNT_TYPES = frozenset(
    {
        "aws:cloudtrail/trail:Trail",
        "aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
    }
)


REFERENCE = "pulumi:pulumi:StackReference"


def beneath(account_id: str) -> dict[str, Any]:
    """What the account's stack exports, as far as the platform reads it; a test holds it against the real export."""
    return {
        "schema_version": 2,
        "account_id": account_id,
        "region": "us-east-1",
        "audit": {"log_group": "/emr-account/audit"},
    }


@dataclass(frozen=True, kw_only=True)
class Registered:
    """One resource as the engine would get it: wire names, outputs resolved."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    provider: str


@dataclass
class Recorder(mocks.Mocks):
    """Answers as AWS would, as far as the program reads it, and keeps what was asked."""

    registered: list[Registered] = field(default_factory=list)
    components: list[Registered] = field(default_factory=list)
    account: str = ACCOUNT
    region: str = "us-east-1"
    requests: list[tuple[Any, Any]] = field(
        default_factory=list
    )  # as the engine would get them, with its answers
    # What the stack of the account exports to who refers to it.
    beneath: Any = None

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if args.typ.startswith("emr:"):  # a component: nothing is made
            self.components.append(
                Registered(type=args.typ, name=args.name, inputs=dict(args.inputs), provider="")
            )
            return None, dict(args.inputs)
        if args.typ == REFERENCE:
            self.registered.append(
                Registered(type=args.typ, name=args.name, inputs=dict(args.inputs), provider="")
            )
            return args.resource_id, {**args.inputs, "outputs": {"account": self.beneath}}
        if args.typ not in EXPECTED_TYPES | ACCOUNT_TYPES:
            raise AssertionError(f"nobody expected a resource of type {args.typ} ({args.name})")
        self.registered.append(
            Registered(type=args.typ, name=args.name, inputs=dict(args.inputs), provider=args.provider or "")
        )
        # A bucket's id is its name; all else has ids of AWS's making.
        made = args.inputs["bucket"] if args.typ.endswith(":Bucket") else f"{args.name}-id"
        return made, {**args.inputs, **self._computed(args)}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"nobody expected the program to ask {args.token}")

    def _computed(self, args: pulumi.runtime.MockResourceArgs) -> dict[str, Any]:
        name = args.inputs.get("name", args.name)
        kind = args.typ.split(":")[-1]
        here = f"{'aws-us-gov' if self.region.startswith('us-gov-') else 'aws'}:{{}}:{self.region}:{self.account}"
        everywhere = here.replace(self.region, "")
        arns = {
            "Key": f"{here.format('kms')}:key/{args.name}",
            "Role": f"{everywhere.format('iam')}:role/{name}",
            "Policy": f"{everywhere.format('iam')}:policy/{name}",
            "InstanceProfile": f"{everywhere.format('iam')}:instance-profile/{name}",
            "Topic": f"{here.format('sns')}:{name}",
            "Trail": f"{here.format('cloudtrail')}:trail/{name}",
            "LogGroup": f"{here.format('logs')}:log-group:{name}",
            "Application": f"{here.format('emr-serverless')}:/applications/{args.name}-id",
        }
        computed: dict[str, Any] = {"arn": f"arn:{arns[kind]}"} if kind in arns else {}
        if kind == "Key":
            computed["keyId"] = args.name
        if kind == "SecurityConfiguration":
            computed["name"] = name
        return computed

    def of(self, kind: str) -> list[Registered]:
        """The registered resources of one type, named by its last part: `Bucket`."""
        return [made for made in self.registered if made.type.endswith(f":{kind}")]

    def one(self, kind: str, name: str) -> Registered:
        """The one resource of that type and name."""
        (made,) = [made for made in self.of(kind) if made.name == name]
        return made

    def inventory(self) -> dict[str, int]:
        """How many of each type, by the type's last part."""
        return dict(sorted(Counter(made.type.split(":")[-1] for made in self.registered).items()))


class Monitor(mocks.MockMonitor):
    """The mocks' own, which keeps what was asked of it, and like the engine takes no URN twice."""

    def RegisterResource(self, request: Any) -> Any:  # the protocol's name
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self.resources, f"two resources have the URN {urn}"
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK has no types here
        assert isinstance(self.mocks, Recorder)
        self.mocks.requests.append((request, answer))
        return answer


LAST: Recorder | None = None  # of the latest `start`, for a test whose program raises


def start(stack_name: str = "dev") -> Recorder:
    """Mocks in force for what the test registers next."""
    global LAST
    recorder = LAST = Recorder()
    mocks.set_mocks(recorder, project=PROJECT, stack=stack_name, monitor=Monitor(recorder))
    return recorder


def stack_config(name: str, folder: str = ".") -> dict[str, Any]:
    """The committed configuration of a stack, as a plain tree of keys; `folder` is its project's."""
    document = yaml.safe_load((ROOT / folder / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))
    config: dict[str, Any] = document["config"]
    return config


def wire_config(config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration as the language host hands it to the program."""
    return {
        key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in config.items()
    }


def run_program(
    name: str,
    config: Mapping[str, Any] | None = None,
    account_exports: Any = None,
    secrets: Collection[str] = (),
) -> tuple[Recorder, dict[str, Any]]:
    """Run the whole program under mocks: what it registered, and its export `platform` with all outputs known.

    `account_exports` is what the account's stack exports, where it is not `beneath`; `secrets` are keys of the
    configuration that are sealed.
    """
    return _run(name, config or stack_config(name), "infra", "platform", account_exports, secrets)


def run_account(config: Mapping[str, Any] | None = None) -> tuple[Recorder, dict[str, Any]]:
    """The same for the program of the account, and its export `account`."""
    folder = "infra/account"
    return _run("account", config or stack_config("account", folder), folder, "account")


def _run(
    name: str,
    config: Mapping[str, Any],
    folder: str,
    export: str,
    account_exports: Any = None,
    secrets: Collection[str] = (),
) -> tuple[Recorder, dict[str, Any]]:
    set_all_config(wire_config(config), list(secrets))
    recorder = start(name)
    recorder.account, recorder.region = config["aws:allowedAccountIds"][0], config["aws:region"]
    recorder.beneath = account_exports or beneath(recorder.account)
    told: dict[str, Any] = {}

    @pulumi.runtime.test
    def program() -> pulumi.Output[None]:
        try:
            runpy.run_path(str(ROOT / folder), run_name="__main__")
        finally:
            gc.enable()  # the program, which ends soon, does without; the tests do not
        root = get_root_resource()
        assert isinstance(root, Stack)
        exported = pulumi.Output.from_input(root.outputs[export])
        return exported.apply(told.update)

    program()
    return recorder, told
