"""What EMR tells EventBridge, and that it arrives where the rules send it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud import event_input
from local.cloud.emr import model
from local.cloud.emr.events import CLUSTER, STEP
from tests.local.cloud.conftest import Cloud
from tests.local.cloud.fakes import FAILURE
from tests.local.cloud.serverless import Serverless

ACCOUNT = "123456789012"


@dataclass
class Post:
    """Queues, topics and rules of one test, removed when it ends."""

    cloud: Cloud
    undo: list[Any] = field(default_factory=list)

    def queue(self, name: str) -> str:
        sqs = self.cloud.client("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        self.undo.append(lambda: sqs.delete_queue(QueueUrl=url))
        return f"arn:aws:sqs:{self.cloud.region}:{ACCOUNT}:{name}"

    def topic(self, name: str, queue_arn: str, **attributes: str) -> str:
        sns = self.cloud.client("sns")
        arn: str = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes=attributes)
        self.undo.append(lambda: sns.delete_topic(TopicArn=arn))
        return arn

    def rule(self, pattern: dict[str, Any] | None, *targets: dict[str, Any], **more: Any) -> None:
        events = self.cloud.client("events")
        chosen = {"EventPattern": json.dumps(pattern)} if pattern else {}
        events.put_rule(Name="watch", **chosen, **more)
        events.put_targets(Rule="watch", Targets=[{"Id": str(i), **t} for i, t in enumerate(targets)])
        self.undo.append(lambda: events.delete_rule(Name="watch"))
        self.undo.append(
            lambda: events.remove_targets(Rule="watch", Ids=[str(i) for i in range(len(targets))])
        )

    def take(self, queue_arn: str) -> list[dict[str, Any]]:
        """The messages of a queue, oldest first; they are gone then."""
        sqs = self.cloud.client("sqs")
        url = sqs.get_queue_url(QueueName=queue_arn.rpartition(":")[2])["QueueUrl"]
        found: list[dict[str, Any]] = []
        while True:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            if not answer.get("Messages"):
                return found
            for message in answer["Messages"]:
                found.append(message)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def bodies(self, queue_arn: str) -> list[Any]:
        return [json.loads(message["Body"]) for message in self.take(queue_arn)]


@pytest.fixture
def post(cloud: Cloud) -> Iterator[Post]:
    found = Post(cloud)
    yield found
    for undo in reversed(found.undo):
        undo()


def test_a_clusters_life_is_told_in_order(cloud: Cloud, post: Post) -> None:
    queue = post.queue("life")
    post.rule({"source": ["aws.emr"], "detail-type": ["EMR Cluster State Change"]}, {"Arn": queue})
    cluster_id = cloud.ready(Name="nightly")
    (step_id,) = cloud.add_steps(cluster_id, "work")
    cloud.finish(cluster_id, step_id)
    cloud.client("emr").terminate_job_flows(JobFlowIds=[cluster_id])
    cloud.pass_time(10)

    told = post.bodies(queue)
    states = [event["detail"]["state"] for event in told]
    assert states == ["STARTING", "WAITING", "RUNNING", "WAITING", "TERMINATED"]
    last = told[-1]
    assert last["detail"]["stateChangeReason"] == (
        '{"code":"USER_REQUEST","message":"Terminated by user request"}'
    )
    assert last["detail"]["severity"] == "INFO"
    assert f"{cluster_id} (nightly) has terminated at 2025-" in last["detail"]["message"]
    assert (last["source"], last["region"], last["account"]) == ("aws.emr", cloud.region, ACCOUNT)
    assert last["time"].startswith("2025-")  # the plane's time, not the machine's
    assert len({event["id"] for event in told}) == len(told)


def test_steps_fleets_and_errors_are_told(cloud: Cloud, post: Post) -> None:
    queue = post.queue("steps")
    post.rule({"source": ["aws.emr"]}, {"Arn": queue})
    cluster_id = cloud.ready()
    (step_id,) = cloud.add_steps(cluster_id, "work", action="TERMINATE_CLUSTER")
    cloud.finish(cluster_id, step_id, failure=FAILURE)
    cloud.pass_time(10)

    told = post.bodies(queue)
    steps = [e["detail"] for e in told if e["detail-type"] == "EMR Step Status Change"]
    assert [s["state"] for s in steps] == ["PENDING", "RUNNING", "FAILED"]
    assert (steps[-1]["severity"], steps[-1]["actionOnFailure"]) == ("ERROR", "TERMINATE_CLUSTER")
    core = next(e["detail"] for e in told if e["detail"].get("instanceFleetType") == "CORE")
    assert (core["state"], core["provisionedOnDemandCapacity"], core["targetSpotCapacity"]) == (
        "RUNNING",
        "4",
        "0",
    )
    assert told[-1]["detail"]["state"] == "TERMINATED_WITH_ERRORS"
    assert told[-1]["detail"]["severity"] == "CRITICAL"


def test_job_runs_of_emr_serverless_are_told(cloud: Cloud, post: Post) -> None:
    queue = post.queue("runs")
    pattern = {"source": ["aws.emr-serverless"], "detail-type": ["EMR Serverless Job Run State Change"]}
    post.rule(pattern, {"Arn": queue})
    serverless = Serverless(cloud)
    application, run = serverless.running(serverless.create())
    serverless.end((application, run))

    told = [event["detail"] for event in post.bodies(queue)]
    assert [one["state"] for one in told] == ["SUBMITTED", "PENDING", "SCHEDULED", "RUNNING", "SUCCESS"]
    assert {(one["applicationId"], one["jobRunId"]) for one in told} == {(application, run)}


def test_a_topic_gets_the_event_and_a_template_is_filled_in(cloud: Cloud, post: Post) -> None:
    plain, filled = post.queue("plain"), post.queue("filled")
    topic = post.topic("alerts", plain)
    transformer = {
        "InputPathsMap": {"state": "$.detail.state", "kind": "$.detail-type", "none": "$.detail.absent"},
        "InputTemplate": '{"state": <state>, "text": "a <kind> by <aws.events.rule-name><none>", "none": <none>}',
    }
    pattern = {"source": ["aws.emr"], "detail": {"state": ["STARTING"], "name": [{"prefix": "ni"}]}}
    post.rule(pattern, {"Arn": topic}, {"Arn": filled, "InputTransformer": transformer})
    cloud.launch(Name="nightly")
    cloud.launch(Name="other")
    cloud.pass_time(10)

    (notification,) = post.bodies(plain)
    assert notification["TopicArn"] == topic
    assert json.loads(notification["Message"])["detail"]["name"] == "nightly"
    assert post.bodies(filled) == [
        {"state": "STARTING", "text": "a EMR Cluster State Change by watch", "none": None}
    ]


def test_what_cannot_be_delivered_goes_to_the_dead_letter_queue(
    cloud: Cloud, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    dead = post.queue("dead")
    gone = f"arn:aws:sqs:{cloud.region}:{ACCOUNT}:gone"
    function = f"arn:aws:lambda:{cloud.region}:{ACCOUNT}:function:f"
    post.rule({"source": ["mine"]}, {"Arn": gone, "DeadLetterConfig": {"Arn": dead}}, {"Arn": function})
    entry = {"Source": "mine", "DetailType": "test", "Detail": "{}"}
    cloud.client("events").put_events(Entries=[entry])

    (message,) = post.take(dead)
    assert json.loads(message["Body"])["source"] == "mine"
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "RESOURCE_NOT_FOUND"
    assert message["MessageAttributes"]["TARGET_ARN"]["StringValue"] == gone
    assert f"no event for {function}: Lambda functions do not run in this local AWS" in caplog.text


@pytest.mark.parametrize(
    ("pattern", "detail", "arrives"),
    [
        ({"n": [{"numeric": [">", 0, "<=", 5]}]}, {"n": 5}, True),
        ({"n": [{"numeric": [">", 0, "<=", 5]}]}, {"n": 6}, False),
        ({"n": [{"exists": False}]}, {}, True),
        ({"n": [{"exists": False}]}, {"n": 1}, False),
        ({"n": [{"anything-but": ["a", "b"]}]}, {"n": "c"}, True),
        ({"n": [{"anything-but": {"prefix": "a"}}]}, {"n": "ab"}, False),
        ({"$or": [{"n": ["a"]}, {"m": ["b"]}]}, {"m": "b"}, True),
        ({"n": [{"suffix": ".gz"}]}, {"n": "x.csv"}, False),
    ],
)
def test_patterns(cloud: Cloud, post: Post, pattern: Any, detail: Any, arrives: bool) -> None:
    queue = post.queue("patterns")
    post.rule({"detail": pattern}, {"Arn": queue})
    entry = {"Source": "mine", "DetailType": "test", "Detail": json.dumps(detail)}
    cloud.client("events").put_events(Entries=[entry])
    assert len(post.take(queue)) == arrives


@pytest.mark.parametrize(
    ("pattern", "more"),
    [({"source": ["mine"]}, {"State": "DISABLED"}), (None, {"ScheduleExpression": "rate(1 day)"})],
)
def test_a_disabled_rule_and_a_schedule_take_no_event(
    cloud: Cloud, post: Post, pattern: Any, more: Any
) -> None:
    queue = post.queue("quiet")
    post.rule(pattern, {"Arn": queue}, **more)
    cloud.client("events").put_events(Entries=[{"Source": "mine", "DetailType": "test", "Detail": "{}"}])
    assert post.take(queue) == []


def test_another_bus_passes_the_event_on(cloud: Cloud, post: Post) -> None:
    queue, events = post.queue("far"), cloud.client("events")
    bus = events.create_event_bus(Name="far")["EventBusArn"]
    events.put_rule(Name="there", EventBusName="far", EventPattern='{"source": ["mine"]}')
    events.put_targets(
        Rule="there", EventBusName="far", Targets=[{"Id": "1", "Arn": queue, "Input": '"constant"'}]
    )
    post.rule({"source": ["mine"]}, {"Arn": bus})
    events.put_events(Entries=[{"Source": "mine", "DetailType": "test", "Detail": "{}"}])
    assert post.bodies(queue) == ["constant"]
    events.remove_targets(Rule="there", EventBusName="far", Ids=["1"])
    events.delete_rule(Name="there", EventBusName="far")
    events.delete_event_bus(Name="far")


def test_every_state_that_steps_have_and_every_end_of_a_cluster_is_told() -> None:
    assert set(STEP) == {*model.STEP_OPEN, *model.STEP_ENDED} - {"INTERRUPTED"}
    assert set(model.CLUSTER_ENDED) < set(CLUSTER)


@given(st.text() | st.integers() | st.dictionaries(st.text(), st.text()) | st.none())
def test_a_template_of_json_stays_json_whatever_goes_in(value: Any) -> None:
    filled = json.loads(event_input.fill('{"bare": <v>, "within": "\\"<v>\\" <w>"}', {"v": value}))
    assert filled["bare"] == value
    assert filled["within"].endswith(" <w>")
