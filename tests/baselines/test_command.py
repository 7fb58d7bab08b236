"""`check` as a user and as CI meet it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from sim.experiment import store

from .conftest import REASON, Shelf

CAC, ORDERS, YEAR = ("cac", "{}"), ("orders", "{}"), ("orders", '{"year": 2020}')


def test_a_new_baseline_fails_until_it_is_approved(shelf: Shelf) -> None:
    shelf.add("tiny")
    code, out, _ = shelf()
    assert code == 4
    assert "new: tiny; check --approve REASON approves what was measured" in out
    assert sorted(shelf.files()) == ["tiny/scenario.yaml"]
    assert shelf("--approve", REASON)[0] == 0
    (approval,) = yaml.safe_load(shelf.files()["tiny/approved.yaml"])
    assert (approval["reason"], approval["moved"]) == (REASON, {"unknown": 6})
    assert list(approval["versions"]) == ["liebian", "python", "numpy"]
    assert approval["metrics"] == ["cac", "orders", "satisfaction"]
    for _ in range(2):
        code, out, _ = shelf()
        assert code == 0
        assert "1 baseline: same bits" in out


def test_nothing_is_written_when_nothing_differs(shelf: Shelf) -> None:
    shelf.approved("tiny")
    before = shelf.files()
    code, _, said = shelf("--approve", REASON)
    assert (code, shelf.files()) == (0, before)
    assert "nothing differs; nothing was written" in said


def test_a_change_is_shown_with_metric_dimensions_and_baseline(shelf: Shelf) -> None:
    shelf.approved("large", "tiny")
    shelf.measured["tiny"][YEAR] = [150.0, 160.0, 155.0, 157.0]
    code, out, _ = shelf()
    assert code == 4
    assert re.search(r"^tiny +0 +1 +0 +0 +5 +changed$", out, re.MULTILINE)
    assert re.search(r"^large +0 +0 +0 +0 +6 +same$", out, re.MULTILINE)
    assert re.search(r"^tiny: what moved$", out, re.MULTILINE)
    assert re.search(r"^orders +year=2020 +55\.5 +155\.5 +\+180\.18% +changed$", out, re.MULTILINE)
    assert "results changed: 1 of 2 baselines (tiny)" in out


def test_the_worst_row_of_every_metric_is_shown_first(shelf: Shelf) -> None:
    shelf.approved("tiny")
    moved = shelf.measured["tiny"]
    moved[CAC] = [value * 1.5 for value in moved[CAC]]
    moved[ORDERS] = [value * 2 for value in moved[ORDERS]]
    moved[YEAR] = [value * 4 for value in moved[YEAR]]
    _, out, _ = shelf()
    shown = out.partition("what moved")[2].splitlines()[2:4]
    assert [line.split()[:2] for line in shown] == [["orders", "total"], ["cac", "total"]]


def test_last_digits_pass(shelf: Shelf) -> None:
    shelf.approved("tiny")
    shelf.measured["tiny"][CAC][0] *= 1 + 1e-12
    before = shelf.files()
    code, out, _ = shelf("--approve", REASON)
    assert (code, shelf.files()) == (0, before)
    assert "same but for last digits" in out


def test_equivalent_results_pass_on_request_only(shelf: Shelf) -> None:
    shelf.approved("tiny")
    moved = shelf.measured["tiny"]
    moved[CAC] = [value + 3 * place for place, value in enumerate(moved[CAC])]
    shelf.households["tiny"] = 11
    code, out, _ = shelf()
    assert code == 4
    assert "results moved, statistically equivalent (paired TOST at 5%): 1 of 1 baseline (tiny)" in out
    assert shelf("--accept", "equivalent")[0] == 0
    moved[ORDERS][0] *= 2
    assert shelf("--accept", "equivalent")[0] == 4


def test_records_that_moved_alone_are_noticed(shelf: Shelf) -> None:
    shelf.approved("tiny")
    shelf.households["tiny"] = 11
    code, out, _ = shelf()
    assert code == 4
    assert re.search(r"^sha256 +table=orders column=household ", out, re.MULTILINE)


def test_unknown_metrics_fail_either_way(shelf: Shelf) -> None:
    shelf.approved("less", "more")
    del shelf.measured["less"][CAC]
    shelf.measured["more"]["cpl", "{}"] = [1.0] * 4
    code, out, _ = shelf()
    assert code == 4
    assert re.search(r"^cac +total +8550 +absent +- +unknown$", out, re.MULTILINE)
    assert re.search(r"^cpl +total +absent +1 +- +unknown$", out, re.MULTILINE)
    assert "results are not those approved: 2 of 2 baselines (less, more)" in out
    assert shelf("--accept", "equivalent")[0] == 4


def test_more_replicates_than_approved_are_a_change(shelf: Shelf) -> None:
    (folder,) = shelf.approved("tiny")
    scenario = folder / "scenario.yaml"
    scenario.write_text(scenario.read_text().replace("replicates: 4", "replicates: 3"))
    code, out, _ = shelf()
    assert code == 4
    assert "results changed" in out
    assert shelf("--approve", REASON)[0] == 0
    assert shelf()[0] == 0


def test_only_what_differs_is_renewed_and_history_stays(shelf: Shelf) -> None:
    shelf.approved("large", "tiny")
    before = shelf.files()
    shelf.measured["tiny"][ORDERS] = [1.0, 2.0, 3.0, 4.0]
    shelf.measured["tiny"][CAC][2] += 1
    code, out, said = shelf("--approve", 'fewer "orders":\n# [零]')
    assert code == 0
    assert "what moved" in out
    assert "renewed:" in said
    after = shelf.files()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"tiny/approved.yaml", "tiny/expected.csv"}
    assert after["tiny/approved.yaml"].startswith(before["tiny/approved.yaml"])
    _, last = yaml.safe_load(after["tiny/approved.yaml"])
    assert last["reason"] == 'fewer "orders":\\n# [零]'
    assert (last["moved"], last["metrics"]) == ({"changed": 1, "equivalent": 1}, ["cac", "orders"])
    assert shelf()[0] == 0


@pytest.mark.parametrize("reason", ["", "   ", "too short", "  a  b    c    "])
def test_a_reason_is_one(shelf: Shelf, reason: str) -> None:
    shelf.add("tiny")
    code, _, said = shelf("--approve", reason)
    assert code == 2
    assert "a reason has at least 10 characters" in said
    assert shelf.simulated == []


def test_approving_writes_all_or_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.add("large")
    shelf.add("tiny")
    before = shelf.files()
    asked: list[set[str]] = []

    def full(contents: dict[Path, bytes]) -> None:
        asked.append({str(path.relative_to(shelf.root)) for path in contents})
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_whole", full)
    code, _, said = shelf("--approve", REASON)
    assert (code, shelf.files()) == (2, before)
    assert "No space left on device; nothing was written" in said
    assert asked == [{f"{name}/{file}" for name in ("large", "tiny") for file in ("expected.csv", "approved.yaml")}]


def test_a_failed_replicate(shelf: Shelf) -> None:
    shelf.approved("large", "tiny")
    shelf.failing = {"tiny"}
    shelf.measured["large"][CAC][0] += 1
    before = shelf.files()
    code, out, said = shelf("--approve", REASON)
    assert (code, shelf.files()) == (3, before)
    assert "replicate 1 of 'tiny' failed: ZeroDivisionError: the market vanished" in said
    assert "nothing was written" in said
    assert re.search(r"^tiny +0 +0 +0 +0 +0 +failed$", out, re.MULTILINE)


def test_thresholds_of_the_scenario_count(shelf: Shelf) -> None:
    shelf.add("tiny", "thresholds:\n  - {metric: cac, max: 8600}\n")
    assert shelf("--approve", REASON)[0] == 0
    shelf.measured["tiny"][CAC] = [value * 2 for value in shelf.measured["tiny"][CAC]]
    before = shelf.files()
    code, out, _ = shelf()
    assert code == 4
    assert "tiny: threshold breached: cac is 17100, above 8600" in out
    code, _, said = shelf("--approve", REASON)
    assert (code, shelf.files()) == (4, before)
    assert "nothing was written: thresholds are breached" in said


def test_names_choose_and_unknown_ones_are_answered(shelf: Shelf) -> None:
    shelf.approved("large", "tiny")
    assert shelf("tiny", "tiny")[0] == 0
    assert set(shelf.simulated) == {"tiny"}
    code, _, said = shelf("tinny")
    assert (code, said) == (2, "there is no baseline 'tinny'; did you mean 'tiny'?\n")


def test_no_baselines_at_all(shelf: Shelf) -> None:
    code, _, said = shelf()
    assert code == 2
    assert "there are no baselines" in said


def test_a_dry_run_simulates_nothing(shelf: Shelf) -> None:
    shelf.approved("tiny")
    shelf.add("fresh")
    code, out, _ = shelf("--dry-run", "--json")
    planned = {one["baseline"]: one for one in json.loads(out)["baselines"]}
    assert (code, shelf.simulated) == (0, [])
    assert (planned["fresh"]["approved"], planned["fresh"]["replicates"]) == (None, 4)
    assert planned["tiny"]["approved"]


def test_json_holds_what_moved_by_replicate(shelf: Shelf) -> None:
    shelf.approved("tiny")
    shelf.measured["tiny"][YEAR][3] = float("inf")
    code, out, _ = shelf("--json")
    content: dict[str, Any] = json.loads(out)
    (one,) = content["baselines"]
    assert (code, content["passed"], one["passed"]) == (4, False, False)
    assert one["rows"] == {"unknown": 0, "changed": 1, "equivalent": 0, "within tolerance": 0, "same": 5}
    (row,) = one["moved"]
    assert (row["metric"], row["by"], row["grade"]) == ("orders", {"year": 2020}, "changed")
    assert (row["was"], row["is"]) == ([50.0, 60.0, 55.0, 57.0], [50.0, 60.0, 55.0, None])


def test_markdown_for_a_comment(shelf: Shelf) -> None:
    shelf.approved("tiny")
    shelf.measured["tiny"][CAC][0] = 1.0
    _, out, _ = shelf("--md")
    assert re.search(r"^\| tiny \| 0 \| 1 \| 0 \| 0 \| 5 \| changed \|$", out, re.MULTILINE)
    assert re.search(r"^- results changed: 1 of 1 baseline \(tiny\)$", out, re.MULTILINE)


def test_junit_has_a_case_per_metric(shelf: Shelf, tmp_path: Path) -> None:
    shelf.approved("large", "tiny")
    shelf.measured["tiny"][YEAR][0] = 1.0
    shelf.failing = {"large"}
    path = tmp_path / "junit.xml"
    assert shelf("--junit", str(path))[0] == 3
    cases = {case.get("name"): case for case in ElementTree.parse(path).getroot().iter("testcase")}
    assert set(cases) == {
        "large: simulation",
        *(f"tiny: {name}" for name in ("cac", "orders", "satisfaction", "sha256")),
    }
    assert len(cases["tiny: cac"]) == 0
    assert cases["tiny: orders"][0].text == (
        "orders in tiny: 1 of 2 rows are not what was approved\norders year=2020: was 55.5, is 43.25 (-22.07%), changed"
    )
    assert "the market vanished" in str(cases["large: simulation"][0].text)


def test_other_versions_are_named_as_a_possible_cause(shelf: Shelf) -> None:
    (folder,) = shelf.approved("tiny")
    path = folder / "approved.yaml"
    path.write_text(re.sub(r'numpy: "[^"]*"', 'numpy: "1.0.0"', path.read_text(encoding="utf-8")), encoding="utf-8")
    shelf.measured["tiny"][CAC][0] = 1.0
    assert "approved under numpy 1.0.0, measured under" in shelf()[1]
