"""spark-submit's words, the configuration this machine adds, and what no process may see."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jobs.spec.sizes import SIZES, Size
from local.spark import classifications, credentials, daemons, sizing, submit
from local.spark.credentials import Node, RoleError
from local.spark.java import Java
from local.spark.toolchain import Toolchain
from local.submission import read as read_words

ENDS = datetime(2030, 1, 1, tzinfo=UTC)
STEP = ["--deploy-mode", "cluster", "--name", "n", "--conf", "spark.yarn.tags=mine", "--py-files=s3://a/x.whl",
        "s3://a/main.py", "--date", "2013-01-01", "--conf", "not=spark"]  # fmt: skip


@pytest.fixture
def tools(tmp_path: Path) -> Toolchain:
    """A toolchain of empty folders with a jar each."""
    for name in ("pyspark/jars", "s3a", "beside", "yarn"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / f"{Path(name).name}-1.jar").touch()
    for jar in (
        "spark-hadoop-cloud_2.13-4.jar",
        "iceberg-spark-runtime-4.0_2.13-1.jar",
        "delta-spark_2.13-4.jar",
    ):
        (tmp_path / "beside" / jar).touch()
    (tmp_path / "py4j").mkdir()
    return Toolchain(
        java=Java(home=tmp_path / "jvm", version=17), spark=tmp_path / "pyspark", pyspark=tmp_path / "pyspark",
        spark_version="4.0.1", python=tmp_path / "python", s3a=tmp_path / "s3a", beside=tmp_path / "beside",
        yarn=tmp_path / "yarn",
    )  # fmt: skip


def test_options_end_at_the_application_whose_arguments_are_its_own() -> None:
    given_ = read_words(STEP)
    assert given_.application == ("s3://a/main.py", "--date", "2013-01-01", "--conf", "not=spark")
    assert given_.conf("spark.yarn.tags") == "mine"
    assert given_.conf("not") is None
    assert ("--py-files", "s3://a/x.whl") in given_.options


def fitted(words: list[str], nodes: list[str], **defaults: str) -> tuple[dict[str, str], str]:
    """What a step's memory comes to on these nodes, and what was changed."""
    applied = classifications.apply([{"Classification": "spark-defaults", "Properties": defaults}])
    given_, changed = submit.fitted(read_words([*words, "x.py"]), applied, nodes)
    return given_.settings, changed


def test_a_job_sized_for_real_nodes_comes_down_to_those_here_and_is_told() -> None:
    small = ["--driver-memory", "2g", "--executor-memory", "5g", "--executor-cores", "2"]
    settings, changed = fitted(small, ["m5.xlarge", "m5.xlarge"])
    assert settings == {
        "spark.driver.memory": "512m", "spark.executor.memory": "1280m", "spark.executor.cores": "2",
    }  # fmt: skip
    assert changed == "spark.executor.memory 5g → 1280m, spark.driver.memory 2g → 512m"


def test_what_fits_the_nodes_here_is_left_as_it_is_said() -> None:
    words = ["--executor-memory", "2g", "--driver-memory", "1g"]
    assert fitted(words, ["m5.xlarge", "m5.xlarge"])[1] == ""
    assert fitted([], ["m5.xlarge"], **{"spark.executor.memory": "8299m"})[1] == "", (
        "the defaults came down themselves"
    )


def test_driver_and_executor_must_find_room_on_the_only_node() -> None:
    words = ["--executor-memory", "2g", "--driver-memory", "2g"]
    assert fitted(words, ["m5.xlarge", "m5.xlarge"])[1] == ""
    assert fitted(words, ["m5.xlarge"])[0]["spark.executor.memory"] == "512m"


def test_overhead_and_pythons_memory_count_and_come_down_with_the_rest() -> None:
    words = ["--conf", "spark.executor.memory=2g", "--conf", "spark.executor.memoryOverhead=1024",
             "--conf", "spark.executor.pyspark.memory=512m"]  # fmt: skip
    settings, _ = fitted(words, ["m5.xlarge"] * 2)
    assert settings["spark.executor.memory"] == "512m"
    assert settings["spark.executor.memoryOverhead"] == "256m"
    assert settings["spark.executor.pyspark.memory"] == "128m"


def test_the_clusters_defaults_count_where_the_step_says_nothing() -> None:
    defaults = {"spark.driver.memory": "2g"}
    settings, _ = fitted(["--executor-memory", "5g"], ["m5.xlarge"] * 2, **defaults)
    assert settings["spark.driver.memory"] == "512m"


@given(
    driver=st.integers(512, 12_000), executor=st.integers(512, 12_000),
    node=st.sampled_from(["m5.xlarge", "c5.2xlarge", "r5.xlarge", "m5.2xlarge"]), nodes=st.integers(1, 3),
)  # fmt: skip
def test_what_emr_places_is_placed_here(driver: int, executor: int, node: str, nodes: int) -> None:
    """Beside each other where there is one node: else the job would wait for ever."""
    room = sizing.node_size(node).memory_mb
    asked = [heap + max(384, heap * sizing.OVERHEAD) for heap in (driver, executor)]
    assume(max(asked) <= 4 * room and (nodes > 1 or sum(asked) <= 4 * room))
    settings, _ = fitted(
        ["--driver-memory", f"{driver}m", "--executor-memory", f"{executor}m"], [node] * nodes
    )
    heaps = [int(settings[f"spark.{of}.memory"].removesuffix("m")) for of in ("driver", "executor")]
    here = [heap + max(384, heap * sizing.OVERHEAD) for heap in heaps]
    assert max(here) <= room
    assert nodes > 1 or sum(here) <= room


def test_what_no_real_node_holds_fits_none_here_either() -> None:
    settings, _ = fitted(["--executor-memory", "13g"], ["m5.xlarge"] * 2)
    heap = int(settings["spark.executor.memory"].removesuffix("m"))
    assert heap + max(384, heap * sizing.OVERHEAD) > sizing.node_size("m5.xlarge").memory_mb, (
        "for YARN to refuse"
    )


@pytest.mark.parametrize(
    ("words", "mode"),
    [
        (["x.py"], "client"),
        (["--deploy-mode", "cluster", "x.py"], "cluster"),
        (["--deploy-mode=cluster", "x.py"], "cluster"),
        (["--conf", "spark.submit.deployMode=cluster", "x.py"], "cluster"),
        (["--verbose", "--deploy-mode", "cluster", "--deploy-mode", "client", "x.py"], "client"),
        (["--verbose", "--deploy-mode", "cluster", "x.py"], "cluster"),
        (["x.py", "--deploy-mode", "cluster"], "client"),
    ],
)
def test_the_deploy_mode_is_read_as_spark_submit_reads_it(words: list[str], mode: str) -> None:
    assert read_words(words).deploy_mode == mode


def test_the_last_of_two_conf_counts_and_values_keep_their_equals_signs() -> None:
    read = read_words(["--conf", "a=1", "-c", "a=2", "--conf", "b=-Dx=y", "x.py"])
    assert (read.conf("a"), read.conf("b")) == ("2", "-Dx=y")


@given(
    st.lists(st.sampled_from(["--verbose", "--name", "--conf", "a=b", "x.py", "--queue", "-h", "--jars=a"]))
)
def test_no_word_is_lost_whatever_is_given(words: list[str]) -> None:
    """What is wrong is for spark-submit to complain of: it must get to see it."""
    again = " ".join(read_words(words).words()).replace("=", " ")
    assert again == " ".join(words).replace("=", " ")


def test_our_configuration_comes_after_the_step_s_and_its_tag_stays() -> None:
    ours = submit.for_step(read_words(STEP), "s-1ABC", {"AWS_REGION": "r"}, Path("/scratch"))
    assert ours.conf("spark.yarn.tags") == "mine,s-1abc"  # YARN keeps tags in lower case
    assert ours.conf("spark.yarn.appMasterEnv.AWS_REGION") == "r"
    assert ours.conf("spark.executorEnv.AWS_REGION") == "r"
    assert ours.application == read_words(STEP).application


def test_a_cluster_s_spark_defaults_yield_only_what_is_this_machine_s(
    tools: Toolchain, tmp_path: Path
) -> None:
    applied = classifications.Applied()
    applied.properties["spark-defaults"] = {"spark.ui.enabled": "true", "spark.master": "local"}
    conf = submit.defaults(tools, tmp_path, applied, ["m5.xlarge"])
    assert conf["spark.ui.enabled"] == "true"
    assert conf["spark.master"] == "yarn"
    assert all(
        part.startswith("local:") for part in conf["spark.yarn.jars"].split(",")
    )  # nothing is uploaded


def test_cluster_mode_starts_the_submitter_itself_client_mode_the_script(
    tools: Toolchain, tmp_path: Path
) -> None:
    assert submit.command(read_words(STEP), tools, tmp_path)[0] == str(tools.java.binary)
    assert submit.command(read_words(["x.py"]), tools, tmp_path) == [
        str(tools.spark / "bin" / "spark-submit"), "x.py",
    ]  # fmt: skip


def test_every_jar_and_the_conf_folder_are_on_the_submitter_s_class_path(
    tools: Toolchain, tmp_path: Path
) -> None:
    submit.prepare(tools, tmp_path)
    words = submit.command(read_words(STEP), tools, tmp_path)
    class_path = Path(words[1].removeprefix("@")).read_text().splitlines()[-1]
    jars = f"{tools.spark}/jars/jars-1.jar:{tools.s3a}/s3a-1.jar:{tools.beside}/spark-hadoop-cloud_2.13-4.jar"
    assert class_path == f'"{jars}:{tmp_path}/conf"'


def test_spark_finds_the_installed_python_packages(tools: Toolchain, tmp_path: Path) -> None:
    submit.prepare(tools, tmp_path)
    told = submit.environment(tools, tmp_path, classifications.Applied())["PYSPARK_ARCHIVES_PATH"]
    assert (Path(told.removeprefix("local:")) / "pyspark").resolve() == tools.spark


def test_what_submissions_share_is_laid_before_them_for_they_come_side_by_side(
    tools: Toolchain, tmp_path: Path
) -> None:
    submit.prepare(tools, tmp_path)
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")}
    submit.environment(tools, tmp_path, classifications.Applied())
    submit.command(read_words(STEP), tools, tmp_path)
    assert {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_no_credential_of_the_user_reaches_a_process_of_a_cluster(
    tools: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the user's")
    monkeypatch.setenv("AWS_PROFILE", "the user's")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "the user's")
    monkeypatch.setenv("EMRCTL_LOCAL", "the mark")
    found = daemons.environment(tools, "j-1", tmp_path)
    assert "the user's" not in found.values()
    assert found["EMRCTL_LOCAL"] == "the mark"
    assert found["EMRCTL_CLUSTER"] == "j-1"
    assert found["HOME"] != os.environ.get("HOME")


class _Clients:
    """STS and IAM as a step needs them."""

    def __init__(self, *, roles: tuple[str, ...] = ("arn:role/profile",), refuses: bool = False) -> None:
        self.assumed: list[tuple[str, str, bool]] = []
        self._roles, self._refuses = roles, refuses

    def __call__(self, service: str) -> Any:
        assert service in ("sts", "iam")
        return self

    def assume_role(self, **given: Any) -> dict[str, Any]:
        from botocore.exceptions import ClientError

        if self._refuses:
            raise ClientError(
                {"Error": {"Code": "AccessDenied", "Message": f"not {given['RoleArn']}"}}, "AssumeRole"
            )
        self.assumed.append((given["RoleArn"], given["RoleSessionName"], bool(given.get("Tags"))))
        found = {"AccessKeyId": "AKIA", "SecretAccessKey": "hush", "SessionToken": "tok", "Expiration": ENDS}
        return {"Credentials": found}

    def get_instance_profile(self, **given: str) -> dict[str, Any]:
        assert given == {"InstanceProfileName": "nodes"}
        return {"InstanceProfile": {"Roles": [{"Arn": arn} for arn in self._roles]}}


def test_the_nodes_assume_and_tag_the_step_s_own_role_and_only_the_user_reads_its_session(
    tmp_path: Path,
) -> None:
    machine, nodes, file = _Clients(), _Clients(), tmp_path / "aws" / "credentials"
    credentials.keep(file, credentials.of_step(Node(machine, "nodes", "i-1"), nodes, "arn:role/job", "s-1"))
    assert nodes.assumed == [("arn:role/job", "s-1", True)]
    assert machine.assumed == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "aws_session_token = tok" in file.read_text()
    told = credentials.environment(file, "http://127.0.0.1:1", "r")
    assert "hush" not in "".join(told.values())
    assert told["AWS_SHARED_CREDENTIALS_FILE"] == str(file)


@pytest.mark.parametrize("profile", ["nodes", "arn:aws:iam::1:instance-profile/team/nodes"])
def test_without_an_execution_role_it_is_that_of_the_instance_profile(profile: str) -> None:
    machine = _Clients()
    session = credentials.of_step(Node(machine, profile, "i-1"), _Clients(), None, "s-1")
    assert (session.session_token, session.ends) == ("tok", ENDS.isoformat())
    assert machine.assumed == [("arn:role/profile", "i-1", False)]


def test_a_role_that_cannot_be_assumed_is_named() -> None:
    node = Node(_Clients(roles=()), "nodes", "i-1")
    with pytest.raises(RoleError, match=r"cannot be assumed: .*AccessDenied.*not arn:role/job"):
        credentials.of_step(node, _Clients(refuses=True), "arn:role/job", "s-1")
    with pytest.raises(RoleError, match="instance profile nodes has no role"):
        credentials.of_step(node, _Clients(), None, "s-1")


@pytest.mark.parametrize("size", ["small", "medium"])
def test_a_new_job_of_a_size_that_emr_places_on_an_xlarge_is_placed_here_as_well(size: Size) -> None:
    driver, executors = SIZES[size]["driver"]["memory"], SIZES[size]["executors"]["memory"]
    settings, _ = fitted(["--driver-memory", driver, "--executor-memory", executors], ["m5a.xlarge"] * 2)
    for of in ("driver", "executor"):
        heap = int(settings[f"spark.{of}.memory"].removesuffix("m"))
        assert heap + max(384, heap * sizing.OVERHEAD) <= sizing.node_size("m5a.xlarge").memory_mb
