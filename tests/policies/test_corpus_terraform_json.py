"""Terraform's JSON syntax says what the language says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.corpus import terraform
from policies.corpus.declared import Declared
from policies.corpus.labels import Labelled, cases
from policies.corpus.values import UNKNOWN

LANGUAGE = """
provider "aws" {
  default_tags { tags = { team = "data" } }
}
variable "ports" { default = [22, 443] }
variable "unset" {}
locals { keys = { a = true, b = false } }
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.b.arn}/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = ["o-1"]
    }
  }
}
resource "aws_s3_bucket" "b" {
  bucket = "lake-${var.unset}"
  tags   = { "a.b" = "$${kept}", said = "\\"yes\\"\\n" }
}
resource "aws_security_group" "g" {
  dynamic "ingress" {
    for_each = var.ports
    iterator = port
    content {
      from_port   = port.value
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
  lifecycle { create_before_destroy = true }
}
resource "aws_iam_policy" "p" {
  policy = data.aws_iam_policy_document.d.json
}
resource "aws_kms_key" "k" {
  for_each            = local.keys
  description         = each.key
  enable_key_rotation = each.value
  policy              = jsonencode({ Statement = [{ Effect = "Deny", Action = "kms:*" }] })
}
"""
JSON: dict[str, Any] = {
    "//": "a remark",
    "terraform": {"required_version": ">= 1.5"},
    "provider": {"aws": [{"default_tags": {"tags": {"team": "data"}}}]},
    "variable": {"ports": {"default": [22, 443]}, "unset": {}},
    "locals": {"keys": {"a": True, "b": False}},
    "data": {
        "aws_iam_policy_document": {
            "d": {
                "statement": [
                    {
                        "actions": ["s3:GetObject"],
                        "resources": ["${aws_s3_bucket.b.arn}/*"],
                        "condition": {
                            "test": "StringEquals",
                            "variable": "aws:PrincipalOrgID",
                            "values": ["o-1"],
                        },
                    }
                ]
            }
        }
    },
    "resource": [
        {
            "aws_s3_bucket": {
                "//": "a remark",
                "b": {
                    "//": "a remark",
                    "bucket": "lake-${var.unset}",
                    "tags": {"a.b": "$${kept}", "said": '"yes"\n'},
                },
            },
            "aws_security_group": {
                "g": {
                    "dynamic": {
                        "ingress": {
                            "for_each": "${var.ports}",
                            "iterator": "port",
                            "content": {"from_port": "${port.value}", "cidr_blocks": ["0.0.0.0/0"]},
                        }
                    },
                    "lifecycle": {"create_before_destroy": True},
                }
            },
        },
        {
            "aws_iam_policy": {"p": {"policy": "${data.aws_iam_policy_document.d.json}"}},
            "aws_kms_key": {
                "k": [
                    {
                        "for_each": "${local.keys}",
                        "description": "${each.key}",
                        "enable_key_rotation": "${each.value}",
                        "policy": '${jsonencode({ Statement = [{ Effect = "Deny", Action = "kms:*" }] })}',
                    }
                ]
            },
        },
    ],
}


def _read(folder: Path, name: str, text: str) -> list[Declared]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return terraform.read([folder / name])


def test_a_program_in_json_has_the_resources_of_the_same_in_the_language(tmp_path: Path) -> None:
    said = _read(tmp_path / "a", "main.tf", LANGUAGE)
    assert _read(tmp_path / "b", "main.tf.json", json.dumps(JSON)) == said
    assert [one.address for one in said] == [
        "aws_s3_bucket.b",
        "aws_security_group.g",
        "aws_iam_policy.p",
        'aws_kms_key.k["a"]',
        'aws_kms_key.k["b"]',
        "data.aws_iam_policy_document.d",
    ]
    assert said[0].props == {"bucket": UNKNOWN, "tags": {"a.b": "${kept}", "said": '"yes"\n'}}
    assert [rule["fromPort"] for rule in said[1].props["ingress"]] == [22, 443]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.text('${}%"\\n') | st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(value=VALUES)
@example(value="${var.x}, $${x} and %{ if }")
@example(value={"${x}": ['a "quoted" \\ text\n']})
def test_any_value_of_a_variable_is_what_its_file_says(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    folder = tmp_path_factory.mktemp("values")
    program = {
        "variable": {"x": {}},
        "resource": {"aws_iam_policy": {"p": {"policy": "${jsonencode([var.x])}"}}},
    }
    (folder / "terraform.tfvars.json").write_text(json.dumps({"x": value}))
    (found,) = _read(folder, "main.tf.json", json.dumps(program))
    assert json.loads(found.props["policy"]) == [value]


def test_the_later_file_of_values_wins_and_both_syntaxes_go_together(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfvars").write_text('a = "1"\nb = "1"\nc = "1"\n')
    (tmp_path / "terraform.tfvars.json").write_text('{"b": "2", "c": "2"}')
    (tmp_path / "more.auto.tfvars.json").write_text('{"//": "a remark", "c": "3"}')
    (tmp_path / "variables.tf").write_text('variable "a" {}\nvariable "b" {}\nvariable "c" {}\n')
    (tmp_path / "main.tf.json").write_text(
        '{"resource": {"aws_sns_topic": {"t": {"name": "${var.a}${var.b}${var.c}"}}}}'
    )
    (tmp_path / "expected.yaml").write_text("resources: {aws_sns_topic.t: {must: [sns-kms]}}")
    (case,) = cases(tmp_path, "terraform")
    assert isinstance(case, Labelled)
    assert case.resources[0].props["name"] == "123"


def test_a_module_in_json_is_followed(tmp_path: Path) -> None:
    _read(tmp_path / "topic", "main.tf.json", '{"resource": {"aws_sns_topic": {"t": {"name": "x"}}}}')
    (found,) = _read(tmp_path, "main.tf.json", '{"module": {"events": {"source": "./topic"}}}')
    assert found.address == "module.events.aws_sns_topic.t"
