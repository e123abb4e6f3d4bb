"""What AWS's front refuses: unsigned, half signed, of a region there is not, too long, for no operation at all."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil
import pytest
from botocore.exceptions import ClientError

from local.cloud import admission, s3_names
from tests.local.cloud.conftest import Cloud

JSON_1_1, FORM = "application/x-amz-json-1.1", "application/x-www-form-urlencoded"
CLIENTS = 1000


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request, as far as the front looks at it; `service` None: not signed."""

    service: str | None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    region: str = "us-east-1"
    method: str = "POST"
    path: str = "/"

    def to(self, cloud: Cloud) -> tuple[int, str, bytes]:
        """Status, code of the error and body of the answer."""
        signed = {} if self.service is None else {"Authorization": scope(self.service, self.region)}
        data = None if self.method == "GET" else self.body
        request = urllib.request.Request(
            cloud.server.endpoint + self.path,
            data=data,
            headers={**signed, **self.headers},
            method=self.method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, "", answer.read()
        except urllib.error.HTTPError as error:
            body = error.read()
            return error.code, code_of(body), body


def scope(service: str, region: str = "us-east-1") -> str:
    """An Authorization header in the form of AWS's."""
    credential = f"AKIA2222222222222222/20250101/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"


def code_of(body: bytes) -> str:
    """The code of an error, in JSON or in XML."""
    if body.startswith(b"{"):
        return str(json.loads(body)["__type"])
    found = re.search(rb"<Code>(\w+)</Code>", body)
    return found[1].decode() if found else ""


def emr(target: str = "ElasticMapReduce.ListClusters", **more: object) -> Sent:
    headers = {"Content-Type": JSON_1_1, "X-Amz-Target": target, **more.pop("headers", {})}  # type: ignore[dict-item]
    return Sent(**{"service": "elasticmapreduce", "body": b"{}", "headers": headers, **more})  # type: ignore[arg-type]


def form(service: str | None, body: bytes, **more: object) -> Sent:
    return Sent(**{"service": service, "body": body, "headers": {"Content-Type": FORM}, **more})  # type: ignore[arg-type]


LIST_ROLES = b"Action=ListRoles&Version=2010-05-08"
LIST_VPCS = b"Action=DescribeVpcs&Version=2016-11-15"
LONG = b"x" * (admission.MOST_BYTES + 1)
REFUSED = {
    "unsigned json": (emr(service=None), 400, "MissingAuthenticationTokenException"),
    "unsigned query": (form(None, LIST_ROLES), 403, "MissingAuthenticationToken"),
    "unsigned ec2": (form(None, LIST_VPCS), 403, "MissingAuthenticationToken"),
    "half a scope": (
        emr(service=None, headers={"Authorization": "AWS4-HMAC-SHA256 Credential=A/b/c"}), 403,
        "IncompleteSignatureException",
    ),
    "no scheme of AWS's": (
        emr(service=None, headers={"Authorization": "garbage"}), 403, "IncompleteSignatureException",
    ),
    "the scheme of another": (
        Sent(service=None, method="GET", path="/bucket", headers={"Authorization": "AWS AKID:signature"}), 400,
        "InvalidRequest",
    ),
    "no region json": (emr(region="us-moon-1"), 400, "InvalidSignatureException"),
    "no region query": (form("iam", LIST_ROLES, region="us-moon-1"), 403, "SignatureDoesNotMatch"),
    "no region ec2": (form("ec2", LIST_VPCS, region="us-moon-1"), 401, "AuthFailure"),
    "no region rest": (
        Sent(service="emr-serverless", method="GET", path="/applications", region="<b>"), 400,
        "InvalidSignatureException",
    ),
    "a service that is not there": (
        Sent(service="emr-serverless", method="GET", path="/applications", region="us-iso-west-1"), 400,
        "UnknownEndpoint",
    ),
    "no region s3": (
        Sent(service="s3", method="GET", region="us-moon-1"), 400, "AuthorizationHeaderMalformed",
    ),
    "no operation json": (emr("ElasticMapReduce.Bogus"), 404, "UnknownOperationException"),
    "no target": (emr(""), 404, "UnknownOperationException"),
    "no operation query": (form("iam", b"Action=Bogus&Version=2010-05-08"), 400, "InvalidAction"),
    "no operation ec2": (form("ec2", b"Action=Bogus&Version=2016-11-15"), 400, "InvalidAction"),
    "no action": (form("iam", b"Version=2010-05-08"), 400, "MissingAction"),
    "no form": (form("iam", b"\xff\xfe%%%"), 400, "MissingAction"),
    "no method of the path": (
        Sent(service="emr-serverless", method="DELETE", path="/applications"), 404, "UnknownOperationException",
    ),
    "a name left empty": (
        Sent(service="emr-serverless", method="DELETE", path="/applications/0a/jobruns//"), 404,
        "UnknownOperationException",
    ),
    "long json": (emr(body=LONG), 413, "RequestEntityTooLargeException"),
    "long form": (form("iam", LIST_ROLES + LONG), 413, "RequestEntityTooLargeException"),
    "no xml": (
        Sent(service="s3", method="PUT", path="/front-bucket?versioning", body=b"<no"), 400, "MalformedXML",
    ),
    "a bucket in capitals": (Sent(service="s3", method="PUT", path="/Bad_Bucket!"), 400, "InvalidBucketName"),
    "a bucket like an address": (Sent(service="s3", method="PUT", path="/192.168.1.1"), 400, "InvalidBucketName"),
    "a long key": (
        Sent(service="s3", method="PUT", path="/front-bucket/" + "k" * 1025), 400, "KeyTooLongError",
    ),
}  # fmt: skip


@pytest.fixture
def front(cloud: Cloud) -> Cloud:
    """The server, with the bucket that the requests name."""
    s3 = cloud.client("s3")
    try:
        s3.head_bucket(Bucket="front-bucket")
    except ClientError:
        Sent(service="s3", method="PUT", path="/front-bucket").to(cloud)
    return cloud


@pytest.mark.parametrize("case", REFUSED)
def test_the_answer_is_the_documented_error(front: Cloud, case: str) -> None:
    sent, status, code = REFUSED[case]
    assert sent.to(front)[:2] == (status, code)


def test_a_presigned_address_and_a_web_identity_need_no_header(front: Cloud) -> None:
    s3 = front.client("s3")
    s3.put_object(Bucket="front-bucket", Key="shared", Body=b"hello")
    address = s3.generate_presigned_url("get_object", Params={"Bucket": "front-bucket", "Key": "shared"})
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.read() == b"hello"
    body = (
        b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=name&WebIdentityToken=" + b"t" * 20
        + b"&RoleArn=arn:aws:iam::123456789012:role/service"
    )  # fmt: skip
    assert form(None, body).to(front)[0] == 200


@pytest.mark.parametrize("length", ["-5", "abc", "9" * 30])
@pytest.mark.parametrize("kind", [JSON_1_1, FORM])
def test_a_length_that_is_none_hangs_nothing(front: Cloud, length: str, kind: str) -> None:
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nContent-Type: {kind}\r\n"
        f"Authorization: {scope('iam')}\r\n\r\n"
    )
    assert raw(front, head.encode()).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))


def test_a_body_that_is_shorter_than_it_says_is_malformed(front: Cloud) -> None:
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\nContent-Type: {JSON_1_1}\r\n"
        f"X-Amz-Target: ElasticMapReduce.ListClusters\r\nAuthorization: {scope('elasticmapreduce')}\r\n\r\n{{}}"
    )
    assert b"MalformedHttpRequestException" in raw(front, head.encode())


@pytest.mark.parametrize(
    "sent", [b"\0\1\2\r\n\r\n", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"{}\r\n\r\n"]
)
def test_what_is_no_http_gets_no_page(front: Cloud, sent: bytes) -> None:
    assert b"<html" not in raw(front, sent).lower()
    assert emr().to(front)[0] == 200


def raw(cloud: Cloud, sent: bytes) -> bytes:
    """What the server answers to these bytes, to the end."""
    found = b""
    with socket.create_connection(("127.0.0.1", cloud.server.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65_536):
            found += part
    return found


def test_a_thousand_clients_at_once_are_all_answered(front: Cloud) -> None:
    request = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Type: {JSON_1_1}\r\nConnection: close\r\n"
        f"X-Amz-Target: ElasticMapReduce.ListClusters\r\nAuthorization: {scope('elasticmapreduce')}\r\n\r\n{{}}"
    ).encode()

    async def all_at_once() -> list[bytes]:
        host, port = urlsplit(front.server.endpoint).hostname, front.server.port
        ends = await asyncio.gather(*(asyncio.open_connection(host, port) for _ in range(CLIENTS)))
        for _, writer in ends:  # all are connected before the first has asked
            writer.write(request)
        answers = await asyncio.gather(*(reader.read() for reader, _ in ends))
        for _, writer in ends:
            writer.close()
        return answers

    answers = asyncio.run(all_at_once())
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert emr().to(front)[0] == 200


def test_nobody_else_on_the_network_reaches_it(front: Cloud) -> None:
    listening = [
        c.laddr for c in psutil.Process().net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN
    ]
    assert {address[0] for address in listening if address[1] == front.server.port} == {"127.0.0.1"}


@pytest.mark.parametrize("name", ["abc", "a" * 63, "emr-dev-logs-123456789012-us-east-1", "with.dots", "1-2"])
def test_plain_bucket_names_are_allowed(name: str) -> None:
    assert s3_names.allowed(name)


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "Upper",
        "under_score",
        "-begins",
        "ends-",
        "two..dots",
        "10.0.0.1",
        "xn--a1",
        "a-s3alias",
    ],
)
def test_other_bucket_names_are_not(name: str) -> None:
    assert not s3_names.allowed(name)
