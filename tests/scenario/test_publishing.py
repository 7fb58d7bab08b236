"""Sellers' content that cannot be done, or that nobody can mean: what is refused, what is noted, what is neither."""

from __future__ import annotations

import pytest

from sim.errors import ScenarioError
from sim.scenario import load, read
from sim.scenario.schema.root import Scenario

NO_PLATFORMS: dict[str, object] = {"market.platforms": None}
PLATFORMS: dict[str, object] = {
    **NO_PLATFORMS,
    "market.platforms.notes": {"users": 0.3},
    "market.platforms.short_video": {"users": 0.5},
}
KOS = "policies.kos."


def noted(settings: dict[str, object], platforms: dict[str, object] | None = None) -> list[tuple[str, str]]:
    """What is noted of the baseline with sellers' content and these settings of it."""
    given = {KOS + name: value for name, value in settings.items()}
    resolved = read(
        "baseline", Scenario, {**(PLATFORMS if platforms is None else platforms), "policies.kos": {}, **given}
    )
    return [(note.path, note.message.removeprefix("note: ")) for note in resolved.notes]


def refused(settings: dict[str, object]) -> str:
    """The message for the one setting of sellers' content that is wrong."""
    changes = {"stores.hours_per_week": 30, **PLATFORMS, "policies.kos": {}}
    with pytest.raises(ScenarioError) as caught:
        load("baseline", {**changes, **settings})
    (problem,) = caught.value.problems
    return f"{problem.path}: {problem.message}"


NOTES = [
    ({"support": 0}, "support", "without any support posting dies out (N21)"),
    ({"support": {2020: 0, 2023: 0}}, "support", "without any support"),
    ({"pay_conversion_weight": 0}, "pay_conversion_weight", "leads are paid for and orders are not"),
    ({"bonus_per_order": 0}, "bonus_per_order", "leads are paid for and orders are not"),
    ({"participation_share": 0}, "participation_share", "nobody takes part"),
    (
        {"participation_share": 0, "founder_followers": 1e6, "posts_per_seller_week": 4},
        "participation_share",
        "nobody takes part",
    ),
    ({"platforms": []}, "platforms", "the list is empty, so that sellers can post nowhere"),
    ({"posts_per_seller_week": 0, "traffic_budget_per_year": 1e6}, "traffic_budget_per_year", "there are no posts to"),
    (
        {"founder_followers": {2020: 0, 2022: 2e7}},
        "founder_followers",
        "20000000 is more than the 13500000 households of the market, each of which counts once",
    ),
]


@pytest.mark.parametrize(
    ("settings", "path", "message"), NOTES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_hardly_meant_is_noted(settings: dict[str, object], path: str, message: str) -> None:
    ((place, text),) = noted(settings)
    assert place == KOS + path
    assert text.startswith(message)


@pytest.mark.parametrize(("followers", "end"), [(0, "nowhere"), (1e6, "nowhere; only the founder acts")])
def test_a_market_without_platforms_is_noted(followers: float, end: str) -> None:
    message = f"market.platforms is empty, so that sellers can post {end}"
    assert noted({"founder_followers": followers}, NO_PLATFORMS) == [("policies.kos", message)]


SILENT = [
    {},
    {"support": {2020: 0, 2021: 0.1}},
    {"pay_conversion_weight": 0, "pay_volume_weight": 0},
    {"participation_share": 0, "founder_followers": 1e6},
    {"posts_per_seller_week": 0, "livestreams_per_month": 2, "traffic_budget_per_year": 1e6},
    {"founder_followers": {2020: 0, 2022: 1.35e7}},
    {"founder_followers": {2020: 0, 2100: 1e9}, "stop": 2020.2},
]


@pytest.mark.parametrize("settings", SILENT)
def test_what_may_be_meant_is_not_noted(settings: dict[str, object]) -> None:
    assert noted(settings) == []


def test_of_a_policy_that_never_runs_only_that_is_noted() -> None:
    ((path, _),) = noted({"start": 2040, "support": 0, "pay_conversion_weight": 0, "platforms": []})
    assert path == "policies.kos.start"


BEYOND_HOURS = [
    ({"policies.kos.posts_per_seller_week": 48.1}, "posts_per_seller_week", "2020"),
    ({"policies.kos.posts_per_seller_week": {2020: 4, 2022.5: 60, 2024: 4}}, "posts_per_seller_week", "2022.5"),
    ({"policies.kos.posts_per_seller_week": {2015: 4, 2035: 100}}, "posts_per_seller_week", "2031"),  # with run-off
    ({"policies.kos.support": {2020: 1, 2024: 0}, "policies.kos.posts_per_seller_week": 40}, "posts_per_sell", "2024"),
    ({"policies.kos.livestreams_per_month": 65}, "livestreams_per_month", "2020"),
    ({"policies.kos.posts_per_seller_week": 0.1, "stores.hours_per_week": 0}, "posts_per_seller_week", "2020"),
]


@pytest.mark.parametrize(("settings", "path", "year"), BEYOND_HOURS)
def test_more_than_all_hours_is_refused(settings: dict[str, object], path: str, year: str) -> None:
    message = refused(settings)
    assert message.startswith(f"policies.kos.{path}")
    assert f" hours in {year}, but stores.hours_per_week is " in message


WITHIN_HOURS = [
    {"policies.kos.posts_per_seller_week": 48},  # 48 x 0.625 hours, all there are
    {"policies.kos.posts_per_seller_week": 1000, "stores.hours_per_week": "unlimited"},
    {"policies.kos.posts_per_seller_week": 1000, "policies.kos.participation_share": 0},
    {"policies.kos.posts_per_seller_week": 1000, "policies.kos.platforms": []},
    {"policies.kos.posts_per_seller_week": {2020: 4, 2024: 60}, "policies.kos.stop": 2021},
    {"policies.kos.posts_per_seller_week": {2020: 60, 2024: 4}, "policies.kos.start": 2023},
]


@pytest.mark.parametrize("settings", WITHIN_HOURS)
def test_what_fits_into_the_hours_is_allowed(settings: dict[str, object]) -> None:
    load("baseline", {"stores.hours_per_week": 30, **PLATFORMS, "policies.kos": {}, **settings})


def test_a_strange_platform_is_named_before_hours_are_counted() -> None:
    settings: dict[str, object] = {"policies.kos.platforms": ["note"], "policies.kos.posts_per_seller_week": 1000}
    assert refused(settings) == "policies.kos.platforms[0]: there is no platform 'note'; did you mean 'notes'?"
