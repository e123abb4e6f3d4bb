"""Kerberos on one cluster of two: its configuration and attributes, and a password that stays a secret."""

from __future__ import annotations

import copy
import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockMonitor

from tests.infra.recording import Recorder, run_program, stack_config

Sealed = tuple[Recorder, dict[str, Any], dict[str, Any]]
PASSWORD = "an-admin-password-of-the-kdc"
KEY = "kerberos:main"
MARK = "1b47061264138c4ac30d75fd1eb44270"  # of a secret on the wire: sdk/go/common/resource/sig/sig.go


def with_kerberos() -> dict[str, Any]:
    """dev with Kerberos on its cluster, and one without beside it."""
    config = copy.deepcopy(stack_config("dev"))
    clusters = config["emr:clusters"]
    clusters["plain"] = copy.deepcopy(clusters["main"])
    clusters["main"]["kerberos"] = {"realm": "EC2.INTERNAL", "ticket_lifetime_hours": 12}
    return config


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> Sealed:
    """What the program registered and exported, and what the engine was sent of each cluster."""
    sent: dict[str, Any] = {}
    real: Any = MockMonitor.RegisterResource

    def register(self: MockMonitor, request: Any) -> Any:
        if request.type.endswith("emr/cluster:Cluster"):
            sent[request.name] = request.object
        return real(self, request)

    monkeypatch.setattr(MockMonitor, "RegisterResource", register)
    made, platform = run_program("dev", {**with_kerberos(), KEY: PASSWORD}, secrets=[KEY])
    return made, platform, sent


def test_the_cluster_has_realm_and_password_and_a_configuration_of_its_own(sealed: Sealed) -> None:
    made, platform, _ = sealed
    main, plain = made.one("Cluster", "main").inputs, made.one("Cluster", "plain").inputs
    assert "EC2.INTERNAL" in json.dumps(main["kerberosAttributes"])
    assert "kerberosAttributes" not in plain
    assert main["securityConfiguration"] == "emr-dev-main-kerberos"
    assert plain["securityConfiguration"] == "emr-dev-clusters"
    documents = {
        one.name: json.loads(one.inputs["configuration"]) for one in made.of("SecurityConfiguration")
    }
    assert "AuthenticationConfiguration" not in documents["emr-dev-clusters"]
    kdc = documents["emr-dev-main-kerberos"]["AuthenticationConfiguration"]["KerberosConfiguration"]
    assert kdc["ClusterDedicatedKdcConfiguration"] == {"TicketLifetimeInHours": 12}
    assert platform["clusters"]["main"]["security_configuration"] == "emr-dev-main-kerberos"


def test_the_password_is_sent_as_a_secret_and_stands_nowhere_else(sealed: Sealed) -> None:
    made, platform, sent = sealed
    attributes = sent["main"]["kerberosAttributes"]
    assert PASSWORD in str(attributes)
    assert MARK in str(attributes)
    others = [one for one in made.registered if not (one.type.endswith(":Cluster") and one.name == "main")]
    elsewhere = [platform, *(dict(one.inputs) for one in (*others, *made.components))]
    assert PASSWORD not in json.dumps(elsewhere)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, r"^kerberos:main: is missing, .* pulumi config set --secret kerberos:main$"),
        ({KEY: ""}, r"^kerberos:main: is missing"),
        ({KEY: PASSWORD}, r"^kerberos:main: stands in plain in the stack's file; .* --secret kerberos:main$"),
    ],
)
def test_a_password_that_is_missing_or_in_plain_is_refused(config: dict[str, Any], said: str) -> None:
    with pytest.raises(pulumi.RunError, match=said) as refusal:
        run_program("dev", {**with_kerberos(), **config})
    assert PASSWORD not in str(refusal.value)
