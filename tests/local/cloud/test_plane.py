"""Timers and commands: order, time, and that a defect in one does not stop the others."""

from __future__ import annotations

import threading

import pytest

from local.cloud.clock import ManualClock
from local.cloud.plane import ControlPlane


def test_a_chain_of_timers_runs_at_its_own_times_however_far_the_clock_jumps() -> None:
    clock = ManualClock()
    plane, start, seen = ControlPlane(clock), ManualClock().now(), list[tuple[str, float]]()

    def note(name: str) -> None:
        seen.append((name, (plane.now() - start).total_seconds()))

    def first() -> None:
        note("first")
        plane.after(10, lambda: note("third"))

    plane.after(5, first)
    plane.after(12, lambda: note("second"))
    clock.advance(1000)
    plane.settle()

    assert seen == [("first", 5), ("second", 12), ("third", 15)]


def test_what_is_not_due_or_is_cancelled_does_not_run() -> None:
    clock = ManualClock()
    plane, seen = ControlPlane(clock), list[str]()
    plane.after(1, lambda: seen.append("cancelled")).cancel()
    plane.after(2, lambda: seen.append("later"))
    clock.advance(1.5)
    plane.settle()
    assert seen == []

    clock.advance(0.5)
    plane.settle()
    assert seen == ["later"]


def test_commands_run_in_order_and_outside_the_lock() -> None:
    clock = ManualClock()
    plane, seen = ControlPlane(clock), list[str]()

    def report() -> None:
        with plane.lock:
            seen.append("report")

    def command() -> None:
        # A runner may report from any thread while it is being told something.
        other = threading.Thread(target=report)
        other.start()
        other.join(5)
        seen.append("command")

    def timer() -> None:
        seen.append("timer")
        plane.command(command)

    plane.after(1, timer)
    plane.after(2, lambda: seen.append("next timer"))
    clock.advance(3)
    plane.settle()
    assert seen == ["timer", "report", "command", "next timer"]


def test_a_failing_action_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    plane, seen = ControlPlane(ManualClock()), list[str]()
    plane.after(0, lambda: seen.remove("not there"))
    plane.command(lambda: seen.remove("not there"))
    plane.after(0, lambda: seen.append("ran"))
    plane.settle()

    assert seen == ["ran"]
    assert len([r for r in caplog.records if r.exc_info]) == 2


def test_the_thread_runs_timers_by_itself() -> None:
    plane, ran = ControlPlane(), threading.Event()
    plane.start()
    try:
        plane.after(0.01, ran.set)
        assert ran.wait(5)
    finally:
        plane.stop()


def test_a_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="-1"):
        ManualClock().advance(-1)
