"""A secret that a job's spec names: its ARN is an argument, its value is read when the job runs.

Read it in the driver, and give it to what needs it there (a JDBC option): it cannot be sent to executors. Spark itself
keeps options whose names contain secret, password, token or access key out of its logs and its page
(spark.redaction.regex, https://spark.apache.org/docs/latest/configuration.html).
"""

from __future__ import annotations

from typing import Any, NoReturn


class Secret:
    """A value that no log shows: text, format, repr and pickle do not give it away. `reveal` does."""

    __slots__ = ("__value", "_arn")

    def __init__(self, arn: str, value: str) -> None:
        self._arn = arn
        self.__value = value

    def reveal(self) -> str:
        """The value itself."""
        return self.__value

    def __repr__(self) -> str:
        return f"Secret({self._arn})"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"{self!r} does not leave the driver: read it there, and pass what was made with it")


class SecretUnreadableError(RuntimeError):
    """The secret is not there, or the job's role may not read it."""


def read(arn: str, client: Any = None) -> Secret:
    """The secret's text, asked for with the job's own role. Raises SecretUnreadableError that names the ARN alone."""
    try:
        import boto3  # of the nodes' own Python: no job without a secret needs it
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise SecretUnreadableError(f"{arn}: the Python of this job has no boto3") from None
    try:
        client = client or boto3.client("secretsmanager", region_name=arn.split(":")[3])
        answer = client.get_secret_value(SecretId=arn)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "an error")
        raise SecretUnreadableError(f"{arn}: {code}") from None
    except BotoCoreError as error:
        raise SecretUnreadableError(f"{arn}: {type(error).__name__}") from None
    if "SecretString" not in answer:
        raise SecretUnreadableError(f"{arn}: holds bytes, not text; store it as text")
    return Secret(arn, answer["SecretString"])
