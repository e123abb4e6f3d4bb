"""Clusters over time: how they come up, idle, end, and what is refused on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud.emr.launch import without_passwords
from tests.local.cloud.conftest import CORE, PRIMARY, Cloud
from tests.local.cloud.fakes import FAILURE

DAY = 24 * 3600


def test_a_cluster_starts_bootstraps_and_waits(cloud: Cloud) -> None:
    cluster_id = cloud.launch()
    states = [cloud.state(cluster_id)]
    for _ in range(2):
        cloud.pass_time(0.2)
        states.append(cloud.state(cluster_id))

    assert states == ["STARTING", "BOOTSTRAPPING", "WAITING"]


def test_the_timeline_tells_when_it_was_created_ready_and_ended(cloud: Cloud) -> None:
    cluster_id = cloud.launch()
    cloud.pass_time(100)
    emr = cloud.client("emr")
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    cloud.pass_time(100)

    status = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]
    times = status["Timeline"]
    ready = (times["ReadyDateTime"] - times["CreationDateTime"]).total_seconds()
    ended = (times["EndDateTime"] - times["CreationDateTime"]).total_seconds()
    assert (status["State"], status["StateChangeReason"]["Code"]) == ("TERMINATED", "USER_REQUEST")
    assert ready == pytest.approx(0.3, abs=0.01)
    assert ended == pytest.approx(100.1, abs=0.01)


def test_a_cluster_that_idles_a_day_ends_when_its_policy_says_so(cloud: Cloud) -> None:
    cluster_id = cloud.ready(AutoTerminationPolicy={"IdleTimeout": DAY})

    cloud.pass_time(DAY - 60)
    before = cloud.state(cluster_id)
    cloud.pass_time(60)

    assert (before, cloud.state(cluster_id)) == ("WAITING", "TERMINATED")
    assert ("terminate", cluster_id) in cloud.runner.calls


def test_work_starts_the_idle_time_again(cloud: Cloud) -> None:
    cluster_id = cloud.ready(AutoTerminationPolicy={"IdleTimeout": 3600})
    cloud.pass_time(3000)
    (step,) = cloud.add_steps(cluster_id, "long")
    cloud.pass_time(DAY)
    assert cloud.state(cluster_id) == "RUNNING"

    cloud.finish(cluster_id, step)
    cloud.pass_time(3000)
    assert cloud.state(cluster_id) == "WAITING"
    cloud.pass_time(700)
    assert cloud.state(cluster_id) == "TERMINATED"


def test_a_policy_put_later_counts_and_a_removed_one_does_not(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    kept, ended = cloud.ready(), cloud.ready()
    for cluster_id in (kept, ended):
        emr.put_auto_termination_policy(ClusterId=cluster_id, AutoTerminationPolicy={"IdleTimeout": 60})
    emr.remove_auto_termination_policy(ClusterId=kept)
    cloud.pass_time(100)

    assert (cloud.state(kept), cloud.state(ended)) == ("WAITING", "TERMINATED")
    assert "AutoTerminationPolicy" not in emr.get_auto_termination_policy(ClusterId=kept)


KDC = {
    "KerberosConfiguration": {
        "Provider": "ClusterDedicatedKdc",
        "ClusterDedicatedKdcConfiguration": {"TicketLifetimeInHours": 24},
    }
}
PASSWORDS = ("KdcAdminPassword", "CrossRealmTrustPrincipalPassword", "ADDomainJoinPassword")
ATTRIBUTES = {"Realm": "EC2.INTERNAL", "ADDomainJoinUser": "joiner", **dict.fromkeys(PASSWORDS, "hush-hush")}


def test_a_cluster_with_kerberos_shows_its_realm_and_keeps_no_password(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    document = json.dumps({"AuthenticationConfiguration": KDC})
    emr.create_security_configuration(Name="kerberos", SecurityConfiguration=document)
    cluster_id = cloud.ready(SecurityConfiguration="kerberos", KerberosAttributes=ATTRIBUTES)
    shown = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["KerberosAttributes"]
    assert shown == {"Realm": "EC2.INTERNAL", "ADDomainJoinUser": "joiner"}
    kept = without_passwords({"Name": "main", "KerberosAttributes": ATTRIBUTES})
    assert kept == {"Name": "main", "KerberosAttributes": shown}
    assert "KerberosAttributes" not in emr.describe_cluster(ClusterId=cloud.ready())["Cluster"]


def test_kerberos_is_said_in_the_configuration_and_of_the_cluster_or_in_neither(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    for name, document in (("with", {"AuthenticationConfiguration": KDC}), ("without", {})):
        emr.create_security_configuration(Name=name, SecurityConfiguration=json.dumps(document))
    for changes, said in (
        ({"SecurityConfiguration": "with"}, "KerberosAttributes are required"),
        (
            {"SecurityConfiguration": "without", "KerberosAttributes": ATTRIBUTES},
            "need a security configuration",
        ),
        ({"KerberosAttributes": ATTRIBUTES}, "need a security configuration"),
    ):
        with pytest.raises(ClientError, match=said) as refusal:
            cloud.launch(**changes)
        assert "hush-hush" not in str(refusal.value)


def test_an_idle_time_out_of_bounds_is_refused(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    with pytest.raises(ClientError, match=r"IdleTimeout is 59 seconds; it must be between 60 and 604800"):
        cloud.client("emr").put_auto_termination_policy(
            ClusterId=cluster_id, AutoTerminationPolicy={"IdleTimeout": 59}
        )


def test_a_cluster_not_kept_alive_ends_with_its_last_step(cloud: Cloud) -> None:
    step = {"Name": "only", "HadoopJarStep": {"Jar": "command-runner.jar"}}
    cluster_id = cloud.ready(Steps=[step], instances={"KeepJobFlowAliveWhenNoSteps": False})
    assert cloud.state(cluster_id) == "RUNNING"

    cloud.finish(cluster_id, cloud.runner.calls[-1][1])
    cloud.pass_time(1)

    status = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]
    assert status["State"] == "TERMINATED"
    assert status["StateChangeReason"] == {"Code": "ALL_STEPS_COMPLETED", "Message": "Steps completed"}


def test_keep_alive_taken_away_from_an_idle_cluster_ends_it(cloud: Cloud) -> None:
    cluster_id = cloud.ready()
    cloud.client("emr").set_keep_job_flow_alive_when_no_steps(
        JobFlowIds=[cluster_id], KeepJobFlowAliveWhenNoSteps=False
    )
    cloud.pass_time(1)

    assert cloud.state(cluster_id) == "TERMINATED"


def test_termination_protection_refuses_and_holds_off_the_idle_timer(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    cluster_id = cloud.ready(
        instances={"TerminationProtected": True}, AutoTerminationPolicy={"IdleTimeout": 60}
    )
    with pytest.raises(ClientError, match="termination protected") as refused:
        emr.terminate_job_flows(JobFlowIds=[cluster_id])
    cloud.pass_time(1000)
    assert cloud.state(cluster_id) == "WAITING"
    assert refused.value.response["Error"]["Code"] == "ValidationException"

    emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=False)
    cloud.pass_time(61)
    assert cloud.state(cluster_id) == "TERMINATED"


def test_one_protected_cluster_of_several_spares_all(cloud: Cloud) -> None:
    free, protected = cloud.ready(), cloud.ready(instances={"TerminationProtected": True})
    with pytest.raises(ClientError, match="termination protected"):
        cloud.client("emr").terminate_job_flows(JobFlowIds=[free, protected])
    cloud.pass_time(1)

    assert cloud.state(free) == "WAITING"


@pytest.mark.parametrize("action", ["TERMINATE_CLUSTER", "TERMINATE_JOB_FLOW"])
def test_a_failing_step_may_end_the_cluster(cloud: Cloud, action: str) -> None:
    cluster_id = cloud.ready()
    first, _ = cloud.add_steps(cluster_id, "first", "second", action=action)
    cloud.finish(cluster_id, first, failure=FAILURE)
    cloud.pass_time(1)

    cluster = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]
    assert cluster["Status"]["State"] == "TERMINATED_WITH_ERRORS"
    assert cluster["Status"]["StateChangeReason"]["Code"] == "STEP_FAILURE"
    assert cloud.steps(cluster_id) == {"first": "FAILED", "second": "CANCELLED"}


def test_a_protected_cluster_outlives_the_step_that_was_to_end_it(cloud: Cloud) -> None:
    cluster_id = cloud.ready(instances={"TerminationProtected": True})
    first, _ = cloud.add_steps(cluster_id, "first", "second", action="TERMINATE_CLUSTER")
    cloud.finish(cluster_id, first, failure=FAILURE)
    cloud.pass_time(1)

    assert cloud.state(cluster_id) == "WAITING"
    assert cloud.steps(cluster_id) == {"first": "FAILED", "second": "CANCELLED"}


def test_a_cluster_that_has_ended_takes_no_changes(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready()
    emr.terminate_job_flows(JobFlowIds=[cluster_id])
    with pytest.raises(ClientError, match="shutting down, terminated, or finished may not be modified"):
        cloud.add_steps(cluster_id, "late")


def test_an_unknown_subnet_ends_the_cluster_only_while_it_is_provisioned(cloud: Cloud) -> None:
    cluster_id = cloud.ready(instances={"Ec2SubnetId": "subnet-0123456789abcdef0"})

    status = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Status"]
    assert status["State"] == "TERMINATED_WITH_ERRORS"
    assert status["StateChangeReason"]["Code"] == "VALIDATION_ERROR"
    assert "subnet-0123456789abcdef0 does not exist" in status["ErrorDetails"][0]["ErrorMessage"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ReleaseLabel": "emr-99.0.0"}, "supplied release label is invalid: emr-99.0.0"),
        ({"JobFlowRole": "nobody"}, "Invalid InstanceProfile: nobody"),
        ({"ServiceRole": "nobody"}, "Invalid ServiceRole: nobody"),
        ({"SecurityConfiguration": "none"}, "Security configuration with name 'none' does not exist"),
        ({"Applications": [{"Name": "Flink"}]}, "Specified application: Flink is invalid"),
        ({"StepConcurrencyLevel": 257}, "must be between 1 and 256"),
        ({"instances": {"Ec2SubnetId": "nonsense"}}, "supplied ec2SubnetId is not valid"),
        ({"instances": {"InstanceFleets": [CORE]}}, "Exactly one instance fleet or group of type MASTER"),
        ({"instances": {"InstanceFleets": [PRIMARY, CORE, CORE]}}, "only one instance fleet of type CORE"),
        (
            {"instances": {"InstanceFleets": [{**PRIMARY, "TargetOnDemandCapacity": 2}]}},
            "For a master instance fleet",
        ),
        (
            {
                "instances": {
                    "InstanceFleets": [PRIMARY, {**CORE, "InstanceTypeConfigs": [{"InstanceType": "x9"}]}]
                }
            },
            "requested instance type x9 is not supported",
        ),
    ],
)
def test_what_emr_refuses_is_refused(cloud: Cloud, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        cloud.launch(**changes)
    assert cloud.client("emr").list_clusters()["Clusters"] == []


def test_a_malformed_request_is_answered_in_the_words_of_aws(cloud: Cloud) -> None:
    emr = cloud.client("emr", parameter_validation=False)
    with pytest.raises(ClientError) as refused:
        emr.add_instance_fleet(ClusterId="j-1", InstanceFleet={"InstanceFleetType": "BIG"})

    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "1 validation error detected: Value 'BIG' at 'instanceFleet.instanceFleetType' failed to "
        "satisfy constraint: Member must satisfy enum value set: [MASTER, CORE, TASK]",
    }


def test_tags_come_and_go(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.launch(Tags=[{"Key": "a", "Value": "1"}])
    emr.add_tags(ResourceId=cluster_id, Tags=[{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}])
    emr.remove_tags(ResourceId=cluster_id, TagKeys=["a", "c"])

    assert emr.describe_cluster(ClusterId=cluster_id)["Cluster"]["Tags"] == [{"Key": "b", "Value": "2"}]


def test_clusters_of_another_region_are_not_seen(cloud: Cloud) -> None:
    cluster_id = cloud.launch()
    elsewhere = Cloud(cloud.server, cloud.clock, cloud.runner, "ap-southeast-2").client("emr")

    assert elsewhere.list_clusters()["Clusters"] == []
    with pytest.raises(ClientError, match=f"Cluster id '{cluster_id}' is not valid"):
        elsewhere.describe_cluster(ClusterId=cluster_id)


def test_clusters_are_listed_in_pages_and_by_state(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    ended = cloud.ready()
    emr.terminate_job_flows(JobFlowIds=[ended])
    cloud.pass_time(1)
    cluster_ids = {cloud.launch() for _ in range(51)}

    pages = list(emr.get_paginator("list_clusters").paginate(ClusterStates=["STARTING"]))
    assert [len(page["Clusters"]) for page in pages] == [50, 1]
    assert {c["Id"] for page in pages for c in page["Clusters"]} == cluster_ids


def test_the_subnet_gives_the_zone_and_the_managed_security_groups(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zone = f"{cloud.region}b"
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=zone)["Subnet"][
        "SubnetId"
    ]
    cluster_id = cloud.launch(instances={"Ec2SubnetIds": [subnet]})

    shown = cloud.client("emr").describe_cluster(ClusterId=cluster_id)["Cluster"]["Ec2InstanceAttributes"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    assert (shown["Ec2SubnetId"], shown["Ec2AvailabilityZone"]) == (subnet, zone)
    assert shown["EmrManagedMasterSecurityGroup"] in {g["GroupId"] for g in groups}


def _rule(ec2: Any, group: str, peer: str, port: int) -> None:
    pairs = [{"GroupId": peer, "Description": "of the user"}]
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": pairs}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


@pytest.mark.parametrize(
    ("release", "service"),
    [
        ("emr-7.13.0", {("in", "tcp", 9443, "primary"), *(("out", "tcp", 8443, at) for at in ("primary", "node"))}),
        ("emr-spark-8.0.0", {("in", "tcp", 443, "10.0.0.0/16")}),
    ],
)  # fmt: skip
def test_emr_adds_what_its_groups_lack_of_rules_and_opens_nothing_outward(
    cloud: Cloud, release: str, service: set[tuple[str, str, int, str]]
) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    groups = {
        name: ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("primary", "node", "service")
    }
    for group in groups.values():
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    _rule(ec2, groups["node"], groups["service"], 8443)
    named = ("EmrManagedMasterSecurityGroup", "EmrManagedSlaveSecurityGroup", "ServiceAccessSecurityGroup")
    placed = {"Ec2SubnetIds": [subnet], **dict(zip(named, groups.values(), strict=True))}
    for _ in range(2):  # the second cluster finds them all there
        cloud.launch(ReleaseLabel=release, instances=placed)

    names = {group: name for name, group in groups.items()}
    rules: dict[str, list[tuple[str, str, int, str]]] = {name: [] for name in groups}
    filters = [{"Name": "group-id", "Values": list(names)}]
    for rule in ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]:
        peer = rule.get("CidrIpv4") or names[rule["ReferencedGroupInfo"]["GroupId"]]
        side = "out" if rule["IsEgress"] else "in"
        rules[names[rule["GroupId"]]].append((side, rule["IpProtocol"], rule["FromPort"], peer))
    within = {
        ("in", protocol, port, peer)
        for protocol, port in (("icmp", -1), ("tcp", 0), ("udp", 0))
        for peer in ("primary", "node")
    }
    agent = {("in", "tcp", 8443, "service")}
    assert sorted(rules["service"]) == sorted(service)
    assert sorted(rules["primary"]) == sorted(within | (agent if release == "emr-7.13.0" else set()))
    assert sorted(rules["node"]) == sorted(within | agent)  # one is the user's own, not added again


def test_security_configurations_are_listed(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    emr.create_security_configuration(Name="listed", SecurityConfiguration=json.dumps({}))
    try:
        names = [c["Name"] for c in emr.list_security_configurations()["SecurityConfigurations"]]
    finally:
        emr.delete_security_configuration(Name="listed")
    assert "listed" in names


def test_releases_are_listed_with_their_applications(cloud: Cloud) -> None:
    emr = cloud.client("emr")
    labels = emr.list_release_labels(Filters={"Prefix": "emr-spark-8"})["ReleaseLabels"]
    release = emr.describe_release_label(ReleaseLabel="emr-spark-8.0.0")

    assert "emr-spark-8.0.0" in labels
    assert all(label.startswith("emr-spark-8") for label in labels)
    assert {"Name": "Spark", "Version": "4.0.2"} in release["Applications"]
    with pytest.raises(ClientError, match=r"release label is invalid: emr-0.0.0"):
        emr.describe_release_label(ReleaseLabel="emr-0.0.0")


def test_settings_of_a_running_cluster_change_and_are_shown(cloud: Cloud) -> None:
    emr, cluster_id = cloud.client("emr"), cloud.ready(instances={"UnhealthyNodeReplacement": True})

    def shown() -> tuple[bool, bool, bool, bool]:
        cluster = emr.describe_cluster(ClusterId=cluster_id)["Cluster"]
        names = ("UnhealthyNodeReplacement", "VisibleToAllUsers", "TerminationProtected", "AutoTerminate")
        unhealthy, visible, protected, ends = (cluster[name] for name in names)
        return unhealthy, visible, protected, ends

    before = shown()
    emr.set_unhealthy_node_replacement(JobFlowIds=[cluster_id], UnhealthyNodeReplacement=False)
    emr.set_visible_to_all_users(JobFlowIds=[cluster_id], VisibleToAllUsers=False)
    emr.set_termination_protection(JobFlowIds=[cluster_id], TerminationProtected=True)
    assert (before, shown()) == ((True, True, False, False), (False, False, True, False))


def test_bootstrap_actions_are_shown(cloud: Cloud) -> None:
    script = {"Path": "s3://code/setup.sh", "Args": ["x"]}
    cluster_id = cloud.ready(BootstrapActions=[{"Name": "setup", "ScriptBootstrapAction": script}])
    actions = cloud.client("emr").list_bootstrap_actions(ClusterId=cluster_id)["BootstrapActions"]
    assert actions == [{"Name": "setup", "ScriptPath": "s3://code/setup.sh", "Args": ["x"]}]
