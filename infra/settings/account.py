"""What a stack says of the account beneath it: where to read of it, and who is told of its break-glass role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from facts.texts import text
from infra.settings.model import SettingsModel, refuse

StackName = Annotated[
    str,
    text(
        r"^[\w.-]+/[\w.-]+/[\w.-]+$",
        "a stack by its whole name, as organization/emr-platform/account",
        longest=300,
    ),
]
LogGroupName = Annotated[
    str, text(r"^[\w./#-]+$", "the name of a log group, as /aws/cloudtrail/emr", longest=512)
]
TopicArn = Annotated[
    str,
    text(
        r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$",
        "the ARN of a topic, as arn:aws:sns:us-east-1:123456789012:alarms",
    ),
]


class AdoptedAccountSettings(SettingsModel):
    """What others keep of the account."""

    trail_log_group: LogGroupName
    """The log group that the account's audit trail writes to, in the stack's own region."""


class AccountReferenceSettings(SettingsModel):
    """The account beneath: read from the stack that makes it, or named where others keep it."""

    stack: StackName | None = None
    """The account's own stack: organization/emr-account/account, where states lie in the account's bucket."""
    adopt: AdoptedAccountSettings | None = None
    """What is there already, where the account is no stack of ours."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> AccountReferenceSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        if self.stack is not None and self.adopt is not None:
            yield "adopt: stands beside stack, which says the same of the account; remove one of the two"
        if self.stack is None and self.adopt is None:
            yield "stack: is missing; name the account's stack (organization/emr-account/account), or adopt"


class BreakGlassAlarmSettings(SettingsModel):
    """The alarm on the break-glass role, by the account's audit trail; it is there when the account is known."""

    enabled: bool = True
    """Whether someone is told when anyone takes, or tries to take, the break-glass role."""
    # An alarm has five actions: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    topic_arns: tuple[TopicArn, ...] = Field(default=(), max_length=5)
    """SNS topics that are told; none named: the stack's own topic page."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> BreakGlassAlarmSettings:
        refuse(self._mistakes())
        return self

    def _mistakes(self) -> Iterable[str]:
        if self.topic_arns and not self.enabled:
            yield "topic_arns: stand beside enabled: false, so nobody is told; remove one of the two"
