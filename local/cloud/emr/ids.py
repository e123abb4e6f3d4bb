"""Names of EMR's things, in EMR's form: `j-` and thirteen capitals and digits."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """A new name with this prefix (`j-`, `s-`, `if-`, `ig-`, `ci-`)."""
    return prefix + "".join(random.choices(_ALPHABET, k=13))  # noqa: S311 a name, not a secret


def new_ip() -> str:
    """A private address. It is for show: nodes are processes of this machine."""
    return "10.{}.{}.{}".format(*(random.randrange(1, 255) for _ in range(3)))  # noqa: S311
