"""A stack's access as it is: the documents that the program registered, judged by the local IAM's own judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.naming import Names
from infra.tags import EMR_SCOPE_KEY
from local.cloud.iam.judge import Policies, judge
from local.cloud.iam.language import Document, Question, parse
from local.cloud.iam.principals import ANONYMOUS, Caller
from tests.infra.recording import Recorder

STRANGERS_ACCOUNT = "999999999999"
SERVICES = ("ec2", "elasticmapreduce", "emr-serverless", "vpc-flow-logs", "lambda")
EVERYTHING = parse('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
# What S3 asks of an object's key beside the object itself.
KEY_ACTIONS = {"get": "kms:Decrypt", "put": "kms:GenerateDataKey"}
OBJECT_ACTIONS = {"get": "s3:GetObject", "put": "s3:PutObject", "delete": "s3:DeleteObject"}


@dataclass(frozen=True, kw_only=True)
class Party:
    """Someone who asks, with what their own side says."""

    caller: Caller
    context: Mapping[str, str]
    own: Policies = field(default_factory=Policies)
    in_vpc: bool = False  # its requests pass the VPC's endpoints


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question, as the service asked would put it."""

    action: str
    resource: str
    context: Mapping[str, str]
    policy: Document | None = None  # the resource's own
    owner: str
    decides: bool = False  # the resource's own policy must allow
    endpoint: str | None = None  # the endpoint that a request from the VPC passes


class Access:
    """Everything that has a say in one stack."""

    def __init__(self, made: Recorder, names: Names) -> None:
        self._made, self.names = made, names
        self.roles = [role.name for role in made.of("Role")]
        self._boundary = parse(made.one("Policy", "boundary").inputs["policy"])
        self._endpoints = {
            each.name: parse(each.inputs["policy"])
            for each in made.of("VpcEndpoint")
            if "policy" in each.inputs
        }

    @cached_property
    def parties(self) -> dict[str, Party]:
        """Every role of the stack, and those outside it, by the names that the matrix has for them."""
        found = {role: self._role(role) for role in self.roles}
        found |= {f"{service}.amazonaws.com": self._service(service) for service in SERVICES}
        return {**found, **self._outsiders()}

    def policy(self, role: str) -> str:
        """The text of a role's policy."""
        return str(self._made.one("RolePolicy", role).inputs["policy"])

    def allowed(self, party: Party, asked: Asked) -> bool:
        """Whether all policies together let the party do it."""
        policies = Policies(
            identity=party.own.identity,
            boundary=party.own.boundary,
            resource=asked.policy,
            endpoint=self._endpoints.get(asked.endpoint or "") if party.in_vpc else None,
            resource_decides=asked.decides,
            owner=asked.owner,
        )
        return judge(self._question(party, asked), policies) is None

    def grants(self, document: Document, party: Party, asked: Asked) -> bool:
        """Whether an identity's document, alone, allows it."""
        return any(
            statement.effect == "Allow" for statement in document.applying(self._question(party, asked))
        )

    def _question(self, party: Party, asked: Asked) -> Question:
        context = {**party.context, "aws:RequestedRegion": self.names.region, **asked.context}
        return Question(
            caller=party.caller,
            action=asked.action,
            resource=asked.resource,
            context={key.lower(): (value,) for key, value in context.items()},
        )

    def object(self, at: str, operation: str) -> Iterator[Asked]:
        """All that is asked when an object is listed, got, put or deleted: of S3, and of the key behind it."""
        zone, _, key = at.partition("/")
        bucket = self.names.bucket_arn(zone)
        if operation == "list":
            yield self._s3("s3:ListBucket", bucket, {"s3:prefix": f"{key.rpartition('/')[0]}/"})
            return
        yield self._s3(OBJECT_ACTIONS[operation], f"{bucket}/{key}", {})
        if operation in KEY_ACTIONS:
            through = {
                "kms:ViaService": f"s3.{self.names.region}.amazonaws.com",
                "kms:EncryptionContext:aws:s3:arn": bucket,  # buckets have bucket keys
            }
            yield self.key(KEY_ACTIONS[operation], zone, through, endpoint=None)

    def call(self, row: Mapping[str, Any], caller: Caller) -> Asked:
        """What a row of calls asks for."""
        context = {self._filled(k, caller): self._filled(v, caller) for k, v in row.get("with", {}).items()}
        if "key" in row:
            return self.key(row["action"], row["key"], context)
        resource = self._filled(row["to"], caller)
        service = row["action"].partition(":")[0]
        if service == "s3":
            return self._s3(row["action"], resource, context)
        return Asked(
            action=row["action"],
            resource=resource,
            context=context,
            owner=self.names.account_id,
            endpoint={"cloudwatch": "monitoring"}.get(service, service),
        )

    def key(self, action: str, key: str, context: Mapping[str, str], endpoint: str | None = "kms") -> Asked:
        """Something done with a key."""
        return Asked(
            action=action,
            resource=f"arn:aws:kms:{self.names.region}:{self.names.account_id}:key/{key}",
            context=context,
            policy=parse(self._made.one("Key", key).inputs["policy"]),
            owner=self.names.account_id,
            decides=True,
            endpoint=endpoint,
        )

    def take(self, role: str) -> Asked:
        """A role taken."""
        return Asked(
            action="sts:AssumeRole",
            resource=self.names.role_arn(role),
            context={},
            policy=parse(self._made.one("Role", role).inputs["assumeRolePolicy"]),
            owner=self.names.account_id,
            decides=True,
            endpoint="sts",
        )

    def _s3(self, action: str, resource: str, context: Mapping[str, str]) -> Asked:
        zone = next(
            zone for zone in self.names_of_buckets if resource.startswith(self.names.bucket_arn(zone))
        )
        return Asked(
            action=action,
            resource=resource,
            context={"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", **context},
            policy=parse(self._made.one("BucketPolicy", zone).inputs["policy"]),
            owner=self.names.account_id,
            endpoint="s3",
        )

    @property
    def names_of_buckets(self) -> list[str]:
        """The zones that have a bucket."""
        return [bucket.name for bucket in self._made.of("Bucket")]

    def _filled(self, text: str, caller: Caller) -> str:
        names = self.names
        services = (
            "athena",
            "cloudtrail",
            "dynamodb",
            "ec2",
            "elasticmapreduce",
            "emr-containers",
            "emr-serverless",
            "glue",
            "logs",
            "secretsmanager",
            "ssm",
        )
        values = {
            **{service: names.arn(service, "").removesuffix(":") for service in services},
            **{zone: names.bucket_arn(zone) for zone in self.names_of_buckets if zone != "logs"},
            "region": names.region,
            "stack": names.stack,
            "prefix": names.prefix,
            "role": names.role_arn(""),
            "database": f"emr_{names.stack}",
            "emr": EMR_SCOPE_KEY,
            "self": caller.user_id,
        }
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _role(self, role: str) -> Party:
        account, title = self.names.account_id, self.names.role(role)
        caller = Caller(
            kind="session",
            account=account,
            arn=f"arn:aws:sts::{account}:assumed-role/{title}/me",
            role_arn=self.names.role_arn(role),
            user_id=f"AROA{role.upper()}:me",
        )
        return Party(
            caller=caller,
            own=Policies(identity=[parse(self.policy(role))], boundary=self._boundary),
            context={**_of(caller), "aws:MultiFactorAuthPresent": "false"},
            in_vpc=role == "node" or role.startswith("job-"),
        )

    def _service(self, service: str) -> Party:
        principal = f"{service}.amazonaws.com"
        caller = Caller(kind="service", account="", arn=principal, service=principal)
        account, region = self.names.account_id, self.names.region
        kind = {"vpc-flow-logs": "ec2", "elasticmapreduce": "elasticmapreduce"}.get(service, service)
        what = {"vpc-flow-logs": "vpc-flow-log/fl-1"}.get(service, "cluster/j-1")
        source = {"aws:SourceAccount": account, "aws:SourceArn": f"arn:aws:{kind}:{region}:{account}:{what}"}
        return Party(caller=caller, context=source)

    def _outsiders(self) -> dict[str, Party]:
        account = self.names.account_id
        someone = Caller(
            kind="user", account=account, arn=f"arn:aws:iam::{account}:user/ann", user_id="AIDAANN"
        )
        stranger = Caller(
            kind="user",
            account=STRANGERS_ACCOUNT,
            arn=f"arn:aws:iam::{STRANGERS_ACCOUNT}:user/eve",
            user_id="AIDAEVE",
        )
        # Their own accounts let them do everything: what stops them must be said on this side.
        mighty = Policies(identity=[EVERYTHING])
        foreign = Caller(kind="service", account="", arn="emr", service="elasticmapreduce.amazonaws.com")
        return {
            "someone": Party(caller=someone, own=mighty, context=_of(someone)),
            "someone with a second factor": Party(
                caller=someone, own=mighty, context={**_of(someone), "aws:MultiFactorAuthPresent": "true"}
            ),
            "a stranger": Party(
                caller=stranger, own=mighty, context={**_of(stranger), "aws:MultiFactorAuthPresent": "true"}
            ),
            "EMR for another account": Party(
                caller=foreign,
                context={"aws:SourceAccount": STRANGERS_ACCOUNT, "aws:SourceArn": "arn:aws:x:::y"},
            ),
            "nobody in particular": Party(caller=ANONYMOUS, context={}),
        }


def _of(caller: Caller) -> dict[str, str]:
    return {
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalArn": caller.principal_arn,
        "aws:userid": caller.user_id,
        "kms:CallerAccount": caller.account,
    }
