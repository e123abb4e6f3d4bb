"""Access by enforcement: what the program registers lets each role do what the matrix says, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.naming import ZONES, Names
from local.cloud.iam.language import parse
from tests.infra.recording import Recorder
from tests.infra.security import access_page
from tests.infra.security.judged import Access
from tests.infra.security.matrix import TRAITS, Row, rows

Run = tuple[Recorder, dict[str, Any]]


@pytest.fixture(scope="module", params=["dev", "prod", "research"])
def access(request: pytest.FixtureRequest) -> Access:
    made, platform = request.getfixturevalue(request.param)
    names = Names(stack=request.param, region=platform["region"], account_id=platform["account_id"])
    return Access(made, names)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.what)
def test_who_may_is_who_should(access: Access, row: Row) -> None:
    mighty = {"someone", "someone with a second factor"}  # of the account itself: only `roles` says of them
    allowed = row.allowed_in(access) - (mighty if row.section != "roles" else set())
    expected = row.expected_in(traits(access))
    assert expected <= access.parties.keys()
    assert allowed == expected


def traits(access: Access) -> set[str]:
    """What the committed stacks have: see `matrix.TRAITS`."""
    found = {
        "dev": {"not prod"},
        "prod": {"applications"},
        "research": {"not prod", "ephemeral"},
    }[access.names.stack]
    assert found <= set(TRAITS)
    return found


def test_every_role_and_every_zone_is_in_the_matrix(access: Access) -> None:
    taken = {row.data for row in rows() if row.section == "roles"}
    assert taken == set(access.roles)
    asked = {row.data[0].partition("/")[0] for row in rows() if row.section == "objects"}
    assert asked == set(ZONES)


def test_no_role_is_granted_what_no_row_tells_of(access: Access) -> None:
    """Each statement of each role is the reason why the role may do something that stands in the matrix."""
    untold = []
    for role in access.roles:
        party = access.parties[role]
        told = [asked for row in rows() for asked in row.asked(access, party) if access.allowed(party, asked)]
        for statement in json.loads(access.policy(role))["Statement"]:
            alone = parse(json.dumps({"Version": "2012-10-17", "Statement": statement}))
            if not any(access.grants(alone, party, asked) for asked in told):
                untold.append(f"{role}: {statement['Sid']}")
    assert untold == []


def test_the_page_is_what_the_matrix_says() -> None:
    assert access_page.PAGE.read_text(encoding="utf-8") == access_page.text(), (
        "run python -m tests.infra.security.access_page"
    )
