"""The policy pack: judging against as many empty rules, how it grows, how long it takes to start, Checkov beside it.

Where a figure is CPU time it says so: judging is one thread's work, and a busy machine leaves CPU time as it is. What
judges is the SDK's own servicer, called as the engine calls it, so that its reading of each resource once a rule is in
both figures; the engine itself is measured at the end.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as proto
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.policy import _PolicyAnalyzerServicer

from bench.home import ROOT, environment, up
from policies.cases import Given
from policies.corpus import cloudformation
from policies.pack import policies

PEER = ROOT / "bench" / "peers" / "checkov"
FEW, MANY, MOST = 100, 1000, 10_000  # resources

TAGS = [
    {"Key": key, "Value": "x"}
    for key in ("environment", "owner", "cost-center", "data-classification", "managed-by")
]
# What a platform has most of; as it should be, so that rules look to the end and the engine has little to print.
TEMPLATE: dict[str, dict[str, Any]] = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                                         "Action": "kms:*", "Resource": "*"}]},
        },
    },
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 400, "KmsKeyId": {"Ref": "Key"}}},
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Ref": "Key"}}}]},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True,
                                               "IgnorePublicAcls": True, "RestrictPublicBuckets": True},
            "VersioningConfiguration": {"Status": "Enabled"},
        },
    },
    "BucketPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                                              "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]},
        },
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": [
            {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]}},
    },
    "Grant": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "grant",
            "Roles": [{"Ref": "Role"}],
            "PolicyDocument": {"Statement": [
                {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::acme/x/*"},
                {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:us-east-1:123456789012:key/1"}]},
        },
    },
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "inside", "VpcId": "vpc-1",
            "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}],
        },
    },
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
}  # fmt: skip


def measure(runs: int) -> dict[str, Any]:
    """Medians over `runs`: seconds, milliseconds a resource, and ratios; each pack takes its turn in every run."""
    judged = {size: [_judged(size) for _ in range(runs)] for size in (FEW, MANY)}
    judged[MOST] = [_judged(MOST)]
    beyond = statistics.median(own - empty for own, empty in judged[MANY])
    starts = [_start() for _ in range(runs)]
    own = statistics.median(
        1000 * (many[0] - few[0]) / (MANY - FEW) for few, many in zip(judged[FEW], judged[MANY], strict=True)
    )
    return {
        "rules": len(policies()) - 1,
        f"{MANY} resources beyond as many empty rules, s of CPU (aim 1.5)": round(beyond, 2),
        "  the empty rules themselves, s of CPU": round(statistics.median(e for _, e in judged[MANY]), 2),
        f"  a resource at {MOST} / at {MANY} (1 is linear)": round(
            (judged[MOST][0][0] / MOST) / (statistics.median(own for own, _ in judged[MANY]) / MANY), 2
        ),
        "pack start, s of CPU (aim 1.2)": round(statistics.median(cpu for cpu, _ in starts), 2),
        "pack start, s": round(statistics.median(wall for _, wall in starts), 2),
        **_beside_checkov(runs, own),
        **_previews(runs),
    }


SET = len(TEMPLATE) + 3  # the bucket's settings are resources of their own to the pack
UNTAGGED = ("AWS::S3::BucketPolicy", "AWS::IAM::Policy")


def template(count: int) -> dict[str, Any]:
    """A template of CloudFormation that is about `count` resources to the pack."""
    resources = {}
    for number in range(count // SET):
        text = json.dumps(TEMPLATE)
        for name in TEMPLATE:
            text = text.replace(f'"Ref": "{name}"', f'"Ref": "{name}{number}"')
        for name, body in json.loads(text).items():
            if body["Type"] not in UNTAGGED:
                body["Properties"]["Tags"] = TAGS
            resources[f"{name}{number}"] = body
    return {"Resources": resources}


def given(count: int) -> list[Given]:
    """The same resources as the pack sees them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.json"
        file.write_text(json.dumps(template(count)))
        declared = cloudformation.read([file])
    known = {one.address for one in declared}
    return [one.given(known) for one in declared]


def _judged(count: int) -> tuple[float, float]:
    """CPU seconds of judging `count` resources: by the pack, and by as many rules that say nothing."""
    resources = given(count)
    requests = [_request(one) for one in resources]
    urns = {one.name: one.urn for one in resources}
    whole = proto.AnalyzeStackRequest(resources=[_resource(one, urns) for one in resources])
    own = _seconds(policies(), requests, whole)
    return own, _seconds(_empty(), requests, whole)


def _empty() -> list[Policy]:
    """As many policies of each kind, that say nothing."""

    def nothing(_args: Any, _tell: Any) -> None:
        """Nothing."""

    return [
        (ResourceValidationPolicy if isinstance(policy, ResourceValidationPolicy) else StackValidationPolicy)(
            name=policy.name, description="empty", validate=nothing
        )
        for policy in policies()
    ]


def _seconds(pack: list[Policy], requests: list[Any], whole: Any) -> float:
    servicer = _PolicyAnalyzerServicer("bench", "0.0.1", pack, EnforcementLevel.MANDATORY)
    servicer.Analyze(requests[0], None)  # what is read once
    began = time.process_time()
    for request in requests:
        servicer.Analyze(request, None)
    servicer.AnalyzeStack(whole, None)
    return time.process_time() - began


def _properties(one: Given) -> struct_pb2.Struct:
    return json_format.ParseDict(one.props, struct_pb2.Struct())


def _request(one: Given) -> Any:
    return proto.AnalyzeRequest(type=one.type, properties=_properties(one), urn=one.urn, name=one.name)


def _resource(one: Given, urns: dict[str, str]) -> Any:
    flows = {
        prop: proto.AnalyzerPropertyDependencies(urns=[urns[name] for name in names])
        for prop, names in one.flows.items()
    }
    return proto.AnalyzerResource(
        type=one.type, properties=_properties(one), urn=one.urn, name=one.name, propertyDependencies=flows
    )


def _start() -> tuple[float, float]:
    """CPU and wall seconds from the start of the pack's process until it says where it listens."""
    before, began = _children(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, ROOT / "policies"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    assert process.stdout is not None
    port = process.stdout.readline()
    wall = time.perf_counter() - began
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if not port.strip().isdigit():
        sys.exit("bench: the pack does not start")
    return _children() - before, wall


def _children() -> float:
    """CPU seconds of all child processes that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _beside_checkov(runs: int, own: float) -> dict[str, Any]:
    """What a further resource costs Checkov on the same template, from few to many, and the pack."""
    program = PEER / ".venv" / "bin" / "checkov"
    if not program.is_file():
        return {"Checkov: not here; make bench-peers": "-"}
    found = []
    for _ in range(runs):
        few, many = (_checkov(program, size) for size in (FEW, MANY))
        found.append(1000 * (many - few) / (MANY - FEW))
    theirs = statistics.median(found)
    return {
        "a further resource, pack, ms of CPU": round(own, 2),
        "a further resource, Checkov 3.3.30, ms of CPU": round(theirs, 2),
        "  pack / Checkov (aim 0.5)": round(own / theirs, 2),
    }


def _checkov(program: Path, count: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.json"
        file.write_text(json.dumps(template(count)))
        command = [
            program,
            "-f",
            file,
            "--framework",
            "cloudformation",
            "--skip-download",
            "--compact",
            "--quiet",
        ]
        before = _children()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if "Passed checks" not in done.stdout:
            sys.exit(f"bench: checkov failed:\n{done.stdout[-500:]}\n{done.stderr[-500:]}")
        return _children() - before


PROGRAM = """
import json, pathlib
from pulumi import CustomResource

made = {{}}
for kind, name, props, flows in json.loads(pathlib.Path({file!r}).read_text()):
    for prop, source in flows.items():
        props[prop] = made[source].id
    made[name] = CustomResource(kind, name, props)
"""
EMPTY_PACK = """
import sys
sys.path.insert(0, {root!r})
import pulumi_policy
from bench.policies import _empty
pulumi_policy.PolicyPack("empty", _empty(), enforcement_level=pulumi_policy.EnforcementLevel.MANDATORY)
"""


def _previews(runs: int) -> dict[str, Any]:
    """The engine's own previews of the same resources: with the pack, and with as many empty rules."""
    with tempfile.TemporaryDirectory() as name, up(Path(name)) as said:
        own, empty = [], []
        folder = Path(name)
        run = _engine(folder, json.loads(said))
        for _ in range(runs):
            own.append(run(ROOT / "policies"))
            empty.append(run(folder / "empty"))
    whole, floor = statistics.median(own), statistics.median(empty)
    return {
        f"preview of {MANY} resources with the pack, s": round(whole, 2),
        "  with as many empty rules, s": round(floor, 2),
        "  beyond, s (aim 1.5)": round(statistics.median(a - b for a, b in zip(own, empty, strict=True)), 2),
        "  with the pack / with empty rules": round(whole / floor, 2),
    }


def _engine(folder: Path, state: dict[str, Any]) -> Callable[[Path], float]:
    from local.engine.ensure import ensure

    project, empty = folder / "project", folder / "empty"
    for one in (project, empty, folder / "state"):
        one.mkdir()
    (empty / "PulumiPolicy.yaml").write_text("name: empty\nversion: 0.1.0\nruntime: python\n")
    (empty / "__main__.py").write_text(EMPTY_PACK.format(root=str(ROOT)))
    (project / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    (project / "Pulumi.bench.yaml").write_text("config: {aws:region: us-east-1}\n")
    (project / "__main__.py").write_text(PROGRAM.format(file=str(project / "resources.json")))
    (project / "resources.json").write_text(json.dumps(list(_programs_resources())))
    bin_dir = ensure(lambda _line: None).bin_dir
    env = environment(folder) | {
        "AWS_ENDPOINT_URL": state["endpoint"],
        "PULUMI_DEBUG_PROVIDERS": f"aws:{state['provider_port']}",
        "PATH": os.pathsep.join([str(bin_dir), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of this bench",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }

    def pulumi(*command: str) -> str:
        done = subprocess.run(
            ["pulumi", *command, "--non-interactive"],
            cwd=project,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def timed(pack: Path) -> float:
        began = time.perf_counter()
        said = pulumi("preview", "--policy-pack", str(pack), "--suppress-progress")
        if "Policies:" not in said:
            sys.exit(f"bench: the preview failed:\n{said[-1000:]}")
        return time.perf_counter() - began

    pulumi("stack", "init", "bench")
    return timed


def _programs_resources() -> Iterator[tuple[str, str, dict[str, Any], dict[str, str]]]:
    for one in given(MANY):
        props = {key: value for key, value in one.props.items() if key not in one.flows}
        yield one.type, one.name, props, {prop: names[0] for prop, names in one.flows.items()}
