"""Keys, buckets and how long they keep what."""

from __future__ import annotations

from tests.infra.settings.trees import KEY, Case, zone

BAD: list[Case] = [
    (
        "adopt mapping",
        lambda t: t.update(network={"adopt": "vpc-0123456789abcdef0"}),
        r"network\.adopt: is \"vpc-.*\"; must be a mapping",
    ),
    (
        "key of nothing",
        lambda t: t.update(encryption={"adopt": {"data": KEY}}),
        r"^emr:encryption\.adopt\.data: is no setting; allowed here are: artifacts, ",
    ),
    (
        "alias for key",
        lambda t: t.update(encryption={"adopt": {"logs": "alias/logs"}}),
        r'^emr:encryption\.adopt\.logs: is "alias/logs"; must be',
    ),
    (
        "key elsewhere",
        lambda t: t.update(encryption={"adopt": {"logs": KEY.replace("us-east-1", "eu-west-1")}}),
        r"^emr:encryption\.adopt\.logs: 'arn:aws:kms:eu-west-1:.*' is no key of us-east-1",
    ),
    (
        "unknown zone",
        lambda t: zone(t, "curatd", {}),
        r"^emr:storage\.zones\.curatd: is no setting \(did you mean 'curated'\?\)",
    ),
    ("zone days", lambda t: zone(t, "landing", {"expire_days": 0}), r"expire_days: is 0; must be at least 1"),
    (
        "zone versions",
        lambda t: zone(t, "landing", {"noncurrent_version_days": "7"}),
        r'noncurrent_version_days: is "7"; must be a whole number',
    ),
    (
        "too soon for IA",
        lambda t: zone(t, "landing", {"infrequent_access_after_days": 29}),
        r"^emr:storage\.zones\.landing\.infrequent_access_after_days: is 29; must be at least 30",
    ),
    (
        "tiering",
        lambda t: zone(t, "landing", {"intelligent_tiering_after_days": -1}),
        r"intelligent_tiering_after_days: is -1; must be at least 0",
    ),
    (
        "two classes",
        lambda t: zone(
            t, "landing", {"infrequent_access_after_days": 60, "intelligent_tiering_after_days": 30}
        ),
        r"infrequent_access_after_days: is 60 beside intelligent_tiering_after_days \(30\); take one",
    ),
    (
        "gone before it moves",
        lambda t: zone(t, "landing", {"expire_days": 30, "intelligent_tiering_after_days": 30}),
        r"expire_days: is 30, but objects change their class only after 30 days; it must be more",
    ),
    (
        "packages expire",
        lambda t: zone(t, "artifacts", {"expire_days": 90}),
        r"^emr:storage\.zones\.artifacts\.expire_days: is set, but runs refer to old packages",
    ),
    (
        "logs twice",
        lambda t: zone(t, "logs", {"expire_days": 90}),
        r"^emr:storage\.zones\.logs\.expire_days: is set, but storage\.log_retention_days says",
    ),
    (
        "bucket name",
        lambda t: zone(t, "landing", {"adopt": "My_Bucket"}),
        r'^emr:storage\.zones\.landing\.adopt: is "My_Bucket"; must be',
    ),
    (
        "adopted and aged",
        lambda t: zone(t, "landing", {"adopt": "acme-landing", "expire_days": 9}),
        r"^emr:storage\.zones\.landing\.expire_days: stands beside adopt",
    ),
    (
        "adopted without its key",
        lambda t: zone(t, "landing", {"adopt": "acme-landing"}),
        r"^emr:storage\.zones\.landing\.adopt: 'acme-landing' .* name it in encryption\.adopt\.landing",
    ),
    (
        "results",
        lambda t: t["storage"].update(query_result_days=0),
        r"query_result_days: is 0; must be at least 1",
    ),
    (
        "key window",
        lambda t: t.update(encryption={"key_deletion_window_days": 3}),
        r"is 3; must be at least 7",
    ),
]
