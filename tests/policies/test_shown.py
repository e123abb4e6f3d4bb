"""Rules explained and tested as `emrctl policy` shows them."""

from __future__ import annotations

import pytest

from facts.errors import UserError
from policies import shown
from policies.cases import Case, Given
from policies.rules import ALL
from tests.emrctl.test_main import emrctl


def test_every_rule_explains_itself_with_examples() -> None:
    for rule in ALL:
        document = shown.explained(rule.id)
        assert document["examples"]["bad"]["says"], rule.id
        text = "\n".join(shown.page(document))
        assert "04da6b54" not in text, "the SDK's mark of an unknown value says nothing to a reader"
        for part in (rule.title, rule.protects, rule.remedy, "What it finds", "What passes"):
            assert part in text


def test_a_rule_is_found_by_a_public_id_that_it_alone_encodes() -> None:
    assert shown.find("CKV_AWS_7")[1].id == "kms-rotation"
    with pytest.raises(UserError, match=r"AwsSolutions-S10 is encoded by several rules: .*; name one"):
        shown.find("AwsSolutions-S10")
    with pytest.raises(UserError, match="did you mean 'kms-rotation'"):
        shown.find("kms-rotatoin")
    with pytest.raises(UserError, match="--family is 'kmz'; allowed are: tags, iam"):
        shown.listed("kmz")


def test_a_fixture_that_is_judged_wrong_says_what_it_should_have_been(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rotates = Given(type="aws:kms/key:Key", name="k", props={"enableKeyRotation": True})
    lax = Given(type="aws:kms/key:Key", name="k", props={"enableKeyRotation": False})
    cases = [
        Case("bad", "missed", (rotates,), ("x",)),
        Case("good", "mistaken", (lax,)),
        Case("unknown", "not left open", (rotates,), ("x",)),
        Case("bad", "said otherwise", (lax,), ("sleeps",)),
        Case("bad", "right", (lax,), ("does not rotate",)),
    ]
    monkeypatch.setattr(shown, "load", lambda _rule: cases)
    wrong = [outcome.wrong for outcome in shown.judged(shown.find("kms-rotation")[1])]
    assert [text.split(",")[0] for text in wrong] == [
        "must be found", "must pass", "must be left open", "must say 'sleeps'", "",
    ]  # fmt: skip


def test_the_verbs_and_their_exit_codes() -> None:
    assert "kms-rotation  bad: not set" in emrctl("policy", "test", "kms-rotation").stdout
    assert emrctl("policy", "list", "--family", "kms", "--json").stdout.startswith("[")
    assert emrctl("policy", "explain", "kms-rotation").returncode == 0
    assert emrctl("policy", "explain", "nothing").returncode == 2
    absent = emrctl("policy", "report", "--events", "absent.jsonl")
    assert (absent.returncode, absent.stderr) == (
        2,
        "emrctl: --events is 'absent.jsonl': No such file or directory\n",
    )
