"""A workflow's dealings with GitHub and AWS, against servers of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from emrctl.ci import take
from emrctl.github import PullRequest, identity_token
from facts.errors import UserError
from tests.emrctl.test_main import emrctl

MARK = "<!-- emrctl policy report: dev -->"


@dataclass
class GitHub:
    """The comments of one pull request, and a door that closes."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    refuses: int = 0

    def add(self, body: str, kind: str = "Bot") -> dict[str, Any]:
        number = len(self.comments) + 1
        address = f"{self.url}/repos/o/r/issues/comments/{number}"
        self.comments.append(
            {"body": body, "url": address, "html_url": f"page#{number}", "user": {"type": kind}}
        )
        return self.comments[-1]

    def answer(self, method: str, path: str, body: dict[str, str] | None) -> Any:
        self.asked.append((method, path))
        parts = urlsplit(path)
        if parts.path == "/token":
            return {"value": f"token for {parse_qs(parts.query)['audience'][0]}"}
        if method == "PATCH":
            found = self.comments[int(parts.path.rsplit("/", 1)[1]) - 1]
            return found | {"body": found.update(body or {})}
        if method == "POST":
            return self.add((body or {})["body"])
        query = {key: int(value[0]) for key, value in parse_qs(parts.query).items()}
        first = (query["page"] - 1) * query["per_page"]
        return self.comments[first : first + query["per_page"]]


@pytest.fixture
def github() -> Iterator[GitHub]:
    found = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            allowed = self.headers["Authorization"] == "Bearer secret" and not found.refuses
            answer = found.answer(self.command, self.path, body) if allowed else {"message": "no entry"}
            self.send_response(200 if allowed else found.refuses or 401)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def do_POST(self) -> None:
            self.do_GET()

        def do_PATCH(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def pull_request(github: GitHub) -> PullRequest:
    return PullRequest(api=github.url, repository="o/r", number=7, token="secret")


def test_there_is_one_comment_however_often_it_is_said(github: GitHub) -> None:
    for number in range(150):
        github.add(f"chat {number}", "User")
    assert pull_request(github).say(MARK, f"{MARK}\none\n")[0] == "made"
    assert pull_request(github).say(MARK, f"{MARK}\none\n") == ("unchanged", "page#151")
    assert pull_request(github).say(MARK, f"{MARK}\ntwo\n") == ("changed", "page#151")
    assert len(github.comments) == 151
    assert github.comments[-1]["body"] == f"{MARK}\ntwo\n"


def test_a_persons_comment_with_the_marker_is_left_alone(github: GitHub) -> None:
    github.add(f"{MARK}\nmine", "User")
    assert pull_request(github).say(MARK, f"{MARK}\nours")[0] == "made"
    assert github.comments[0]["body"] == f"{MARK}\nmine"


def test_what_github_refuses_is_said_with_what_was_asked(github: GitHub) -> None:
    github.refuses = 403
    with pytest.raises(
        UserError, match=r"GitHub answers 403 to GET http\S+/repos/o/r/issues/7/comments: .*no entry"
    ):
        pull_request(github).say(MARK, MARK)
    with pytest.raises(UserError, match="is no address of GitHub's API"):
        PullRequest(api="file:///etc", repository="o/r", number=1, token="x").say(MARK, MARK)


def test_the_verb_takes_a_report_and_nothing_else(
    github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "report.md"
    report.write_text("# something else\n")
    told = emrctl("policy", "comment", str(report), "--pull-request", "7")
    assert (told.returncode, "is no report: it begins with '# something else'" in told.stderr) == (2, True)
    report.write_text(f"{MARK}\nwell\n")
    told = emrctl("policy", "comment", str(report), "--pull-request", "7")
    assert "GITHUB_API_URL is not set" in told.stderr
    for name, value in {"API_URL": github.url, "REPOSITORY": "o/r", "TOKEN": "secret"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    told = emrctl("policy", "comment", str(report), "--pull-request", "7")
    assert (told.returncode, told.stdout) == (0, "made: page#1\n")


def test_a_workflow_takes_its_role_and_its_log_never_shows_the_credentials(
    github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{github.url}/token?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret")
    monkeypatch.setenv("GITHUB_RUN_ID", "42")
    token = identity_token()
    assert token == "token for sts.amazonaws.com"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    file = tmp_path / "env"
    file.write_text("BEFORE=1\n")
    try:
        session = take("arn:aws:iam::123456789012:role/emr-account-ci-preview", "us-east-1", token, file)
    finally:
        server.stop()
    assert session.endswith("assumed-role/emr-account-ci-preview/github-42")
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert set(lines) == {
        "BEFORE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION",
    }  # fmt: skip
    out, err = capfd.readouterr()
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        assert lines[key] not in out
        assert f"::add-mask::{lines[key]}\n" in err


def test_outside_of_a_workflow_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)
    monkeypatch.setenv("GITHUB_ENV", "env")
    told = emrctl("ci", "login", "--role", "arn:aws:iam::123456789012:role/x", "--region", "us-east-1")
    assert told.returncode == 2
    assert "ACTIONS_ID_TOKEN_REQUEST_URL is not set" in told.stderr
    assert "id-token: write" in told.stderr
