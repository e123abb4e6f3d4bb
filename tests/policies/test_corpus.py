"""The judge for labelled files: what the adaptors make of other tools' programs, and how labels are counted."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facts.errors import UserError
from local.provider.types import RESOURCES
from policies.cases import judge, load
from policies.corpus import cloudformation, labels, pulumi, shapes, terraform, terraform_module
from policies.corpus.cloudformation_types import table
from policies.corpus.declared import Declared
from policies.corpus.labels import FORMATS, Label, Labelled, Unread, cases
from policies.corpus.score import narrower, score
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


def written(folder: Path, text: str, name: str = "main.tf") -> list[Path]:
    (folder / name).write_text(text)
    return [folder / name]


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

    ssh, both = opened("ssh", 22, 22), opened("both", 20, 4000)
    given = (
        Label("ssh", "CKV_AWS_24", True),
        Label("ssh", "CKV_AWS_25", False),
        Label("both", "CKV_AWS_25", True),
    )
    found = score([labels.Labelled("c", (ssh, both), given)])
    assert found.mistakes == []
    assert (found.total.tp, found.total.tn) == (2, 1)


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


EXPRESSIONS: list[tuple[str, Any]] = [
    ('"a${var.set}b"', "a7b"),
    ('"a${var.unset}b"', UNKNOWN),
    ("var.unset", UNKNOWN),
    ("local.deep.a[1]", "y"),
    ('var.set == 7 ? "yes" : "no"', "yes"),
    ('var.unset ? "yes" : "no"', UNKNOWN),
    ('var.unset ? "same" : "same"', "same"),
    ("!true", False),
    ("-1", -1),
    ("1 + 2 * 3", 7),
    ('var.set > 3 && "a" != "b"', True),
    ("null", None),
    ('[for x in local.deep.a : upper(x) if x != "x"]', ["Y"]),
    ("{ for i, x in local.deep.a : x => i }", {"x": 0, "y": 1}),
    ("[for x in var.unset : x]", UNKNOWN),
    ("[for x in local.deep.a : x if var.unset]", UNKNOWN),
    ("local.many[*].n", [1, 2]),
    ("aws_iam_role.r[*].name", UNKNOWN),
    ("aws_s3_bucket.b[*].bucket", ["data"]),
    ('aws_s3_bucket.each["one"].arn', "arn:aws:s3:::each"),
    ('merge({ a = 1 }, { "b" = 2 })', {"a": 1, "b": 2}),
    ("merge({ a = 1 }, var.unset)", UNKNOWN),
    ('join(",", ["a", "b"])', "a,b"),
    ('format("%s-%d", "a", 2)', "a-2"),
    ('concat(["a"], ["b"])', ["a", "b"]),
    ('lookup({ a = "x" }, "b", "z")', "z"),
    ("try(var.unset, 1)", 1),
    ("jsonencode({ a = [1, true] })", '{"a": [1, true]}'),
    ("jsonencode({ a = var.unset })", {"a": UNKNOWN}),
    ('"{\\"a\\": \\"${var.unset}\\"}"', {"a": UNKNOWN}),
    ('"$${literal}"', "${literal}"),
    ("<<EOT\na ${var.set}\nEOT\n", "a 7\n"),
    ("<<-EOT\n    a\n      b\n    EOT\n", "a\n  b\n"),
    ("aws_kms_key.k.arn", "arn:aws:kms:us-east-1:123456789012:key/k"),
    ("aws_s3_bucket.b.id", UNKNOWN),
    ('"${aws_s3_bucket.b.id}/x"', "data/x"),
    ("aws_s3_bucket.b.bucket", "data"),
    ("aws_s3_bucket.b.tags.owner", "me"),
    ("aws_iam_role.r[0].arn", "arn:aws:iam::123456789012:role/r"),
    ("data.aws_caller_identity.me.account_id", "123456789012"),
    ("data.aws_ami.x.id", UNKNOWN),
    ("module.m.out", UNKNOWN),
    ('file("${path.module}/text.txt")', "said"),
    ('file("../../../../etc/hostname")', UNKNOWN),
    ("local.circle", UNKNOWN),
    ("strange(1)", UNKNOWN),
]


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS)
def test_an_expression_of_terraform(tmp_path: Path, expression: str, value: Any) -> None:
    (tmp_path / "text.txt").write_text("said")
    files = written(
        tmp_path,
        f"""
variable "set" {{ default = 7 }}
variable "unset" {{}}
locals {{
  deep   = {{ a = ["x", "y"] }}
  circle = local.circle
  many   = [{{ n = 1 }}, {{ n = 2 }}]
}}
resource "aws_s3_bucket" "each" {{ for_each = toset(["one"]) }}
resource "aws_kms_key" "k" {{}}
resource "aws_iam_role" "r" {{ count = 2 }}
resource "aws_s3_bucket" "b" {{
  bucket = "data"
  tags   = {{ owner = "me" }}
}}
resource "aws_iam_policy" "x" {{
  policy = {expression}
}}
""",
    )
    found = terraform.read(files)[-1].props["policy"]
    assert found == value
    assert type(found) is type(value)


def test_terraform_blocks_go_under_the_names_of_the_wire(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        """
resource "aws_s3_bucket" "b" {
  lifecycle_rule {
    id      = "x"
    enabled = true
    transition { days = 3 }
  }
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
    }
  }
  tags = { snake_case = "kept" }
  lifecycle { prevent_destroy = true }
}
resource "aws_iam_role" "r" {
  inline_policy { name = "a" }
  inline_policy { name = "b" }
}
resource "aws_security_group" "g" {
  dynamic "ingress" {
    for_each = var.unknown
    content {}
  }
  dynamic "egress" {
    for_each = var.unknown ? [443] : []
    content { from_port = egress.value }
  }
}
""",
    )
    bucket, role, group = terraform.read(files)
    assert bucket.props == {
        "lifecycleRules": [{"id": "x", "enabled": True, "transitions": [{"days": 3}]}],
        "serverSideEncryptionConfiguration": {
            "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
        },
        "tags": {"snake_case": "kept"},
    }
    assert role.props["inlinePolicies"] == [{"name": "a"}, {"name": "b"}]
    assert group.props["ingress"] == UNKNOWN
    assert group.props["egress"] == [{"fromPort": 443}]


def test_modules_below_the_folder_have_their_resources_and_what_flows_through_them(tmp_path: Path) -> None:
    module = tmp_path / "modules" / "block"
    module.mkdir(parents=True)
    written(
        module,
        """
variable "bucket" {}
variable "strict" { default = true }
resource "aws_s3_bucket_public_access_block" "b" {
  bucket            = var.bucket
  block_public_acls = var.strict
}
output "id" { value = aws_s3_bucket_public_access_block.b.id }
module "again" { source = "../block" }
""",
    )
    files = written(
        tmp_path,
        """
variable "strict" { default = true }
resource "aws_s3_bucket" "b" {}
module "block" {
  source = "./modules/block"
  bucket = aws_s3_bucket.b.id
  strict = var.strict
}
module "none" {
  source = "./modules/block"
  count  = 0
}
module "far" { source = "terraform-aws-modules/s3-bucket/aws" }
resource "aws_s3_bucket_policy" "p" { bucket = module.block.id }
""",
    )
    (tmp_path / "terraform.tfvars").write_text("strict = false\n")
    by_address = {one.address: one for one in terraform.read(files)}
    assert set(by_address) == {
        "aws_s3_bucket.b",
        "aws_s3_bucket_policy.p",
        "module.block.aws_s3_bucket_public_access_block.b",
    }
    block = by_address["module.block.aws_s3_bucket_public_access_block.b"]
    assert block.props["blockPublicAcls"] is False
    assert block.flows["bucket"] == ["aws_s3_bucket.b"]
    assert by_address["aws_s3_bucket_policy.p"].flows["bucket"] == [block.address]


def test_instances_are_told_apart_where_the_block_says_which(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        """
locals { keys = { old = { turns = false }, new = { turns = true } } }
resource "aws_kms_key" "k" {
  for_each            = local.keys
  description         = each.key
  enable_key_rotation = each.value.turns
}
resource "aws_kms_key_policy" "p" {
  for_each = aws_kms_key.k
  key_id   = each.value.key_id
}
resource "aws_kms_alias" "a" { target_key_id = aws_kms_key.k["old"].key_id }
resource "aws_kms_alias" "all" { target_key_id = join(",", values(aws_kms_key.k)[*].key_id) }
resource "aws_sns_topic" "same" { count = 3 }
resource "aws_sns_topic" "numbered" {
  count = 2
  name  = "t-${count.index}"
}
""",
    )
    by_address = {one.address: one for one in terraform.read(files)}
    assert by_address['aws_kms_key.k["old"]'].props == {"description": "old", "enableKeyRotation": False}
    assert by_address["aws_kms_alias.a"].flows["targetKeyId"] == ['aws_kms_key.k["old"]']
    assert by_address['aws_kms_key_policy.p["new"]'].flows["keyId"] == ['aws_kms_key.k["new"]']
    assert len(by_address["aws_kms_alias.all"].flows["targetKeyId"]) == 2
    assert by_address["aws_sns_topic.numbered[1]"].props["name"] == "t-1"
    assert "aws_sns_topic.same" in by_address
    (tmp_path / "expected.yaml").write_text(
        """
resources:
  aws_kms_key.k["new"]: {must_not: [kms-rotation]}
  aws_kms_key.k: {must: [kms-rotation]}
  aws_sns_topic.same[2]: {must: [CKV_AWS_26]}
"""
    )
    assert score(cases(tmp_path, "terraform")).mistakes == []


def test_a_document_that_stands_alone_is_judged_where_a_label_names_it(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
data "aws_iam_policy_document" "wide" {
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
}
data "aws_iam_policy_document" "open" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::x/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}
data "aws_iam_policy" "admin" { name = "AdministratorAccess" }
resource "aws_iam_role_policy_attachment" "admin" { policy_arn = data.aws_iam_policy.admin.arn }
data "aws_iam_policy_document" "hidden" {
  source_policy_documents = [var.given]
}
""",
    )
    (tmp_path / "expected.yaml").write_text(
        """
resources:
  data.aws_iam_policy_document.wide: {must: [CKV_AWS_1]}
  aws_iam_policy_document.open: {must: [CKV_AWS_283], must_not: [CKV_AWS_1]}
  aws_iam_policy_document.trust: {must: [CKV_AWS_60, CKV_AWS_283]}
  aws_iam_role_policy_attachment.admin: {must: [CKV_AWS_274]}
  aws_iam_policy.admin: {must: [CKV_AWS_275]}
config: {}
"""
    )
    (case,) = cases(tmp_path, "terraform")
    assert isinstance(case, Labelled)
    assert "data.aws_iam_policy_document.hidden" not in {one.address for one in case.resources}
    assert score([case]).mistakes == []


def test_a_nested_setting_of_cloudformation_is_a_resource_that_belongs_to_its_owner() -> None:
    (case,) = (case for case in cases(CORPUS / "cloudformation", "cloudformation") if case.name == "buckets")
    assert isinstance(case, Labelled)
    by_name = {one.address: one for one in case.resources}
    assert "OnlyInTest" not in by_name
    block = by_name["Good/PublicAccessBlockConfiguration"]
    assert block.type == "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    assert (block.owner, block.flows["bucket"]) == ("Good", ["Good"])
    assert by_name["Good"].props == {"bucket": "acme-prod", "tags": {"owner": "data"}}
    assert by_name["Good/VersioningConfiguration"].props["versioningConfiguration"] == {"status": "Enabled"}
    assert by_name["Bad"].props["acl"] == "public-read"


def test_intrinsic_functions_say_what_the_template_alone_tells(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        """
Parameters: {Given: {Default: x}, Asked: {Type: String}}
Mappings: {M: {x: {k: found}}}
Conditions: {Known: {"Fn::Or": [{"Fn::Equals": [1, 2]}, {"Fn::Equals": [!Ref Given, x]}]}, Who: !Equals [!Ref Asked, x]}
Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  X:
    Type: AWS::SNS::Topic
    Properties:
      Tags:
        - {Key: a, Value: !Sub "${Given}-${AWS::Region}-${!kept}"}
        - {Key: b, Value: !Join ["-", [!Ref Given, !Ref Q]]}
        - {Key: c, Value: !If [Known, 1, 2]}
        - {Key: d, Value: !If [Who, 1, 2]}
        - {Key: e, Value: !FindInMap [M, !Ref Given, k]}
        - {Key: f, Value: !GetAtt Q.Arn}
        - {Key: g, Value: !ImportValue z}
      DisplayName: !Ref AWS::NoValue
      KmsMasterKeyId: !Sub ["${A}", {A: !Ref Asked}]
""",
        "t.yaml",
    )
    topic = cloudformation.read(files)[1]
    assert topic.props["tags"] == {
        "a": "x-us-east-1-${kept}", "b": "x-q", "c": 1, "d": UNKNOWN, "e": "found",
        "f": "arn:aws:sqs:us-east-1:123456789012:q", "g": UNKNOWN,
    }  # fmt: skip
    assert "displayName" not in topic.props
    assert topic.props["kmsMasterKeyId"] == UNKNOWN
    assert topic.flows["tags"] == ["Q", "Q"]


EMPTY = {"terraform": "", "cloudformation": "Resources: {}", "pulumi": "[]"}
BROKEN = [
    ("terraform", "main.tf", 'resource "x" {', "not Terraform"),
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
    (other / name).write_text(EMPTY[form])
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


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_labels_that_are_none_are_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text('[{type: "aws:kms/key:Key", name: a}]')
    (tmp_path / "p.expected.yaml").write_text(text)
    (unread,) = cases(tmp_path, "pulumi")
    assert isinstance(unread, Unread)
    assert said in unread.why


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


def test_every_type_that_the_pack_names_has_its_shape_and_every_adaptor_knows_where_it_leads() -> None:
    known = shapes.shapes()
    assert shapes.named() <= set(known), "run python -m policies.corpus.shapes"
    for name, row in table().items():
        assert row["type"] in known, name
        for setting in row.get("beside", {}).values():
            assert setting["type"] in known, name
            assert setting["link"] in known[setting["type"]], (name, setting)
    assert shapes.by_terraform_name()["aws_s3_bucket"] == "aws:s3/bucket:Bucket"


# Arguments of the old provider that the present one has no more.
PAST = {"vpc", "log_group_name", "instance_id", "enable_classiclink", "enable_classiclink_dns_support"}
# What a resource has and no program gives, though the old provider took it.
OUTPUTS = {"id", "tags_all", "arn", "hosted_zone_id", "website_domain", "website_endpoint"}


def test_every_argument_of_the_real_provider_leads_to_a_property() -> None:
    facts = json.loads((ROOT / "local/provider/data/facts.json").read_text())
    asked = 0
    for kind, arguments in facts.items():
        token = shapes.by_terraform_name().get(kind)
        if token is None:
            continue
        shape, names = shapes.shapes()[token], terraform_module.RENAMED.get(kind, {})
        for name, fact in arguments.items():
            given = "block" in fact or fact.get("optional") or fact.get("required")
            if given and "." not in name and name not in PAST | OUTPUTS:
                asked += 1
                assert shapes.property_of(shape, names.get(name, name)) in shape, (kind, name)
    assert asked > 300


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_shapes_are_those_of_the_installed_provider() -> None:
    tokens = sorted(set(RESOURCES) & set(shapes.shapes()))
    asked = shapes.ask(tokens)
    assert asked == {token: shapes.shapes()[token] for token in tokens}


def test_a_program_of_pulumi_has_its_links_and_its_providers_tags() -> None:
    (case,) = (case for case in cases(CORPUS / "pulumi", "pulumi") if case.name == "program")
    assert isinstance(case, Labelled)
    by_name = {one.address: one for one in case.resources}
    assert json.loads((by_name["key"].provider or {})["defaultTags"]) == {"tags": {"owner": "data"}}
    assert by_name["asleep"].provider is None
    assert by_name["sealed"].flows["bucket"] == ["landing"]
    assert isinstance(by_name["policy"].props["policy"], dict), "what is not known keeps its place"


def test_functions_of_the_provider_are_known_to_a_program(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        """
variables:
  me: {"fn::invoke": {function: "aws:getCallerIdentity", return: accountId}}
  document:
    fn::invoke:
      function: aws:iam:getPolicyDocument
      arguments:
        statements: [{actions: ["*"], notResources: ["a"], conditions: [{test: Bool, variable: v, values: ["true"]}]}]
resources:
  wide: {type: "aws:iam:Policy", properties: {policy: "${document.json}", description: "${me}"}}
  other:
    type: aws:iam:Policy
    properties:
      policy: {"fn::aws:iam:getPolicyDocument": {statements: []}}
      path: {"fn::invoke": {function: "aws:ec2:getAmi", return: id}}
""",
        "Pulumi.yaml",
    )
    wide, other = pulumi.read(files)
    assert wide.props["description"] == "123456789012"
    assert json.loads(wide.props["policy"])["Statement"] == [
        {"Effect": "Allow", "Action": ["*"], "NotResource": ["a"], "Condition": {"Bool": {"v": ["true"]}}}
    ]
    assert other.props["path"] == UNKNOWN


def test_a_previews_document_is_read(tmp_path: Path) -> None:
    urn = "urn:pulumi:dev::x::aws:kms/key:Key::data"
    state = {"urn": urn, "type": "aws:kms/key:Key", "inputs": {"enableKeyRotation": True}}
    files = written(
        tmp_path, json.dumps({"steps": [{"op": "create", "newState": state}, {"op": "delete"}]}), "p.json"
    )
    (found,) = pulumi.read(files)
    assert (found.address, found.names, found.props) == ("data", (urn,), {"enableKeyRotation": True})
