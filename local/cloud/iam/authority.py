"""Judges requests at the gateway: who calls, what is asked, what the policies say."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local.cloud.iam import (
    context,
    deliveries,
    implied,
    launch,
    network,
    report,
    resources,
    s3,
    signature,
    store,
    words,
)
from local.cloud.iam.credentials import CredentialError, Identity, Keyring
from local.cloud.iam.judge import Policies, judge
from local.cloud.iam.language import Context, Question
from local.cloud.iam.network import Vpc
from local.cloud.iam.principals import ANONYMOUS, Caller
from local.cloud.iam.requests import Environ, Request
from local.cloud.iam.surroundings import Surroundings
from local.cloud.iam.words import Denial
from local.cloud.protocol import ApiCall
from local.cloud.trail import identities
from local.cloud.trail.entries import UNSIGNED
from local.keys import PRINCIPALS, Key

if TYPE_CHECKING:
    from local.cloud.emr.control import EmrControl
    from local.cloud.emr_containers.control import ContainersControl
    from local.cloud.emr_serverless.control import ServerlessControl

log = logging.getLogger("local.iam")
# Asked by anyone with valid credentials, and never refused, not even by an explicit Deny.
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = frozenset({"sts:GetCallerIdentity"})
_ROLES = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A request that may go on: what the handlers of STS take from it."""

    caller: Caller
    parameters: Any
    account: str
    vpc: Vpc | None  # that a session which is taken will call from


PASSED: ContextVar[Passed | None] = ContextVar("passed", default=None)


class Authority:
    """IAM of one server. `judge` is asked before every request, once `attach` was; it changes nothing."""

    _around: Surroundings

    def __init__(self, account: str, administrator: Key, services: Mapping[str, Key]) -> None:
        self._account = account
        self._keyring = Keyring(account, administrator, services)
        self._report = report.Report()

    def attach(
        self, control: EmrControl, serverless: ServerlessControl, containers: ContainersControl
    ) -> None:
        """Judge on what these have, on what clusters need to come up, and on what the control plane delivers."""
        self._around = Surroundings(control, serverless, containers)
        control.plane.context.run(deliveries.ENFORCED.set, True)
        control.launch_problem = launch.problem

    def identities(self) -> Mapping[str, identities.Identity]:
        """By access key, who in the trail the callers are that IAM does not know."""
        found = {}
        for key, caller in self._keyring.own.items():
            found[key] = (
                identities.service(key, caller.service, self._account)
                if caller.service
                else identities.administrator(key, caller)
            )
        return found

    @property
    def unevaluated(self) -> list[str]:
        """What policies asked for and is not evaluated."""
        return self._report.lines

    def judge(self, environ: Environ, call: ApiCall) -> Denial | None:
        """Why the request is refused, None when it may go on."""
        PASSED.set(None)
        deliveries.ENFORCED.set(True)
        request = Request.of(environ, call)
        try:
            identity = self._identify(request)
        except CredentialError as error:
            environ[UNSIGNED] = True
            return words.bad_credentials(error.kind, call.protocol)
        caller = identity.caller
        account = caller.account or self._account
        if not _open(request, caller):
            self._note(request)
            denial = self._judged(request, identity, account)
            if denial is not None:
                log.info("refused: %s", denial.message)
                return denial
        parameters = request.parameters if request.service == "sts" else {}
        vpc = self._around.vpc(identity, str(parameters.get("RoleSessionName")))
        PASSED.set(Passed(caller=caller, parameters=parameters, account=account, vpc=vpc))
        return None

    def _identify(self, request: Request) -> Identity:
        signed = request.signed
        if signed is None:
            if request.call.protocol != "rest-xml":
                raise CredentialError("missing")
            return Identity(caller=ANONYMOUS, secret="")
        identity = self._keyring.find(signed.access_key, signed.token)
        if not signed.in_time(datetime.now(UTC)):
            raise CredentialError("time")
        query = str(request.environ.get("QUERY_STRING", ""))
        if not signature.correct(
            signed,
            identity.secret,
            request.method,
            request.raw_path,
            query,
            request.header,
            request.payload_hash,
        ):
            raise CredentialError("signature")
        return identity

    def _judged(self, request: Request, identity: Identity, account: str) -> Denial | None:
        for question, policies in self._questions(request, identity, account):
            refusal = judge(question, policies)
            if refusal is not None:
                return words.denied(question, refusal, request.call.protocol, request.service)
        return None

    def _questions(
        self, request: Request, identity: Identity, account: str
    ) -> Iterator[tuple[Question, Policies]]:
        common = context.of_request(request, identity)
        own = identity.policies()
        passed = network.endpoint(identity.vpc, request.service) if identity.vpc else None
        if request.operation == "AssumeRole":
            common |= self._around.source(identity.caller, str(request.parameters.get("RoleSessionName")))
        if identity.vpc is not None:
            common["aws:sourcevpc"] = (identity.vpc.id,)
        if passed is not None:
            common["aws:sourcevpce"] = (passed.id,)

        def question(action: str, arn: str, extra: Context) -> tuple[Question, Policies]:
            direct = "kms:viaservice" not in extra  # what S3 asks of KMS passes no endpoint of ours
            endpoint = passed.policy if passed and direct else None
            policies = replace(self._with_resource(own, action, arn), endpoint=endpoint)
            told = {**common, **context.of_resource(arn, policies.owner, self._around.tags(arn)), **extra}
            return Question(caller=identity.caller, action=action, resource=arn, context=told), policies

        asked = s3.asked(request) if request.service == "s3" else resources.asked(request, account)
        for action, arn in asked:
            yield question(action, arn, {})
            if action == "sts:AssumeRole":
                for more in _session_actions(request):
                    yield question(more, arn, {})
        if request.service == "ec2":
            yield from (
                question("ec2:CreateTags", arn, made) for arn, made in _tagging(request, asked, account)
            )
        for each in implied.questions(request, account):
            extra = {key: (value,) for key, value in each.context.items()}
            if each.caller is not None:
                policies = self._with_resource(Policies(), each.action, each.resource)
                yield (
                    Question(caller=each.caller, action=each.action, resource=each.resource, context=extra),
                    policies,
                )
            else:
                yield question(each.action, each.resource, extra)
        if request.service == "s3" and s3.is_missing(request):
            bucket, _ = s3.place(request)
            yield question("s3:ListBucket", f"arn:aws:s3:::{bucket}", {})

    def _with_resource(self, own: Policies, action: str, arn: str) -> Policies:
        trust = action in _ROLES
        if arn == "*" or (arn.split(":", 3)[2] == "iam" and not trust):
            # A role's trust policy is asked only of who takes the role; administration of IAM goes by identity.
            return own
        document, owner = store.of_resource(arn)
        return replace(
            own, resource=document, owner=owner,
            resource_decides=trust or (arn.startswith("arn:aws:kms:") and ":key/" in arn and document is not None),
        )  # fmt: skip

    def _note(self, request: Request) -> None:
        """Report what is being put and is not evaluated, or asks for what is not."""
        self._report.service(request.service)
        asked = (
            s3.asked(request)
            if request.service == "s3"
            else ((f"{request.service}:{request.operation}", ""),)
        )
        for action, _ in asked:
            self._report.asked(action)
        if request.service == "s3":
            if "policy" in request.query and request.method == "PUT":
                self._report.policy(
                    request.body.decode(errors="replace"), f"policy of bucket {s3.place(request)[0]}"
                )
            return
        for text in report.texts(request.parameters.items()):
            given = request.parameters
            name = next(
                (given[k] for k in ("PolicyName", "RoleName", "PolicyArn", "KeyId") if given.get(k)), ""
            )
            self._report.policy(text, f"{request.service}:{request.operation} {name}".rstrip())


def _open(request: Request, caller: Caller) -> bool:
    """What nobody's policies are asked about: GetCallerIdentity, and the look-ups of AWS itself.

    EKS takes a role for a pod by an association or by a service account's token; there is no Kubernetes to hold either.
    """
    action = f"{request.service}:{request.operation}"
    return action in FREE or (
        caller.kind == "service"
        and (request.operation != "AssumeRole" or caller.service == PRINCIPALS["emr-containers"])
    )


def _session_actions(request: Request) -> Iterator[str]:
    """What AssumeRole needs beside itself. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html"""
    if request.parameters.get("Tags"):
        yield "sts:TagSession"
    if request.parameters.get("SourceIdentity"):
        yield "sts:SetSourceIdentity"


def _tagging(
    request: Request, asked: list[tuple[str, str]], account: str
) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """Tags given while something is made need ec2:CreateTags with ec2:CreateAction.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    if (
        not request.operation.startswith(("Create", "Run", "Allocate", "Authorize"))
        or request.operation == "CreateTags"
    ):
        return
    for each in request.parameters.get("TagSpecifications") or []:
        if not each.get("Tags"):
            continue
        kind = str(each.get("ResourceType", "*"))
        unnamed = f"arn:aws:ec2:{request.region}:{account}:{kind}/*"
        yield (
            next((arn for _, arn in asked if f":{kind}/" in arn), unnamed),
            {"ec2:createaction": (request.operation,)},
        )
