"""`emrctl down`: destroy the local stacks and stop everything that runs here."""

from __future__ import annotations


def command() -> None:
    """Destroy the stack of the local AWS, stop it and every process of it. Fine when nothing runs."""
    from emrctl.demo import down

    down()
