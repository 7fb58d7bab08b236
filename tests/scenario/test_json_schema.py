"""The schema that editors check scenarios with: it agrees with the loader wherever a schema can."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.report import shown
from sim.scenario import Scenario, read
from sim.scenario.check import check
from sim.scenario.json_schema import FILE, document
from sim.scenario.lineage import Lineage
from sim.scenario.merge import Cleared, merge
from sim.scenario.places import SCENARIOS
from sim.scenario.tree import Index, Node, Step, is_year, planted, steps_of
from sim.scenario.yaml_core import parse
from sim.schedule import YEAR_PATTERN

SHIPPED = sorted(file for file in SCENARIOS.rglob("*.yaml") if file.name != "calibration.yaml")

ONLY_THE_LOADER_KNOWS = [
    r"shares must sum to 1",
    r"lacks the segment",
    r"there is no (segment|district)",
    r"is the name of districts\[\d+\] already",
    r"must be at least the \d+ households simulated",
    r"must lie (between|after)",
    r"must be later than open_hour",
    r"must be at most the [\d.]+ hours per week a store is open",
    r"so that skill_mean",
    r"must together stay below brand.price",
    r"`all` opens the programme to everybody",
    r"is not measured by",
    r"needs min or max|must be at least min",
    r"must be a value of \w+ in this scenario",
    r"is the name of a device",
    r"a whole number.*not -?[\de+]+\.0(; write \d+)?$",  # JSON has one kind of number
    r"add up to more than 1,000",
    r"must be above 0 at all times",
    r"there is nothing of this name to take away",
    r"keys are names of",  # in JSON all keys are text, years too
]
"""Rules of several values, of names, and of what JSON cannot tell apart: all that the schema leaves to `validate`."""


@cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(document(Scenario)))


def as_json(value: object) -> Any:
    """A value as an editor hands it to a validator: keys are text."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list | tuple) else value


def valid(content: object) -> bool:
    return bool(validator().is_valid(as_json(content)))


def valid_text(text: str) -> bool:
    node, problems = parse(text, "x.yaml")
    assert node is not None
    assert not problems
    return valid(node.plain())


# --- the file and its users -------------------------------------------------------------------------------------------


def test_the_file_of_the_schema_is_up_to_date() -> None:
    renew = "renew it with `python run.py schema > scenarios/schema.json`"
    assert FILE.read_text(encoding="utf-8") == document(Scenario), renew


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(validator().schema)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_scenarios_carry_the_line_of_editors_and_are_valid(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    relative = Path(os.path.relpath(FILE, file.parent)).as_posix()
    assert text.partition("\n")[0] == f"# yaml-language-server: $schema={relative}"
    assert valid_text(text)


MISTAKES = [
    "polices: {}",
    "policies: {referal: {}}",
    "policies: {referral: {referer_credit: 1}}",
    "policies: {referral: {eligible_share: 30}}",
    "policies: {referral: {referrer_credit: '1000'}}",
    "policies: {referral: {referrer_credit: a lot}}",
    "policies: {referral: {referrer_credit: unlimited}}",
    "policies: {referral: {referrer_credit: {}}}",
    "policies: {referral: {referrer_credit: {20: 1000}}}",
    "policies: {referral: {referrer_credit: {2020: null}}}",
    "policies: {referral: {referrer_credit: {2020: 1, later: 2}}}",
    "policies: {referral: {invite_rule: chance}}",
    "policies: {referral: {manual_steps: 1.5}}",
    "policies: {referral: {suspended: [{start: 2021}]}}",
    "policies: {referral: true}",
    "policies: {paid_ads: {price_per_thousand_impressions: 0}}",
    "brand: {price: -1}",
    "brand: {price: null}",
    "seed: 1.5",
    "seed: null",
    "schema_version: 2",
    "currency: yuan",
    "name: a b",
    "name: 7",
    "extends: [baseline]",
    "extends: ../other",
    "horizon: 6",
    "market: {districts: []}",
    "market: {districts: [{name: here, tier: 2, households: 100}]}",
    "market: {districts: [{name: here, tier: 9, households: 100, represents: 100}]}",
    "market: {segments: {a b: {share: 1}}}",
    "thresholds: [{metric: cacc, max: 1}]",
    "thresholds: [{metric: cac, max: 1, by: {yaer: 2020}}]",
    "behaviour: {talks: 3}",
    "behaviour: {search_days: 0}",
]


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes_are_found(text: str) -> None:
    assert not valid_text(text)


PATCHES = [
    "{}",
    "name: 增长-1",
    "extends: cases/tesla",
    "extends: null",
    "policies: null",
    "policies: {referral: null, paid_ads: {}}",
    "policies: {referral: {referrer_credit: null, cap_per_year: unlimited}}",
    "policies: {referral: {cap_lifetime: {2020: 3, 2022.5: unlimited}}}",
    "policies: {referral: {menu: {families: {2020: 1, 2021: 2}, business: null}}}",
    "market: {segments: {families: {share: 0.4}, students: null}}",
    "market: {network: {well_mixed: true}, searching_at_start: null}",
    "brand: {product_strength: {families: 0.2}}",
    "stores: {hours_per_week: unlimited}",
    "thresholds: [{metric: cac, max: 9000, min: null, by: {year: 2025, channel: referral}}]",
    "behaviour: {search_days: 3}",
]


@pytest.mark.parametrize("text", PATCHES)
def test_patches_are_valid(text: str) -> None:
    assert valid_text(text)


def test_years_of_schedules_are_those_of_the_loader() -> None:
    for year in (0, 20, 1899, 1900, 1999, 2000, 2020, 2020.5, 2199.99, 2200, 2200.0, 2200.5, 2201, 3000, 19000):
        assert bool(re.search(YEAR_PATTERN, str(year))) == is_year(year), year


def test_every_value_is_explained() -> None:
    unexplained = []

    def visit(schema: dict[str, Any], path: str) -> None:
        if "description" not in schema:
            unexplained.append(path)
        for name, field in schema.get("properties", {}).items():
            visit(field, f"{path}.{name}")

    visit(validator().schema, "")
    assert unexplained == [".policies"]


def test_an_editor_shows_meaning_unit_source_range_and_default() -> None:
    properties = validator().schema["properties"]
    referral = properties["policies"]["properties"]["referral"]["properties"]
    assert referral["referrer_credit"]["description"] == (
        "Credit to the referrer per delivered referral, money; spendable only with the brand (T01, T05). "
        "(unit: money; at least 0; at most 1,000,000,000,000; may change over calendar time; default: 1000)"
    )
    assert "unlimited lifts the limit" in referral["cap_lifetime"]["description"]
    assert referral["cap_lifetime"]["default"] == "unlimited"
    constant = properties["behaviour"]["properties"]["talks_per_owner_year"]["description"]
    assert constant.endswith(
        "(unit: rate; at least 0; at most 1,000,000,000,000; calibrated: T07, T10; plausible from 4 to 60)"
    )


# --- the same answer as the loader ------------------------------------------------------------------------------------

MORE = {
    "market": {"rivals": {"foreign_ev": {"by_segment": {"business": 0.5}}}},
    "stores": {"by_district": {"tier1-north": 3}},
    "policies": {
        "referral": {
            "menu": {"families": 1500},
            "rewards": {"charging": {"cost_share": 0.4, "worth_by_segment": {"business": 0.5}}},
            "suspended": [{"start": 2021, "stop": 2021.5}],
        }
    },
    "thresholds": [{"metric": "cac", "max": 9000, "by": {"year": 2022}}],
}
"""What no shipped scenario sets."""


@cache
def base() -> Node:
    layers = Lineage(SCENARIOS, allow_behaviour=True).layers(SCENARIOS / "referral.yaml")
    assert layers is not None
    root = None
    for layer in reversed(layers):
        root = merge(root, layer)
    assert root is not None
    root = merge(root, planted(MORE, "x.yaml"))
    assert isinstance(root.value, dict)
    del root.value["extends"]
    return root


@cache
def paths() -> list[tuple[Step, ...]]:
    """Every value of the scenario and every part around one; of several alike the first.

    The version is checked by the reader of files, before the models see it.
    """
    scenario, problems = check(Scenario, base(), [])
    assert scenario is not None, problems
    found = [row.path for row in shown.rows(type(read("baseline", Scenario))(scenario, {}, Path()))]
    alike = r"schema_version|\[[1-9]\d*\]|young_urban_women|technology_enthusiasts|value_seekers|combustion"
    steps = [tuple(steps_of(path)) for path in found if not re.search(alike, path)]
    return list(dict.fromkeys(path[:length] for path in steps for length in range(1, len(path) + 1)))


def patch(steps: tuple[Step, ...], value: object) -> object:
    """A file that changes one thing; lists are replaced, and so written in full."""
    content, node = value, base()
    around = []
    for step in steps:
        around.append((node, step))
        node = node.child(step) or Node(None, "x.yaml", None)
    for outer, step in reversed(around):
        if isinstance(step, Index):
            items = outer.plain()
            assert isinstance(items, list)
            items[step] = items[step] | content if isinstance(content, dict) and step is not steps[-1] else content
            content = items
        else:
            content = {step: content}
    return content


def problems_of(content: object) -> list[str]:
    """What the loader says about the scenario with a file on top."""
    cleared: Cleared = []
    scenario, problems = check(Scenario, merge(base(), planted(content, "x.yaml"), cleared), cleared)
    return [] if scenario is not None else [problem.message for problem in problems]


def compare(steps: tuple[Step, ...], value: object) -> None:
    content = patch(steps, value)
    messages = problems_of(content)
    if valid(content):
        rest = [text for text in messages if not any(re.search(rule, text) for rule in ONLY_THE_LOADER_KNOWS)]
        assert not rest, f"the schema accepts {content}"
    else:
        fault = jsonschema.exceptions.best_match(validator().iter_errors(as_json(content)))
        assert messages, f"the schema refuses {content}: {fault}"


def test_null_is_allowed_where_the_loader_allows_it() -> None:
    for steps in paths():
        compare(steps, None)


NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 0.5, 1.0, 2.0, 2020, 2020.5, 30, 1e12, 1e13, 10**10, 10**11]),
    st.floats(-10, 3000, allow_nan=False),
    st.integers(-5, 3000),
)
WORDS = st.sampled_from(["", "unlimited", "unlimitd", "random", "degree", "CNY", "tier-1", "a b", "cac", "1"])
SCALARS = st.one_of(NUMBERS, WORDS, st.booleans())
SCHEDULES = st.dictionaries(st.sampled_from([1899, 1900, 2020, 2022.5, 2200, 2201]), SCALARS, max_size=2)
VALUES = st.one_of(
    SCALARS,
    SCHEDULES,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.sampled_from(["families", "share", "start", "metric", "nonsense"]), SCALARS, max_size=2),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.data())
def test_schema_and_loader_agree_on_single_changes(data: st.DataObject) -> None:
    compare(data.draw(st.sampled_from(paths())), data.draw(VALUES))
