"""What the event log is for: what happened before orders beside what a policy caused; and its documentation."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.experiment.happened import EVENTS, STAGE_OF
from sim.experiment.result import Result
from sim.experiment.truth import ORDER, paths, truth
from sim.metrics.pairs import KINDS
from tests.small_world import small

PAGE = Path(__file__).resolve().parents[2] / "docs" / "events.md"
SIZE = (1500, 1000)


@functools.cache
def results() -> tuple[Result, Result]:
    """With the referral programme, and without it."""
    without = small("referral", {"policies.referral": None}, SIZE)
    return sim.run(small("referral", households=SIZE), 2, events=True), sim.run(without, 2)


@functools.cache
def log() -> pd.DataFrame:
    return results()[0].events


def test_the_truth_is_that_of_the_metrics() -> None:
    result, without = results()
    pairs = truth(result, without)
    comparison = result.compare(without)
    for kind in ("incremental", "displaced", "accelerated", "channel_shifted"):
        found = pairs["represents"][pairs["kind"] == kind].sum() / 2
        assert found == comparison.get(comparison.names[1], f"{kind}_orders").mean, kind
    assert (pairs["kind"] == "incremental").sum() > 5
    assert not pairs.duplicated(ORDER).any()


def test_moments_and_channels_of_both_orders_say_the_same_as_the_kind() -> None:
    pairs = truth(*results())
    assert list(pairs["kind"].cat.categories) == list(KINDS)
    late, other = pairs["moment_without"] - pairs["moment"], pairs["channel"] != pairs["channel_without"]
    assert (pairs["moment"].isna() == (pairs["kind"] == "displaced")).all()
    assert (pairs["moment_without"].isna() == (pairs["kind"] == "incremental")).all()
    both = pairs["moment"].notna() & pairs["moment_without"].notna()
    assert ((late > 1 / 52)[both] == (pairs["kind"] == "accelerated")[both]).all()
    assert other[both & (pairs["kind"] == "channel_shifted")].all()
    assert not other[both & (pairs["kind"] == "same")].any()


def test_a_result_against_itself_caused_nothing() -> None:
    result, _ = results()
    assert set(truth(result, result)["kind"]) == {"same"}


def test_households_of_another_market_are_not_matched() -> None:
    other = Result(small("referral", households=(1400, 1000)), "", (), lambda _: pytest.fail("not to be read"))
    with pytest.raises(ValueError, match="different markets"):
        truth(results()[0], other)


def test_paths_are_the_touches_before_each_order() -> None:
    """Against a plain loop over the log."""
    touches = ("good_word_heard", "invitation_received", "lead")
    expected, seen = [], {}
    kept = log()[["replicate", "household", "event", "moment", "order"]]
    for replicate, household, event, moment, order in kept.itertuples(index=False):
        if event == "order":
            expected += [(replicate, household, order, *touch) for touch in seen.pop((replicate, household), [])]
        elif event in touches:
            seen.setdefault((replicate, household), []).append((moment, event))
    found = paths(log(), touches)[[*ORDER, "moment", "event"]]
    assert list(found.itertuples(index=False, name=None)) == sorted(expected, key=lambda row: row[:4])
    assert len(found) > len(found[found["event"] == "lead"]) > 50


def test_every_order_has_a_path_that_holds_its_lead() -> None:
    orders = log()[log()["event"] == "order"]
    whole = paths(log())
    leads = whole[whole["event"] == "lead"].groupby(ORDER)["channel"].last()
    assert (leads == orders.set_index(ORDER)["channel"].sort_index()).all()
    assert len(leads) == len(orders)
    recent = paths(log(), weeks=4)
    assert 0 < len(recent) < len(whole)
    assert ((recent["ordered"] - recent["moment"]) * 52 <= 4 + 1e-9).all()


# --- the page ---------------------------------------------------------------------------------------------------------


def cells(heading: str) -> list[list[str]]:
    """The rows of the table below a heading."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def test_the_page_describes_every_event_and_column_in_order() -> None:
    assert {row[0].strip("`"): row[1] for row in cells("Events")} == STAGE_OF
    assert tuple(row[0].strip("`") for row in cells("Events")) == EVENTS
    assert re.findall(r"`(\w+)`", " ".join(row[0] for row in cells("Columns"))) == list(log().columns)


def test_the_example_of_the_page_prints_what_it_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    code, printed = (re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) for language in ("python", "text"))
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(code[0], {})
    assert output.getvalue() == printed[0]
