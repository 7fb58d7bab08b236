"""`show`: every value with unit and origin, and what differs between two scenarios."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from sim.cli import main
from sim.scenario import Scenario, load, read
from sim.scenario.yaml_core import parse

CHILD = """\
name: child
extends: referral
description: What | if <b>?
brand: {initial_owners: []}
policies:
  vertical_media: null
  referral:
    referrer_credit: {2020: 1000, 2022.5: 3000}
    cap_lifetime: unlimited
    menu: {families: 500}
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "child.yaml").write_text(CHILD, encoding="utf-8")
    return "child.yaml"


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["show", *words]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def values(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, Any]]:
    content = json.loads(shown(capsys, *words, "--json"))
    found = {row["path"]: row for row in content}
    assert len(found) == len(content)
    return found


def test_values_have_unit_origin_and_meaning(capsys: pytest.CaptureFixture[str], child: str) -> None:
    rows = values(capsys, child, "--set", "policies.paid_ads.budget_per_year=7", "--years", "3")
    expected = {
        "name": ("child", "", "child.yaml:1"),
        "horizon.years": (3, "years", "--set"),
        "brand.initial_owners": ([], "", "child.yaml:4"),
        "brand.capacity_per_year": ("unlimited", "per year", "default"),
        "stores.cost_per_hour": (70, "CNY/hour", "default"),
        "policies.paid_ads.budget_per_year": (7, "CNY/year", "--set"),
        "policies.paid_ads.price_per_thousand_impressions": (60, "CNY/thousand impressions", "default"),
        "policies.vertical_media": (None, "", "default"),
        "policies.referral.referrer_credit": ({"2020": 1000, "2022.5": 3000}, "CNY", "child.yaml:8"),
        "policies.referral.cap_lifetime": ("unlimited", "count", "child.yaml:9"),
        "policies.referral.menu.families": (500, "CNY", "child.yaml:10"),
        "policies.referral.credit_expiry_months": (12, "months", "default"),
    }
    assert {path: (rows[path]["value"], rows[path]["unit"], rows[path]["origin"]) for path in expected} == expected
    assert rows["market.districts[2].radius_km"]["unit"] == "km"
    assert rows["market.districts[0].name"]["origin"].endswith("baseline.yaml:7")
    assert rows["policies.referral.cap_lifetime"]["meaning"] == (
        "Rewarded referrals per owner for life; `unlimited` for none."
    )


@pytest.mark.parametrize("name", ["referral", "cases/tesla", "limits/queue"])
def test_the_values_shown_make_the_scenario(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Written back as settings, they change nothing; the text of the table is the text of a setting."""
    scenario = load(name)
    rows = values(capsys, name)
    leaves = {path: row["value"] for path, row in rows.items() if row["value"] is not None}
    own = {path: value for path, value in leaves.items() if not path.startswith("behaviour.") and value not in ({}, [])}
    text = {line.split("  ")[0]: line for line in shown(capsys, name).splitlines()}
    settings = []
    for path, value in own.items():
        node, problems = parse(text[path].removeprefix(path).strip().split("  ")[0], "table")
        assert node is not None
        assert not problems
        plain = node.plain()
        assert plain == ({float(year): item for year, item in value.items()} if isinstance(value, dict) else value)
        settings.append((path, math.inf if plain == "unlimited" else plain))
    assert read(name, Scenario, dict(settings), allow_behaviour=True).scenario == scenario


def test_a_table_per_section(capsys: pytest.CaptureFixture[str], child: str) -> None:
    lines = shown(capsys, child).splitlines()
    titles = [line for before, line in zip(["", *lines], lines, strict=False) if before == ""]
    assert titles == [
        *("scenario", "horizon", "economics", "behaviour", "market", "brand", "stores"),
        *(
            "policies.paid_ads",
            "policies.vertical_media",
            "policies.referral",
            "policies.kos",
            "policies.lead_operations",
            "thresholds",
        ),
    ]
    text = "\n".join(lines)
    assert "{2020: 1000, 2022.5: 3000}  CNY" in text
    assert "policies.vertical_media  off" in text


def test_only_what_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    rows = values(capsys, "baseline", "market.districts[1]", "brand.price", "policies.referral")
    assert {path.rpartition(".")[0] for path in rows} == {"market.districts[1]", "brand", "policies"}
    assert list(values(capsys, "baseline", "seed")) == ["seed"]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("policies.referal", "did you mean 'policies.referral'?"),
        ("brand.prize", "did you mean 'brand.price'?"),
        ("market.districts[10]", "did you mean 'market.districts[1]'?"),
        ("brand.pri", "did you mean 'brand.price'?"),
        ("xyz", "there are behaviour, brand, currency"),
    ],
)
def test_an_unknown_path_has_a_nearest(capsys: pytest.CaptureFixture[str], path: str, hint: str) -> None:
    assert main(["show", "baseline", path]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"nothing stands at '{path}'; {hint}")


def test_differences(capsys: pytest.CaptureFixture[str], child: str) -> None:
    rows = values(capsys, child, "--diff", "referral")
    media = [path for path in rows if path.startswith("policies.vertical_media.")]
    assert set(rows) - set(media) == {
        *(
            f"brand.initial_owners[{n}].{key}"
            for n in range(3)
            for key in ("per_1000_households", "tenure_years", "km")
        ),
        *("brand.initial_owners", "policies.referral.referrer_credit", "policies.referral.menu"),
        "policies.referral.menu.families",
    }
    credit = rows["policies.referral.referrer_credit"]
    assert (credit["value"], credit["other_value"]) == ({"2020": 1000, "2022.5": 3000}, 2000)
    assert credit["origin"] == "child.yaml:8"
    assert credit["other_origin"].endswith("referral.yaml:7")
    assert rows["policies.vertical_media.budget_per_year"]["value"] is None

    text = shown(capsys, child, "--diff", "referral", "policies")
    assert text.startswith("child.yaml (here) against referral (there)\n")
    assert "policies.vertical_media.budget_per_year                   off" in text
    assert "policies.referral.menu.families                           500                         -" in text
    assert "initial_owners" not in text


def test_differences_are_the_same_both_ways(capsys: pytest.CaptureFixture[str], child: str) -> None:
    one, other = values(capsys, child, "--diff", "referral"), values(capsys, "referral", "--diff", child)
    assert {path: (row["value"], row["other_value"]) for path, row in one.items()} == {
        path: (row["other_value"], row["value"]) for path, row in other.items()
    }


def test_settings_change_the_first_scenario_only(capsys: pytest.CaptureFixture[str]) -> None:
    rows = values(capsys, "baseline", "--diff", "baseline", "--set", "brand.price=1", "--seed", "2026")
    assert {path: (row["value"], row["other_value"]) for path, row in rows.items()} == {"brand.price": (1, 200000)}


def test_without_differences_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "baseline and baseline do not differ, name and description apart\n"
    assert shown(capsys, "baseline", "--diff", "baseline") == sentence
    assert values(capsys, "baseline", "--diff", "baseline") == {}
    assert shown(capsys, "baseline", "market", "--diff", "referral").startswith(
        "baseline and referral do not differ in"
    )


def test_markdown_keeps_text_text(capsys: pytest.CaptureFixture[str], child: str) -> None:
    text = shown(capsys, child, "--md")
    (line,) = [line for line in text.splitlines() if line.startswith("| description ")]
    assert r"What \| if \<b\>?" in line
    assert "### policies.referral" in text


def test_an_invalid_scenario_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "baseline", "--set", "brand.price=cheap"]) == 2
    assert main(["show", "baseline", "--diff", "refferal"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "did you mean 'referral'?" in printed.err
