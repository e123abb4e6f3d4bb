"""What an argument becomes: values, dates that move, parameters; and what is refused."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts.errors import UserError
from jobs.spec import Contract, dates, templates
from tests.jobs.specs import job

AT = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)  # half past midnight in New York
ZONES = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"])
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))


def test_arguments_are_templates() -> None:
    made = job(arguments=["--in=${inputs.flights}", "$$5", "${run.date}/${run.id}"])
    values = {name: f"<{name}>" for name in made.template_names()}
    assert made.render(values, AT) == ("--in=<inputs.flights>", "$5", "2026-11-01/<run.id>")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run.date", "2026-11-01"),
        ("run.hour", "00"),
        ("run.month", "2026-11"),
        ("run.year", "2026"),
        ("run.date-1d", "2026-10-31"),
        ("run.date-1h", "2026-10-31"),
        ("run.hour-1h", "23"),
        ("run.month-1m", "2026-10"),
        ("run.date+1m", "2026-12-01"),
        ("run.year-11m", "2025"),
        ("run.hour+2h", "01"),  # the clocks are put back at two: one o'clock comes twice
        ("run.hour+3h", "02"),
    ],
)
def test_dates_are_local_to_the_schedule(name: str, value: str) -> None:
    (found,) = job(arguments=[f"${{{name}}}"]).render({}, AT)
    assert found == value


def test_a_month_before_the_31st_of_march_is_the_last_of_february() -> None:
    at = datetime(2028, 3, 31, 12, tzinfo=UTC)
    assert dates.part("run.date-1m", at, "UTC") == "2028-02-29"


@given(at=TIMES, days=st.integers(0, 9999), zone=ZONES)
def test_days_are_the_calendars_in_every_zone(at: datetime, days: int, zone: str) -> None:
    today = date.fromisoformat(dates.part("run.date", at, zone))
    assert dates.part(f"run.date-{days}d", at, zone) == str(today - timedelta(days=days))
    assert dates.part(f"run.date+{days}d", at, zone) == str(today + timedelta(days=days))


@given(at=TIMES, hours=st.integers(-9999, 9999), zone=ZONES)
def test_hours_pass(at: datetime, hours: int, zone: str) -> None:
    then = (at + timedelta(hours=hours)).astimezone(ZoneInfo(zone))
    assert dates.part(f"run.hour{hours:+}h", at, zone) == f"{then:%H}"
    assert dates.part(f"run.date{hours:+}h", at, zone) == str(then.date())


@given(at=TIMES, months=st.integers(0, 9999), zone=ZONES)
def test_months_are_the_calendars_and_keep_the_day_where_there_is_one(
    at: datetime, months: int, zone: str
) -> None:
    today = date.fromisoformat(dates.part("run.date", at, zone))
    then = date.fromisoformat(dates.part(f"run.date-{months}m", at, zone))
    assert (today.year - then.year) * 12 + today.month - then.month == months
    assert then.day == min(today.day, monthrange(then.year, then.month)[1])


@given(at=TIMES, zone=ZONES)
def test_a_day_that_is_asked_for_is_the_runs_date(at: datetime, zone: str) -> None:
    day = str(at.date())
    assert dates.part("run.date", dates.parse(day, zone), zone) == day
    noon = dates.parse(f"{day}T12", zone)  # no clocks are changed at noon
    assert (dates.part("run.date", noon, zone), dates.part("run.hour", noon, zone)) == (day, "12")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "today",
        "2026-13-01",
        "2026-02-30",
        "1969-12-31",
        "2200-01-01",
        "2026-11-01T24",
        "2026-11-01 ",
        "٢٠٢٦-11-01",
        "9" * 5000,
    ],
)
def test_what_is_no_day_is_refused_with_what_is_one(said: str) -> None:
    with pytest.raises(ValueError, match=r"is no day such as 2026-11-01 and no hour such as") as caught:
        dates.parse(said, "UTC")
    assert len(str(caught.value)) < 200


@given(values=st.dictionaries(st.sampled_from(["a.x", "b.y", "c"]), st.text(max_size=30), min_size=3))
def test_what_is_put_in_is_never_looked_into(values: dict[str, str]) -> None:
    """A value that looks like a template stays what it is: nothing is rendered twice."""
    text = "|".join(f"${{{name}}}" for name in sorted(values))
    assert templates.render(text, values, AT, "UTC") == "|".join(values[name] for name in sorted(values))


@given(text=st.text(alphabet="${}run.date-1dx", max_size=20))
def test_what_passes_the_check_can_be_rendered_and_nothing_else(text: str) -> None:
    wrong = list(templates.mistakes(text, ("x",)))
    if not wrong:
        templates.render(text, {"x": "1"}, AT, "UTC")
    else:
        assert len(wrong[0]) < 400


@pytest.mark.parametrize(
    "argument",
    [
        "$run.date",
        "${run.date-1}",
        "${run.date-1w}",
        "${run.date-10000d}",
        "${run.id-1d}",
        "${RUN.DATE}",
        "${run.date - 1d}",
        "${inputs.flights-1d}",
        "${}",
        "${param.nope}",
    ],
)
def test_the_grammar_is_closed(argument: str) -> None:
    with pytest.raises(ValueError, match=r"is unknown; allowed are|starts no"):
        job(arguments=[argument])


def test_a_parameter_may_hold_a_date_and_a_run_says_another() -> None:
    made = job(
        parameters={"day": "${run.date-1d}", "limit": "10"}, arguments=["${param.day}", "${param.limit}"]
    )
    assert made.render({}, AT) == ("2026-10-31", "10")
    assert made.render({}, AT, {"day": "${run.id}"}) == ("${run.id}", "10")  # taken as it is
    with pytest.raises(ValueError, match=r"parameters.day: '\$\{inputs.flights\}' is unknown"):
        job(parameters={"day": "${inputs.flights}"})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"dya": "1"}, r"has no parameter 'dya'; it has: day, limit"),
        ({"day": "a\nb"}, r"parameter 'day' has 3 characters; at most 1024 .* no control"),
        ({"day": "x" * 1025}, r"parameter 'day' has 1025 characters"),
        (
            {"day": "AKIA" + "A" * 16},
            r"parameter 'day' holds what looks like an AWS access key; name the secret's",
        ),
        ({"x" * 10_000: "1"}, r"has no parameter 'x{40}'; it has"),
    ],
)
def test_a_parameter_that_a_run_may_not_say_is_one_line(said: dict[str, str], told: str) -> None:
    made = job(parameters={"day": "1", "limit": "2"})
    with pytest.raises(UserError, match=told) as caught:
        made.require_parameters(said)
    assert "\n" not in str(caught.value)
    made.require_parameters({"day": "2026-11-01"})


def test_a_canarys_parameters_are_the_jobs() -> None:
    with pytest.raises(
        ValueError, match=r"canary.parameters.month: is no parameter of the job; it has: none"
    ):
        job(canary={"parameters": {"month": "2013-01"}})


@pytest.mark.parametrize("argument", ["{{x", '--json={"a":{"b":1}}', "${run.date}}}"])
def test_what_yarn_would_replace_is_refused(argument: str) -> None:
    with pytest.raises(ValueError, match=r"arguments.0: holds '(\{\{|\}\})', which YARN replaces"):
        job(arguments=[argument])
    job(arguments=["{${run.date}}", '{"a": {"b": 1} }', "${run.date}${run.date}"])


def test_no_contract_has_what_yarn_would_replace() -> None:
    contract = Contract(columns={"a": "int"}, most_null_share={"a": 0.5})
    for one in (contract, Contract(columns={"a": "int"})):
        assert "}}" not in one.as_argument()
        assert Contract.model_validate_json(one.as_argument()) == one


def test_a_contract_reaches_the_workload_as_json() -> None:
    made = job(arguments=["${contracts.delays}"])
    (found,) = made.render({}, AT)
    assert found.startswith('{"columns":{"month":"int"')
    with pytest.raises(ValueError, match=r"'\$\{contracts.delays\}' is unknown"):
        job(outputs=[{"name": "delays", "zone": "curated", "prefix": "x/"}])
