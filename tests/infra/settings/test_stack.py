"""What a stack file may say, and what the program takes from it."""

from __future__ import annotations

import copy

import pytest

from facts.errors import UserError
from infra.settings.loader import declared, from_config, parse
from infra.settings.stack import Settings
from infra.settings.tags import PLATFORM_TAGS
from infra.tags import default_tags
from jobs.spec import load_catalog
from tests.infra.recording import stack_config, wire_config
from tests.infra.settings.trees import KEY, VPC, Tree, main, zone


@pytest.mark.parametrize("stack", ["dev", "prod", "research"])
def test_the_committed_stacks_are_valid_and_their_jobs_have_a_cluster(stack: str) -> None:
    found = declared(from_config(wire_config(stack_config(stack))), stack, load_catalog())
    assert found.settings.environment == stack
    assert not found.settings.data_may_be_deleted


def test_prod_is_private_with_endpoints_over_three_zones() -> None:
    network = parse(from_config(wire_config(stack_config("prod")))).network
    assert (network.nat, len(network.zones or ())) == ("none", 3)
    assert {"kms", "sts", "logs", "monitoring"} <= set(network.interface_endpoints)


def test_plain_values_are_enough_without_an_engine(tree: Tree) -> None:
    settings = parse(tree)
    assert settings.clusters["main"].task is not None
    assert settings.clusters["main"].task.spot_units == 1


def test_a_vpc_that_is_adopted_needs_nothing_else_said(tree: Tree) -> None:
    tree["network"] = {"adopt": VPC}
    adopted = parse(tree).network.adopt
    assert adopted is not None
    assert adopted.private_subnet_ids == ("subnet-0123456789abcdef0",)


def test_adopted_buckets_keep_their_names(tree: Tree) -> None:
    zone(tree, "landing", {"adopt": "acme-landing"})
    tree["encryption"] = {"adopt": {"landing": KEY}}
    names = declared(tree, "dev", ()).names
    assert names.bucket_arn("landing") == "arn:aws:s3:::acme-landing"
    assert names.bucket("curated") == "emr-dev-curated-111111111111-us-east-1"


@pytest.mark.parametrize(
    ("environment", "production"), [("prod", True), ("prod-eu", True), ("production", True), ("dev", False)]
)
def test_production_is_told_by_its_name(tree: Tree, environment: str, production: bool) -> None:
    assert parse({**tree, "environment": environment}).production == production


@pytest.mark.parametrize(("release", "needed"), [("emr-spark-8.0.0", True), ("emr-7.13.0", False)])
def test_emr_has_an_endpoint_from_release_8_on(tree: Tree, release: str, needed: bool) -> None:
    main(tree)["release"] = release
    assert parse(tree).needs_emr_endpoint == needed


def test_without_a_ceiling_a_price_may_be_missing(tree: Tree) -> None:
    tree["aws"]["region"] = "sa-east-1"
    tree["network"]["zones"] = ["sa-east-1a", "sa-east-1b"]
    del tree["cost"]
    assert parse(tree).cost.monthly_ceiling_usd is None


def test_the_tree_is_not_changed_by_reading_it(tree: Tree) -> None:
    before = copy.deepcopy(tree)
    parse(tree)
    assert tree == before


@pytest.mark.parametrize(("first", "second"), [(False, False), (True, False), (False, True)])
def test_data_may_be_deleted_only_with_both_keys(tree: Tree, first: bool, second: bool) -> None:
    tree["protection"] = {"allow_data_deletion": first}
    tree["storage"]["deletable"] = second
    assert not parse(tree).data_may_be_deleted


def test_both_keys_open(tree: Tree) -> None:
    tree["protection"] = {"allow_data_deletion": True}
    tree["storage"]["deletable"] = True
    assert parse(tree).data_may_be_deleted


def test_a_stack_name_too_long_for_roles_and_buckets_is_refused(tree: Tree) -> None:
    with pytest.raises(UserError, match=r"has 16 characters; at most 15"):
        declared(tree, "d" * 16, ())


def test_the_platforms_tags_are_those_that_a_user_may_not_set(tree: Tree) -> None:
    settings: Settings = parse({**tree, "tags": {"project": "flights"}})
    tags = default_tags(settings, "dev")
    assert set(tags) == {*PLATFORM_TAGS, "project"}
    assert tags["cost-center"] == "analytics"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"adopt": "Not An Id"}, r"virtual_clusters\.team\.adopt"),
        ({}, r"virtual_clusters\.team\.adopt"),
        ({"adopt": "4b8", "release": "emr-1.0.0"}, r"virtual_clusters\.team\.release"),
        (
            {"adopt": "4b8", "service_accounts": {"namespace": "a"}},
            r"virtual_clusters\.team\.service_accounts\.oidc_provider",
        ),
        (
            {
                "adopt": "4b8",
                "service_accounts": {"namespace": "a", "oidc_provider": "https://oidc.eks/id/1"},
            },
            r"virtual_clusters\.team\.service_accounts\.oidc_provider",
        ),
    ],
)
def test_a_virtual_cluster_needs_its_id_and_a_release_there_is(tree: Tree, said: Tree, told: str) -> None:
    tree["virtual_clusters"] = {"team": said}
    with pytest.raises(UserError, match=told):
        parse(tree)
