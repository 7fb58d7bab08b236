"""What every registered policy must keep to; a new policy is tested here by being registered."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sim.channels import CHANNELS
from sim.errors import ScenarioError
from sim.levers import Levers
from sim.policies import POLICIES, Moment, Policy
from sim.scenario import load
from sim.units import Money, Unit, marks, unit_of

NOW = Moment(2022.5, 2.5)
MONEY = next(mark for mark in marks(Money) if isinstance(mark, Unit)).name
WORTH = {"budget_per_year": 1_000_000.0}
"""Values for parameters without a default."""
ROOT = Path(__file__).resolve().parents[2]

each = pytest.mark.parametrize("name", POLICIES)


def made(name: str, **parameters: Any) -> Policy:
    """A policy with the values for parameters without a default, and those given."""
    policy = POLICIES[name]
    needed = {key: WORTH[key] for key, field in policy.model_fields.items() if field.is_required()}
    return policy(**{**needed, **parameters})


def amounts(policy: type[Policy]) -> list[str]:
    """Names of the parameters that are amounts of money."""
    units = {key: unit_of(field) for key, field in policy.model_fields.items()}
    return [key for key, unit in units.items() if unit is not None and unit.name == MONEY]


def applied(policy: Policy, now: Moment = NOW) -> dict[str, Any]:
    """Fresh levers after the policy has moved them."""
    levers = Levers()
    policy.apply(levers, now)
    return dataclasses.asdict(levers)


def neutral(lever: dataclasses.Field[Any]) -> Any:
    """The neutral value of a lever."""
    return lever.default if lever.default is not dataclasses.MISSING else lever.default_factory()  # type: ignore[misc]


def combined(how: str, value: Any) -> Any:
    """What a lever holds once two equal policies have moved it."""
    if isinstance(value, dict):
        return {key: combined(how, part) for key, part in value.items()}
    if isinstance(value, list):
        return value + value
    if how == "first":
        return value  # what the first one set stays
    return {"sum": 2.0 * value, "product": value**2, "max": value}[how]


@each
def test_declares_channel_and_neutral_parameters(name: str) -> None:
    policy = POLICIES[name]
    assert policy.channel is None or policy.channel in CHANNELS  # None: it has no leads of its own
    assert policy.neutral
    assert set(policy.neutral) <= set(policy.model_fields) - {"start", "stop"}
    made(name, **policy.neutral)
    assert made(name) != made(name, **policy.neutral)


@each
def test_documents_every_parameter(name: str) -> None:
    assert POLICIES[name].__doc__
    for key, field in POLICIES[name].model_fields.items():
        assert field.description, key


@each
def test_is_frozen(name: str) -> None:
    policy = made(name)
    for key in type(policy).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(policy, key, getattr(policy, key))


@each
def test_refuses_unknown_parameters(name: str) -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        made(name, budgets=1)


@each
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "1000", True])
def test_refuses_what_is_no_amount_of_money(name: str, value: object) -> None:
    assert amounts(POLICIES[name])
    for key in amounts(POLICIES[name]):
        with pytest.raises(ValidationError):
            made(name, **{key: value})


@each
@pytest.mark.parametrize(("start", "stop"), [(2022.0, 2022.0), (2023.0, 2022.0)])
def test_refuses_a_stop_before_the_start(name: str, start: float, stop: float) -> None:
    with pytest.raises(ValidationError, match="after start"):
        made(name, start=start, stop=stop)


@each
def test_neutral_parameters_put_back_every_lever_they_touch(name: str) -> None:
    # That the levers left - a price, a saturation - act on nothing then is shown to the bit by the tests of invariance.
    fresh, active = dataclasses.asdict(Levers()), applied(made(name))
    neutral = applied(made(name, **POLICIES[name].neutral))
    touched = [(g, key) for g in fresh for key in fresh[g] if active[g][key] != neutral[g][key]]
    assert touched
    for group, key in touched:
        assert neutral[group][key] == fresh[group][key], f"{group}.{key}"


@each
def test_apply_depends_on_nothing_but_the_moment(name: str) -> None:
    policy = made(name)
    before = policy.model_dump()
    first, later, again = applied(policy), applied(policy, Moment(2024.5, 4.5)), applied(policy)
    assert first == again
    assert first == later  # no schedule, no memory
    assert policy.model_dump() == before
    with pytest.raises(ValidationError):
        policy.start = 2000.0


@each
def test_fresh_levers_are_never_those_of_the_tick_before(name: str) -> None:
    applied(made(name))
    assert dataclasses.asdict(Levers()) == {
        group.name: {lever.name: neutral(lever) for lever in dataclasses.fields(getattr(Levers(), group.name))}
        for group in dataclasses.fields(Levers)
    }


@each
def test_runs_from_start_to_stop(name: str) -> None:
    def at(calendar: float) -> Moment:
        return Moment(calendar, calendar - 2020)

    always, spell = made(name), made(name, start=2021.5, stop=2023.0)
    assert always.active(at(1999.0))
    assert [spell.active(at(t)) for t in (2021.49, 2021.5, 2022.0, 2022.99, 2023.0)] == [False, True, True, True, False]


@each
def test_takes_schedules(name: str) -> None:
    for key in amounts(POLICIES[name]):
        if hasattr(getattr(made(name), key), "at"):
            policy = made(name, **{key: {2020: 0, 2024: 1000}})
            assert getattr(policy, key).at(2022.0) == 500.0
            assert applied(policy, Moment(2020.0, 0.0)) != applied(policy, Moment(2024.0, 4.0))
            return
    pytest.fail("no amount of money of this policy can change over time")


@each
def test_is_switched_on_and_off_by_scenarios(name: str) -> None:
    off = load("referral", {f"policies.{name}": None})
    assert name not in dict(off.active_policies())
    on = [n for n, _ in load("referral").active_policies()]
    assert on == [n for n in POLICIES if n in on] != []  # in the order of the registry
    with pytest.raises(ScenarioError, match=name):
        load("referral", {f"policies.{name}.stat": 2021})


def test_levers_say_how_policies_combine() -> None:
    for group in dataclasses.fields(Levers):
        for lever in dataclasses.fields(getattr(Levers(), group.name)):
            assert lever.metadata["combine"] in ("sum", "product", "max", "first"), lever.name
            expected = 1.0 if lever.metadata["combine"] == "product" else 0.0
            assert neutral(lever) == expected or not neutral(lever)  # lists and maps begin empty, choices open
            assert lever.metadata["meaning"]


@each
def test_levers_combine_as_they_say(name: str) -> None:
    one, both = applied(made(name)), Levers()
    for _ in range(2):
        made(name).apply(both, NOW)
    for group, values in dataclasses.asdict(both).items():
        for lever in dataclasses.fields(getattr(both, group)):
            before = one[group][lever.name]
            assert values[lever.name] == combined(lever.metadata["combine"], before), f"{group}.{lever.name}"


def test_a_toy_policy_takes_one_file_and_one_line() -> None:
    # In a process of its own: the registry has to be complete before the schema is made from it.
    command = [sys.executable, "-m", "tests.contract.toy_policy", "absent", "0", "6000000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    absent, neutral, active = json.loads(done.stdout)
    assert neutral["same_as_first"]
    assert not active["same_as_first"]
    assert active["leads_before"] == absent["leads_before"] > 0
    assert active["leads_after"] > 1.2 * absent["leads_after"]
    assert active["spent"] > 1.2 * absent["spent"]
