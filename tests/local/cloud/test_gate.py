"""The gate: closed, nobody is inside; open, nobody waits."""

from __future__ import annotations

import threading

import pytest

from local.cloud.gate import BusyError, Gate


def test_closed_it_waits_for_who_is_inside_and_holds_back_who_comes() -> None:
    gate, entered, leave, order = Gate(), threading.Event(), threading.Event(), list[str]()

    def first() -> None:
        with gate.passed():
            entered.set()
            leave.wait(10)
            order.append("first leaves")

    def second() -> None:
        with gate.passed():
            order.append("second")

    one, other = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    entered.wait(10)
    threading.Timer(0.05, leave.set).start()
    with gate.closed(10):
        order.append("closed")
        other.start()
        other.join(0.1)
        order.append("opened")
    one.join(10)
    other.join(10)
    assert order == ["first leaves", "closed", "opened", "second"]


def test_who_does_not_leave_keeps_it_from_closing_and_nobody_from_entering() -> None:
    gate = Gate()
    with gate.passed():
        with pytest.raises(BusyError, match=r"more than 0\.01 s"), gate.closed(0.01):
            raise AssertionError("it is not closed")
        with gate.passed():
            pass


def test_it_opens_when_the_body_fails() -> None:
    gate = Gate()
    with pytest.raises(ValueError, match="body"), gate.closed(1):
        raise ValueError("body")
    with gate.passed():
        pass
