"""What the adaptors make of other tools' programs: Terraform, CloudFormation, Pulumi."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.provider.types import RESOURCES
from policies.corpus import cloudformation, pulumi, shapes, terraform, terraform_module
from policies.corpus.cloudformation_types import table
from policies.corpus.labels import Labelled, cases
from policies.corpus.score import score
from policies.corpus.values import UNKNOWN

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"


def written(folder: Path, text: str, name: str = "main.tf") -> list[Path]:
    (folder / name).write_text(text)
    return [folder / name]


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
    ("alltrue([true, false])", False),
    ('anytrue([false, "true"])', True),
    ("can(local.deep.a)", True),
    ("can(var.unset)", UNKNOWN),
    ('coalescelist([], ["a"])', ["a"]),
    ('startswith("ab", "a") && endswith("ab", "b")', True),
    ("max(1, 3, 2) - min(1, 3, 2)", 2),
    ('setunion(["b", "a"], ["a", "c"])', ["b", "a", "c"]),
    ('sort(reverse(slice(["a", "c", "b", "x"], 0, 3)))', ["a", "b", "c"]),
    ('title(substr("hello world", 0, -1))', "Hello World"),
    ('trimsuffix(trimprefix("a-b-c", "a-"), "-c")', "b"),
    ('nonsensitive(sensitive("x"))', "x"),
    ("jsonencode({ a = [1, true] })", '{"a": [1, true]}'),
    ("jsonencode({ a = var.unset })", {"a": UNKNOWN}),
    ('"{\\"a\\": \\"${var.unset}\\"}"', {"a": UNKNOWN}),
    ('"$${literal}"', "${literal}"),
    ("<<EOT\na ${var.set}\nEOT\n", "a 7\n"),
    ("<<EOT\na ${SHELL:-x}\nEOT\n", UNKNOWN),
    ("<<-EOT\n    a\n      b\n    EOT\n", "a\n  b\n"),
    ("data.aws_kms_key.theirs.arn", "arn:aws:kms:us-east-1:123456789012:alias/aws/s3"),
    ("data.aws_kms_key.by_arn.arn", "arn:aws:kms:us-east-1:1:key/2"),
    ("data.aws_kms_key.some.arn", UNKNOWN),
    ("data.aws_kms_alias.ours.target_key_arn", "arn:aws:kms:us-east-1:123456789012:alias/lake"),
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
    (
        'templatefile("${path.module}/policy.tpl", { arn = aws_s3_bucket.b.arn })',
        '{"Resource": "arn:aws:s3:::data"}\n',
    ),
    ('templatefile("none.tpl", { a = 1 })', UNKNOWN),
    ('zipmap(["a"], one([[1]]))', {"a": 1}),
    ("local.circle", UNKNOWN),
    ("strange(1)", UNKNOWN),
]


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS)
def test_an_expression_of_terraform(tmp_path: Path, expression: str, value: Any) -> None:
    (tmp_path / "text.txt").write_text("said")
    (tmp_path / "policy.tpl").write_text('{"Resource": "${arn}"}\n')
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
data "aws_kms_key" "theirs" {{ key_id = "alias/aws/s3" }}
data "aws_kms_key" "by_arn" {{ key_id = "arn:aws:kms:us-east-1:1:key/2" }}
data "aws_kms_key" "some" {{ key_id = var.unset }}
data "aws_kms_alias" "ours" {{ name = "alias/lake" }}
resource "aws_iam_role" "r" {{ count = 2 }}
resource "aws_s3_bucket" "b" {{
  bucket = "data"
  tags   = {{ owner = "me" }}
}}
resource "aws_of_no_known_shape" "x" {{
  policy = {expression}
}}
""",
    )
    found = terraform.read(files)[-1].props["policy"]
    assert found == value
    assert type(found) is type(value)


def test_a_number_or_a_flag_is_a_text_where_one_is_due(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        """
resource "aws_security_group" "g" {
  ingress {
    protocol  = -1
    from_port = "0"
  }
}
resource "aws_lambda_permission" "p" { principal = 123456789012 }
resource "aws_kms_key" "k" { enable_key_rotation = true }
""",
    )
    group, permission, key = terraform.read(files)
    assert group.props["ingress"] == [{"protocol": "-1", "fromPort": "0"}]
    assert permission.props["principal"] == "123456789012"
    assert key.props["enableKeyRotation"] is True
    (template,) = cloudformation.read(
        written(
            tmp_path,
            "Resources: {E: {Type: 'AWS::EC2::NetworkAclEntry', Properties: {Protocol: 6, Egress: 'True'}}}",
            "t.yaml",
        )
    )
    assert template.props == {"protocol": "6", "egress": "true"}


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
module "far" {
  source = "terraform-aws-modules/s3-bucket/aws"
  logs   = aws_s3_bucket.b.id
}
resource "aws_s3_bucket_policy" "p" { bucket = module.block.id }
""",
    )
    (tmp_path / "terraform.tfvars").write_text("strict = false\n")
    by_address = {one.address: one for one in terraform.read(files)}
    assert set(by_address) == {
        "aws_s3_bucket.b",
        "aws_s3_bucket_policy.p",
        "module.block.aws_s3_bucket_public_access_block.b",
        "module.block.module.again",
        "module.far",
    }
    assert by_address["module.far"].flows["logs"] == ["aws_s3_bucket.b"]
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


def test_a_member_of_a_list_that_may_be_left_out_is_taken_as_there(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        """
Parameters: {Open: {Type: String}, Key: {Type: String}}
Conditions: {Maybe: !Equals [!Ref Open, "yes"], Never: false}
Resources:
  G:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupIngress:
        - !If [Maybe, {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}, !Ref AWS::NoValue]
        - !If [Never, {IpProtocol: tcp, FromPort: 23, ToPort: 23, CidrIp: 0.0.0.0/0}, !Ref AWS::NoValue]
        - !If [Maybe, {IpProtocol: tcp, FromPort: 1}, {IpProtocol: tcp, FromPort: 2}]
  T:
    Type: AWS::SNS::Topic
    Properties: {KmsMasterKeyId: !If [Maybe, !Ref Key, !Ref AWS::NoValue]}
""",
        "t.yaml",
    )
    group, topic = cloudformation.read(files)
    known, either = group.props["ingress"]
    assert (known["fromPort"], either) == (22, UNKNOWN)
    assert topic.props["kmsMasterKeyId"] == UNKNOWN


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
