"""Jobs against the stack that they run on: places, secrets and packages that it must have."""

from __future__ import annotations

import pytest

from facts.errors import UserError
from infra.settings import virtual_cluster
from infra.settings.loader import declared, parse
from jobs.spec import Ec2Target, EksTarget, Fallback, ServerlessTarget, Target, load_catalog
from tests.infra.settings.trees import Tree

SECRET = "arn:aws:secretsmanager:us-east-1:111111111111:secret:emr-dev/db-AbCdEf"


def test_a_job_on_a_cluster_that_is_not_declared_is_refused(tree: Tree) -> None:
    tree["clusters"]["other"] = tree["clusters"].pop("main")
    with pytest.raises(UserError, match=r"'nightly-etl' runs on cluster 'main'.*declares: other"):
        declared(tree, "dev", load_catalog())


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Ec2Target(kind="ec2", template="main"), r"on launch template 'main'.*emr:clusters.*declares: none"),
        (ServerlessTarget(kind="serverless", application="x"), r"on application 'x'.*emr:applications"),
        (
            EksTarget(kind="eks", virtual_cluster="x"),
            r"on virtual cluster 'x'.*emr:virtual_clusters.*declares: none",
        ),
    ],
)
def test_a_job_on_another_place_that_is_not_declared_is_refused(
    tree: Tree, target: Target, told: str
) -> None:
    job = load_catalog()[0].model_copy(update={"runtime": target})
    with pytest.raises(UserError, match=told):
        declared(tree, "dev", (job,))


def test_a_place_to_fall_back_on_must_be_declared_as_well(tree: Tree) -> None:
    target = ServerlessTarget(kind="serverless", application="adhoc")
    job = load_catalog()[0].model_copy(update={"fallback": Fallback(runtime=target)})
    with pytest.raises(UserError, match=r"falls back on application 'adhoc'.*declares: none; declare it, or"):
        declared(tree, "dev", (job,))


def test_the_mistakes_of_all_jobs_are_told_at_once(tree: Tree) -> None:
    (one,) = load_catalog()
    elsewhere = Ec2Target(kind="ec2", cluster="elsewhere")
    jobs = tuple(
        one.model_copy(update={"name": name, "runtime": elsewhere}) for name in ("first", "certificates")
    )
    with pytest.raises(UserError) as refused:
        declared(tree, "dev", jobs)
    heading, *lines = str(refused.value).splitlines()
    assert heading == "the stack's jobs have 3 mistakes:"
    assert [line.split("'")[1] for line in lines] == ["first", "certificates", "certificates"]


@pytest.mark.parametrize(
    ("job", "where"), [("certificates", None), ("bootstrap", None), ("tls", "tls/nodes/emr.zip")]
)
def test_a_job_whose_package_would_lie_beside_keys_or_scripts_of_nodes_is_refused(
    tree: Tree, job: str, where: str | None
) -> None:
    if where:
        tree["encryption"] = {"certificates_object": where}
    (spec,) = (one for one in load_catalog() if one.name == "nightly-etl")
    with pytest.raises(UserError, match=f"job '{job}' would have its package in the folder '{job}/'"):
        declared(tree, "dev", (spec.model_copy(update={"name": job}),))


def test_jobs_are_declared_as_the_stacks_environment_has_them(tree: Tree) -> None:
    here = {"runtime": {"kind": "ec2", "cluster": "main"}, "schedule": None, "secrets": {"db": SECRET}}
    elsewhere = Ec2Target(kind="ec2", cluster="elsewhere")
    job = load_catalog()[0].model_copy(update={"runtime": elsewhere, "environments": {"dev": here}})
    (found,) = declared(tree, "dev", (job,)).jobs
    assert (found.runtime.place, found.schedule, dict(found.secrets)) == ("main", None, {"db": SECRET})
    with pytest.raises(UserError, match="on cluster 'elsewhere'"):
        declared(tree, "dev", (job.model_copy(update={"environments": {"prod": here}}),))


@pytest.mark.parametrize(
    "wrong", [SECRET.replace("111111111111", "222222222222"), SECRET.replace("emr-dev/", "emr-prod/")]
)
def test_a_secret_that_no_role_of_the_stack_may_read_is_refused(tree: Tree, wrong: str) -> None:
    job = load_catalog()[0].model_copy(update={"secrets": {"db": wrong}})
    with pytest.raises(
        UserError, match=rf"secrets.db is {wrong}; the roles of stack 'dev' read those that begin"
    ):
        declared(tree, "dev", (job,))


def test_a_virtual_cluster_is_named_for_jobs_and_nothing_of_it_is_made(tree: Tree) -> None:
    tree["virtual_clusters"] = {"team": {"adopt": "4b8sm1x2yqk0"}}
    found = parse(tree)
    job = load_catalog()[0].model_copy(update={"runtime": EksTarget(kind="eks", virtual_cluster="team")})
    names = declared(tree, "dev", (job,)).names
    assert virtual_cluster.outputs(found.virtual_clusters["team"], names) == {
        "id": "4b8sm1x2yqk0",
        "release_label": "emr-spark-8.0.0",
        "log_uri": f"s3://{names.bucket('logs')}/containers/",
    }


@pytest.mark.parametrize("name", ["Dev", "a_b", "a.b", "-a", "a-"])
def test_a_stack_whose_name_no_bucket_could_have_is_refused(tree: Tree, name: str) -> None:
    with pytest.raises(UserError, match=f"the stack's name '{name}' must have small letters"):
        declared(tree, name, ())


def test_documents_that_iam_does_not_take_are_told_with_what_makes_them_long(tree: Tree) -> None:
    tree["identity"] = {
        key: [f"arn:aws:iam::111111111111:role/people/of-team-{number:03}" for number in range(40)]
        for key in ("trusted_arns", "break_glass_arns")
    }
    (spec,) = load_catalog()
    jobs = tuple(spec.model_copy(update={"name": f"job-{number:03}"}) for number in range(90))
    with pytest.raises(UserError) as refusal:
        declared(tree, "dev", jobs)
    heading, *lines = str(refusal.value).splitlines()
    assert heading == "the stack's IAM documents have 3 mistakes:"
    assert lines[0].startswith(
        "  emr:identity.trusted_arns: name 40 principals, with which a role's trust would have 2,"
    )
    assert lines[1].startswith("  emr:identity.break_glass_arns: name 40 principals")
    assert "the policy of the role 'submitter' would have" in lines[2]
    assert "it names each of the stack's 90 jobs" in lines[2]


def test_a_job_with_more_places_than_its_policy_takes_is_refused(tree: Tree) -> None:
    (spec,) = load_catalog()
    one = spec.inputs[0]
    many = tuple(
        one.model_copy(update={"name": f"d{number}", "prefix": f"{'x' * 200}{number}/"})
        for number in range(30)
    )
    with pytest.raises(
        UserError, match=r"job 'nightly-etl': the policy of its role would have [\d,]+ characters"
    ):
        declared(tree, "dev", (spec.model_copy(update={"inputs": (*spec.inputs, *many)}),))
