"""Client tokens: the same request sent twice does its work once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


class Tokens:
    """What was answered to which token, in one account and region."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[Json, Json]] = {}

    def once(
        self,
        operation: str,
        request: Mapping[str, Any],
        do: Callable[[], Json],
        conflict: Callable[[str], Exception],
    ) -> Json:
        """The answer of `do`, or the one that the same request got before.

        Raises `conflict` when the token came with another request; what fails can be tried again with its token.
        """
        asked = dict(request)
        token = asked.pop("clientToken")
        key = (operation, token)
        if key not in self.answers:
            self.answers[key] = (asked, do())
        first, answer = self.answers[key]
        if first != asked:
            raise conflict(f"The client token '{token}' has been used with a different {operation} request.")
        return answer
