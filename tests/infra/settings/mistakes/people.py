"""Who may act for the platform, and the account beneath it."""

from __future__ import annotations

from tests.infra.settings.trees import KEY, TOPIC, Case

BAD: list[Case] = [
    (
        "trusted",
        lambda t: t.update(identity={"trusted_arns": ["*"]}),
        r'identity\.trusted_arns\[0\]: is "\*"; must be',
    ),
    (
        "analyst",
        lambda t: t.update(identity={"analyst_arns": "arn:aws:iam::111111111111:role/a"}),
        r'identity\.analyst_arns: is "arn:.*"; must be a list',
    ),
    (
        "engineer",
        lambda t: t.update(identity={"engineer_arns": ["ann"]}),
        r'identity\.engineer_arns\[0\]: is "ann"; must be',
    ),
    (
        "break-glass",
        lambda t: t.update(identity={"break_glass_arns": [7]}),
        r"identity\.break_glass_arns\[0\]: is 7; must be text",
    ),
    (
        "alarm by its old name",
        lambda t: t.update(identity={"break_glass_alarm": {"trail_log_group": "trail"}}),
        r"identity\.break_glass_alarm\.trail_log_group: is no setting; allowed here are: enabled, topic_arns",
    ),
    (
        "alarm on nothing",
        lambda t: t.update(identity={"break_glass_alarm": {"topic_arns": [TOPIC]}}),
        r"^emr:identity\.break_glass_alarm\.topic_arns: are told nothing .* name it in emr:account",
    ),
    (
        "alarm switched off and told",
        lambda t: t.update(
            account={"adopt": {"trail_log_group": "t"}},
            identity={"break_glass_alarm": {"enabled": False, "topic_arns": [TOPIC]}},
        ),
        r"^emr:identity\.break_glass_alarm\.topic_arns: stand beside enabled: false",
    ),
    (
        "no topic",
        lambda t: t.update(identity={"break_glass_alarm": {"topic_arns": ["x"]}}),
        r'topic_arns\[0\]: is "x"; must be',
    ),
    (
        "account twice",
        lambda t: t.update(account={"stack": "a/b/c", "adopt": {"trail_log_group": "t"}}),
        r"^emr:account\.adopt: stands beside stack",
    ),
    (
        "account empty",
        lambda t: t.update(account={}),
        r"^emr:account\.stack: is missing; name the account's stack",
    ),
    (
        "account by half a name",
        lambda t: t.update(account={"stack": "account"}),
        r'account\.stack: is "account"; must be',
    ),
    (
        "no log group",
        lambda t: t.update(account={"adopt": {"trail_log_group": "a b"}}),
        r'trail_log_group: is "a b"; must be',
    ),
    (
        "nothing adopted",
        lambda t: t.update(account={"adopt": {}}),
        r"account\.adopt\.trail_log_group: is missing",
    ),
    (
        "someone of another partition",
        lambda t: t.update(identity={"trusted_arns": ["arn:aws-us-gov:iam::111111111111:role/a"]}),
        r"^emr:identity\.trusted_arns\[0\]: 'arn:aws-us-gov:.*' is of the partition 'aws-us-gov', and us-east-1 is",
    ),
    (
        "a key of another partition",
        lambda t: t.update(encryption={"adopt": {"landing": KEY.replace("arn:aws:", "arn:aws-us-gov:")}}),
        r"^emr:encryption\.adopt\.landing: .* is of the partition",
    ),
    (
        "a topic of another region",
        lambda t: t.update(
            account={"adopt": {"trail_log_group": "trail"}},
            identity={"break_glass_alarm": {"topic_arns": [TOPIC, TOPIC.replace("us-east-1", "us-east-2")]}},
        ),
        r"^emr:identity\.break_glass_alarm\.topic_arns\[1\]: .* is no topic of us-east-1",
    ),
    (
        "more topics than an alarm tells",
        lambda t: t.update(
            account={"adopt": {"trail_log_group": "trail"}},
            identity={"break_glass_alarm": {"topic_arns": [f"{TOPIC}{n}" for n in range(6)]}},
        ),
        r"topic_arns: is .*; must have at most 5 entries",
    ),
]
