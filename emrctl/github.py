"""What a workflow asks of GitHub: a token that says who it is, and one comment on a pull request, kept up to date."""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError

from facts.errors import UserError

AUDIENCE = "sts.amazonaws.com"
PAGE = 100  # the most that GitHub gives: https://docs.github.com/en/rest/issues/comments
TIMEOUT_SECONDS = 30


def given(name: str, why: str) -> str:
    """An environment variable that a workflow has. Raises UserError with how it comes to have it."""
    value = os.environ.get(name)
    if not value:
        raise UserError(f"{name} is not set; {why}")
    return value


def identity_token() -> str:
    """This workflow's token for AWS. Raises UserError outside of a workflow that may ask for one.

    https://docs.github.com/en/actions/reference/security/oidc
    """
    why = "a job of GitHub Actions has it with the permission 'id-token: write'"
    url = given("ACTIONS_ID_TOKEN_REQUEST_URL", why)
    bearer = given("ACTIONS_ID_TOKEN_REQUEST_TOKEN", why)
    query = "&" if "?" in url else "?"
    answer = _ask("GET", f"{url}{query}audience={AUDIENCE}", bearer, None)
    return str(answer["value"])


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request; `repository` is owner/name."""

    api: str
    repository: str
    number: int
    token: str

    def say(self, marker: str, body: str) -> tuple[str, str]:
        """Have `body` be the comment that begins with `marker`: a bot's that is there, else a new one.

        Returns "made", "changed" or "unchanged", and the comment's address. Raises UserError with what GitHub says.
        """
        comments = f"{self.api}/repos/{self.repository}/issues/{self.number}/comments"
        for one in self._comments(comments):
            # Anybody may write a comment with the marker; it is not ours to overwrite.
            if one["user"]["type"] == "Bot" and str(one["body"]).startswith(marker):
                if _same(one["body"], body):
                    return "unchanged", one["html_url"]
                return "changed", _ask("PATCH", one["url"], self.token, {"body": body})["html_url"]
        return "made", _ask("POST", comments, self.token, {"body": body})["html_url"]

    def _comments(self, address: str) -> Iterator[dict[str, Any]]:
        page = 1
        while found := _ask("GET", f"{address}?per_page={PAGE}&page={page}", self.token, None):
            yield from found
            if len(found) < PAGE:
                return
            page += 1


def _same(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").strip() == other.strip()


def _ask(method: str, url: str, token: str, body: dict[str, Any] | None) -> Any:
    if urllib.parse.urlsplit(url).scheme not in ("https", "http"):
        raise UserError(f"'{url}' is no address of GitHub's API")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "emrctl"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  # the scheme is looked at
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return json.load(answer)
    except HTTPError as error:
        said = error.read().decode(errors="replace")[:200]
        raise UserError(f"GitHub answers {error.code} to {method} {_path(url)}: {said}", code=1) from None
    except (URLError, TimeoutError, ValueError) as error:
        raise UserError(f"GitHub does not answer to {method} {_path(url)}: {error}", code=1) from None


def _path(url: str) -> str:
    """The address without its query, which may hold what others should not see."""
    return url.split("?")[0]
