"""The ARNs that a stack file names, held against where the stack lives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from infra.naming import partition_of


def of_another_world(region: str, named: Mapping[str, str]) -> Iterable[str]:
    """ARNs, by their keys, of another of AWS's separate worlds: there is nobody and nothing of that name in this one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    partition = partition_of(region)
    for key, arn in named.items():
        if arn.split(":")[1] != partition:
            yield (
                f"{key}: '{arn}' is of the partition '{arn.split(':')[1]}', and {region} is in '{partition}'; name one "
                "of that"
            )


def told_elsewhere(region: str, topics: Mapping[str, str]) -> Iterable[str]:
    """Topics, by their keys, that an alarm in `region` cannot tell: CloudWatch takes those of its own region alone.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, AlarmActions
    """
    for key, arn in topics.items():
        if arn.split(":")[3] != region:
            yield f"{key}: '{arn}' is no topic of {region}, and an alarm tells those of its own region; name one of its"


def listed(key: str, arns: Iterable[str]) -> dict[str, str]:
    """The ARNs of a list by their keys: `identity.trusted_arns[0]`."""
    return {f"{key}[{index}]": arn for index, arn in enumerate(arns)}
