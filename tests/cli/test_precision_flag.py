"""`--precision`, `--dry-run` and `--junit` as users meet them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fake_shell import Shell


def stored(tmp_path: Path, name: str, out: str = "out") -> int:
    return len(list(tmp_path.glob(f"{out}/{name}-*/replicates/*-metrics.parquet")))


def test_run_adds_replicates_until_it_is_precise_enough(shell: Shell, tmp_path: Path) -> None:
    words = ("run", "baseline", "--precision", "cac=2%", "--json", "--quiet")
    done = shell(*words, "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    (cac,) = (row for row in content["metrics"] if row["metric"] == "cac" and not row["by"])
    assert 5 < content["replicates"] < 30
    assert (cac["high"] - cac["low"]) / 2 <= 0.02 * cac["mean"]
    assert stored(tmp_path, "baseline") == content["replicates"]
    # Neither what is stored already nor the number of jobs decides where it ends.
    assert shell("run", "baseline", "--reps", "30", "--jobs", "1", "--quiet", out="two").returncode == 0
    again = shell.process(*words, "--jobs", "2", out="two")
    assert json.loads(again.stdout)["metrics"] == content["metrics"]
    (manifest,) = tmp_path.glob("out/*/manifest.json")
    assert json.loads(manifest.read_text())["wanted"] == content["replicates"]
    assert list(manifest.parent.glob("figures/*.svg"))


def test_the_limit_is_said_and_no_failure(shell: Shell, tmp_path: Path) -> None:
    done = shell("run", "baseline", "--precision", "cac=0.1%", "--max-reps", "6", "--jobs", "1", "--json")
    content = json.loads(done.stdout)
    (sentence,) = content["health"]
    assert (done.returncode, content["replicates"]) == (0, 6)
    assert sentence.startswith("baseline: cac is known to ")
    assert sentence.endswith("% after 6 replicates, not 0.1%")
    assert sentence in done.stderr


@pytest.mark.full  # the rounds of a run stand for them in the quick suite
def test_compare_adds_replicates_for_every_difference(shell: Shell, tmp_path: Path) -> None:
    words = ("compare", "baseline", "referral", "--precision", "orders=0.4%", "--max-reps", "12", "--jobs", "1")
    done = shell(*words, "--json")
    content = json.loads(done.stdout)
    rows = [row for row in content["differences"] if row["scenario"] == "referral" and not row["by"]]
    (orders,) = (row for row in rows if row["metric"] == "orders")
    reached = (orders["high"] - orders["low"]) / 2 <= 0.004 * orders["reference_mean"]
    assert done.returncode == 0
    assert reached or stored(tmp_path, "referral") == 12
    assert reached == (content["health"] == [])
    assert stored(tmp_path, "referral") == stored(tmp_path, "baseline") > 5
    itself = shell("compare", "baseline", "baseline", "--precision", "cac=0.001%", "--jobs", "1", out="itself")
    assert itself.returncode == 0
    assert stored(tmp_path, "baseline", "itself") == 5


def test_a_failing_replicate_ends_it(shell: Shell, tmp_path: Path) -> None:
    done = shell("run", "baseline", "--precision", "cac=0.1%", "--jobs", "1", FAKE_FAILING="7")
    assert done.returncode == 3
    assert done.stderr.count("replicate 7 of 'baseline' failed") == 1
    assert stored(tmp_path, "baseline") == 9


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["run", "baseline", "--precision", "cca=2%"], "there is no metric 'cca'; did you mean 'cac'?"),
        (["compare", "baseline", "referral", "--precision", "cac"], "write for example cac=2%, cac=50"),
        (["run", "baseline", "--max-reps", "9"], "--max-reps: limits what --precision adds"),
        (["run", "baseline", "--precision", "cac=2%", "--max-reps", "3"], "must be from 5 "),
        (["run", "baseline", "--junit", "."], "--junit: cannot write ."),
        (["compare", "baseline", "referral", "--junit", "/dev/null/x.xml"], "--junit: cannot write /dev/null/x.xml"),
        (["run", "baseline", "--junit", ""], "--junit: the name of a file is missing"),
    ],
)
def test_mistakes_are_found_before_anything_is_simulated(
    shell: Shell, tmp_path: Path, words: list[str], part: str
) -> None:
    done = shell(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_dry_run_writes_nothing(shell: Shell, tmp_path: Path) -> None:
    words = ("compare", "baseline", "referral", "--reps", "6", "--jobs", "1", "--dry-run")
    junit = ("--junit", str(tmp_path / "new" / "j.xml"), "--precision", "cac=2%")
    content = json.loads(shell(*words, *junit, "--json").stdout)
    found = [(part["scenario"], part["to_simulate"], part["placebos"]) for part in content["scenarios"]]
    assert found == [("baseline", 6, 3), ("referral", 6, 0)]
    assert content["fits"] is True
    assert content["most_replicates"] == 300
    markdown = shell(*words, "--md").stdout
    assert "| baseline | 6 | 0 | 6 | 3 |" in markdown
    assert "- It will take about" in markdown
    assert "More may be added" not in markdown
    assert not list(tmp_path.iterdir())


def test_junit_has_thresholds_and_failures(shell: Shell, tmp_path: Path) -> None:
    limits = [{"metric": "cac", "max": 5, "by": {"year": 2020}}, {"metric": "leads", "min": 1}]
    words = (
        "compare",
        "baseline",
        "referral",
        "--reps",
        "3",
        "--jobs",
        "1",
        "--set",
        f"thresholds={json.dumps(limits)}",
    )
    file = tmp_path / "new" / "j.xml"
    done = shell(*words, "--junit", str(file), FAKE_FAILING="1")
    assert done.returncode == 3
    (suite,) = ElementTree.parse(file).getroot()
    assert suite.get("name") == "compare baseline referral"
    failures = {case.get("name"): case.find("failure") for case in suite}
    assert [name for name, failure in failures.items() if failure is None] == [
        "baseline: leads at least 1",
        "referral: leads at least 1",
    ]
    assert {name for name, failure in failures.items() if failure is not None} == {
        "baseline: cac year=2020 at most 5",
        "referral: cac year=2020 at most 5",
        "replicate 1 of 'baseline'",
        "replicate 1 of 'baseline' (placebo)",
        "replicate 1 of 'referral'",
    }
