"""The judge for labelled files: how labels are counted, and what of a case cannot be judged."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facts.errors import UserError
from policies.cases import judge, load
from policies.corpus import labels
from policies.corpus.declared import Declared
from policies.corpus.labels import FORMATS, Label, Labelled, Unread, cases
from policies.corpus.score import MALFORMED, narrower, score
from policies.corpus.shown import document, page
from policies.corpus.values import UNKNOWN
from policies.rules import ALL
from tests.emrctl.test_main import emrctl

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
# What no fixture provokes: the rule says it all the same.
UNHEARD = {"IAMFullAccess", "'public-read-write'", "to the group AllUsers"} | {
    f"{block} (off|unset)" for block in ("blockPublicAcls", "ignorePublicAcls", "restrictPublicBuckets")
}


@pytest.mark.parametrize("form", FORMATS)
def test_the_pack_is_right_on_the_cases_written_here(form: str) -> None:
    found = score(cases(CORPUS / form, form))
    assert found.mistakes == []
    assert (found.unencoded, found.unseen, found.unread) == ({}, [], [])
    assert found.total.tp > 8
    assert found.total.tn > 8
    assert (found.total.precision, found.total.recall) == (1, 1)


@pytest.mark.parametrize("form", FORMATS)
def test_labels_turned_round_are_all_mistakes(form: str) -> None:
    for case in cases(CORPUS / form, form):
        assert isinstance(case, Labelled)
        turned = tuple(replace(label, must=not label.must) for label in case.labels)
        found = score([replace(case, labels=turned)])
        # What was found on a setting beside the resource, or on a role by all its policies, says nothing against the
        # resource, and is enough for it.
        right = found.total.tp + found.total.tn
        assert found.total.tp <= 4
        assert found.total.tn <= 4
        assert len(found.mistakes) == len(turned) - right
        assert {one.kind for one in found.mistakes} <= {"wrong", "missed", "open"}


KEYS = (
    Declared("bad", "aws:kms/key:Key", {}),
    Declared("good", "aws:kms/key:Key", {"enableKeyRotation": True}),
    Declared("late", "aws:kms/key:Key", {"enableKeyRotation": UNKNOWN}),
)


def test_a_label_that_waits_for_a_value_is_missed_and_told_apart() -> None:
    case = labels.Labelled("c", KEYS, (Label("late", "CKV_AWS_7", True), Label("good", "CKV_AWS_7", True)))
    found = score([case])
    assert [(one.resource, one.kind) for one in found.mistakes] == [("late", "open"), ("good", "missed")]
    assert found.total.fn == 2


def test_labels_that_are_complete_make_anything_else_wrong_and_unknown_ids_are_told_but_not_counted() -> None:
    given = (Label("good", "CKV_AWS_7", False), Label("good", "CKV_AWS_99999", True))
    tags: dict[str, dict[str, Any]] = {"required-tags": {"required": []}}
    found = score([labels.Labelled("c", KEYS, given, config=tags, complete=True)])
    assert ("bad", "kms-rotation", "wrong") in {(m.resource, m.id, m.kind) for m in found.mistakes}
    assert found.unencoded == {"CKV_AWS_99999": 1}
    assert found.rules["kms-rotation"].tn == 1
    told = "\n".join(page(found))
    assert "labels that no rule encodes, not counted: CKV_AWS_99999 (1)" in told
    assert json.loads(document(found))["rules"]["kms-rotation"]["fp"] == 1


GROUP = "aws:ec2/securityGroup:SecurityGroup"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"


def test_a_control_that_is_narrower_than_its_rule_is_found_only_where_it_is_meant() -> None:
    def opened(name: str, first: int, last: int) -> Declared:
        return Declared(
            name,
            GROUP,
            {
                "ingress": [
                    {"cidrBlocks": ["0.0.0.0/0"], "fromPort": first, "toPort": last, "protocol": "tcp"}
                ]
            },
        )

    ssh, both, https = opened("ssh", 22, 22), opened("both", 20, 4000), opened("https", 443, 443)
    given = (
        Label("ssh", "CKV_AWS_24", True),
        Label("ssh", "CKV_AWS_25", False),
        Label("both", "CKV_AWS_25", True),
        Label("https", "EC2.18", False),
        Label("https", "EC2.19", False),
        Label("ssh", "EC2.18", True),
        Label("ssh", "EC2.53", True),
        Label("ssh", "EC2.54", False),
    )
    found = score([labels.Labelled("c", (ssh, both, https), given)])
    assert found.mistakes == []
    assert (found.total.tp, found.total.tn) == (4, 4)


def test_a_group_is_not_wronged_by_a_rule_beside_it_that_has_a_label_of_its_own() -> None:
    group = Declared("g", GROUP, {"ingress": []})
    wide = {"type": "ingress", "cidrBlocks": ["0.0.0.0/0"], "fromPort": 22, "toPort": 22, "protocol": "tcp"}
    beside = Declared("r", RULE, wide, {"securityGroupId": ["g"]})
    given = (Label("g", "CKV_AWS_24", False), Label("r", "CKV_AWS_24", True))
    assert score([labels.Labelled("c", (group, beside), given)]).mistakes == []
    assert score([labels.Labelled("c", (group, beside), (Label("g", "CKV_AWS_24", True),))]).mistakes == []


def test_each_narrower_control_still_fits_what_some_rule_says() -> None:
    said = [message for rule in ALL for case in load(rule) for _, message in judge(rule, case).findings]
    patterns = {part for part in narrower().values() if isinstance(part, str)}
    unheard = {part for part in patterns if not any(re.search(part, message) for message in said)}
    assert unheard <= UNHEARD


EMPTY = {"terraform": "", "cloudformation": "Resources: {}", "pulumi": "[]"}
BROKEN = [
    ("terraform", "main.tf", 'resource "x" {', "not Terraform"),
    ("terraform", "main.tf.json", '{"resource": [1]}', "not Terraform: resource is no object of JSON"),
    ("terraform", "main.tf.json", "[", "not Terraform"),
    ("cloudformation", "t.yaml", "a: [", "not YAML"),
    ("cloudformation", "t.yaml", "a: 1", "it has no Resources"),
    ("pulumi", "p.yaml", "a: 1", "neither a Pulumi program nor"),
    ("pulumi", "p.yaml", "[{name: a}]", "not of the form 'pulumi': KeyError: 'type'"),
    (
        "cloudformation",
        "t.yaml",
        "Resources: {a: {Type: 'AWS::SNS::Topic', Properties: {KmsMasterKeyId: {Ref: [x]}}}}",
        "not of the form",
    ),
]


@pytest.mark.parametrize(("form", "name", "text", "said"), BROKEN)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, form: str, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "expected.yaml").write_text("resources: {}\n")
    other = tmp_path / "other"
    other.mkdir()
    (other / name.removesuffix(".json")).write_text(EMPTY[form])
    (other / "expected.yaml").write_text("resources: {}\n")
    unread, judged = cases(tmp_path, form)
    assert isinstance(unread, Unread)
    assert re.search(rf"{name}: .*{said}", unread.why)
    assert "\n" not in unread.why
    assert isinstance(judged, Labelled)
    assert f"not judged: {unread.why}" in list(page(score([unread, judged])))
    assert json.loads(document(score([unread])))["unread"] == [{"name": ".", "why": unread.why}]


WRONG = [
    ("resources: {a: {may: [x]}}", "unknown key 'may'"),
    ("resources: [", "not labels: ParserError"),
    ("resource: {}", "not labels"),
]


def test_what_a_cluster_must_have_may_stand_on_the_configuration_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        """
Resources:
  Ref: {Type: "AWS::EMR::Cluster", Properties: {SecurityConfiguration: !Ref Weak, JobFlowRole: !Ref Other}}
  Name: {Type: "AWS::EMR::Cluster", Properties: {SecurityConfiguration: strong}}
  None: {Type: "AWS::EMR::Cluster"}
  Weak:
    Type: AWS::EMR::SecurityConfiguration
    Properties: {SecurityConfiguration: {EncryptionConfiguration: {EnableInTransitEncryption: false}}}
  Strong:
    Type: AWS::EMR::SecurityConfiguration
    Properties:
      Name: strong
      SecurityConfiguration:
        EncryptionConfiguration:
          EnableInTransitEncryption: true
          InTransitEncryptionConfiguration:
            TLSCertificateConfiguration: {CertificateProviderType: PEM, S3Object: "s3://certificates/emr.zip"}
"""
    )
    (tmp_path / "expected.yaml").write_text(
        "resources: {Ref: {must: [AwsSolutions-EMR5]}, None: {must: [AwsSolutions-EMR5]}, "
        "Name: {must_not: [AwsSolutions-EMR5]}}"
    )
    found = score(cases(tmp_path, "cloudformation"))
    assert not found.mistakes
    assert (found.total.tp, found.total.tn) == (2, 1)


def test_templates_of_two_programs_are_no_case(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("Resources: {T: {Type: 'AWS::SNS::Topic'}}")
    (tmp_path / "expected.yaml").write_text("resources: {T: {must: [sns-kms]}}")
    (unread,) = cases(tmp_path, "cloudformation")
    assert isinstance(unread, Unread)
    assert "declare 'T' twice" in unread.why


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_labels_that_are_none_are_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text('[{type: "aws:kms/key:Key", name: a}]')
    (tmp_path / "p.expected.yaml").write_text(text)
    (unread,) = cases(tmp_path, "pulumi")
    assert isinstance(unread, Unread)
    assert said in unread.why


def test_what_the_values_at_hand_leave_out_is_judged_where_a_label_names_it(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        """
variable "on" { default = false }
resource "aws_kms_key" "named" { count = var.on ? 1 : 0 }
resource "aws_kms_key" "other" { count = 0 }
"""
    )
    (tmp_path / "expected.yaml").write_text("resources: {aws_kms_key.named: {must: CKV_AWS_7}}")
    (case,) = cases(tmp_path, "terraform")
    assert isinstance(case, Labelled)
    assert [one.address for one in case.resources] == ["aws_kms_key.named"]
    assert score([case]).mistakes == []


def test_that_a_value_is_malformed_is_no_controls_finding() -> None:
    key = Declared("k", "aws:kms/key:Key", {"enableKeyRotation": "often"})
    found = score([labels.Labelled("c", (key,), (Label("k", "CKV_AWS_7", False),))])
    assert found.mistakes == []
    by_rule = score([labels.Labelled("c", (key,), (Label("k", "kms-rotation", False),))])
    assert MALFORMED in by_rule.mistakes[0].said


def test_a_label_on_what_the_files_do_not_have_is_missed_or_not_counted(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text('[{type: "aws:kms/key:Key", name: a}]')
    (tmp_path / "p.expected.yaml").write_text(
        "resources: {b: {must: [kms-rotation], must_not: [CKV_AWS_33]}}"
    )
    found = score(cases(tmp_path, "pulumi"))
    (mistake,) = found.mistakes
    assert (mistake.kind, mistake.said) == ("unseen", "no such resource; there are: a")
    assert (found.total.fn, found.total.tn) == (1, 0)
    assert "must not be found, and is not there, not counted: p: b" in list(page(found))


def test_a_folder_without_cases_or_a_format_that_is_none_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no labelled case"):
        list(cases(tmp_path, "terraform"))
    with pytest.raises(
        UserError, match="--format is 'bicep'; allowed are: terraform, cloudformation, pulumi"
    ):
        list(cases(tmp_path, "bicep"))


def test_the_verb_fails_on_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text('[{type: "aws:kms/key:Key", name: a}]')
    (tmp_path / "expected.yaml").write_text("resources: {a: {must_not: [kms-rotation]}}")
    done = emrctl("policy", "corpus", str(tmp_path), "--format", "pulumi")
    assert done.returncode == 1
    assert "wrong: .: a: kms-rotation: Key 'a': does not rotate" in done.stdout
    (tmp_path / "expected.yaml").write_text("resources: {b: {must_not: [kms-rotation]}}")
    assert emrctl("policy", "corpus", str(tmp_path), "--format", "pulumi").returncode == 0
    (tmp_path / "p.yaml").write_text("[")
    done = emrctl("policy", "corpus", str(tmp_path), "--format", "pulumi")
    assert done.returncode == 1
    assert f"not judged: {tmp_path / 'p.yaml'}: " in done.stdout
    assert emrctl("policy", "corpus", str(tmp_path), "--format", "hcl").returncode == 2
