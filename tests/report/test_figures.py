from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from looking import drawn_texts, texts
from made_summary import ALL, DIFFERENCES, MIXED, NAN, Rows, row, summary
from matplotlib.figure import Figure

from sim.channels import CHANNELS
from sim.errors import UsageError
from sim.experiment import store
from sim.report import figures
from sim.report.figures import style
from sim.report.figures.readings import Readings
from sim.report.figures.wording import changed, compact, listed, percent

CONTENT_FIGURES = (figures.sellers_work, figures.accounts_over_years)
RUN_FIGURES = (
    *(figures.orders_by_channel, figures.cost_by_channel, figures.answer_delay, figures.loop),
    figures.referral_tree,
    *CONTENT_FIGURES,
)


def every_figure(rows: Rows, differences: list[Any], scenario: str, reference: str) -> list[Figure]:
    renamed = [d.__class__(**{**d.__dict__, "scenario": scenario}) for d in differences]
    return [draw(rows, scenario) for draw in RUN_FIGURES] + [figures.forest(renamed, scenario, reference)]


NAMES = {
    "plain": ("referral", "baseline"),
    "long": ("w" * 64, "many-words-" * 5),
    "chinese": ("裂变增长方案" * 4, "基准"),
    "underscore": ("_hidden", "_"),
}
LONG_HORIZON = tuple(range(2010, 2030))
CASES = {
    "mixed": summary(MIXED),
    "all channels": summary(ALL),
    "twenty years": summary(ALL, years=LONG_HORIZON),
    "one year": summary(ALL, years=(2020,)),
    "one replicate": summary(ALL, half=NAN),
    "millions": summary({name: 1e6 * value for name, value in ALL.items()}),
}


LAYOUTS = {case: (rows, NAMES["plain"]) for case, rows in CASES.items()}
LAYOUTS |= {f"{kind} names": (CASES["all channels"], names) for kind, names in NAMES.items()}


@pytest.mark.parametrize(("rows", "names"), LAYOUTS.values(), ids=LAYOUTS)
def test_no_text_overlaps_another_or_leaves_the_page(rows: Rows, names: tuple[str, str]) -> None:
    for figure in every_figure(rows, DIFFERENCES, *names):
        shown = drawn_texts(figure)
        boxes = [(text.get_text(), text.get_tightbbox()) for text in shown]
        page = figure.bbox
        for word, box in boxes:
            assert box.x0 >= page.x0 - 1, word
            assert box.x1 <= page.x1 + 1, word
            assert box.y0 >= page.y0 - 1, word
            assert box.y1 <= page.y1 + 1, word
        for (word, box), (other, there) in itertools.combinations(boxes, 2):
            apart = box.x1 <= there.x0 + 1 or there.x1 <= box.x0 + 1 or box.y1 <= there.y0 + 2 or there.y1 <= box.y0 + 2
            assert apart, (word, other)


@pytest.mark.parametrize("name", [r"$\frac{1}{0}$", "<script>alert(1)</script>", "a&b]]>", "$x", "a\nb\x00c", "\udcff"])
def test_hostile_names_stay_text(name: str) -> None:
    for figure in every_figure(summary(MIXED), DIFFERENCES, name, f"{name}{name}"):
        root = ET.fromstring(figures.svg(figure))
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert "script" not in tags
        drawn = root.iter("{http://www.w3.org/2000/svg}text")
        shown = "".join(word for text in drawn for word in text.itertext()).replace("\n", "").replace(" ", "")
        expected = {"a\nb\x00c": r"a\nb\x00c", "\udcff": r"\udcff"}.get(name, name)
        assert expected in shown


def test_text_is_text() -> None:
    root = ET.fromstring(figures.svg(figures.orders_by_channel(summary(MIXED), "裂变")))
    words = ["".join(element.itertext()).strip() for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "orders per year" in words
    assert any(word.startswith("裂变: ") for word in words)


@pytest.mark.parametrize("draw", RUN_FIGURES)
def test_equal_results_give_equal_bytes_whatever_the_users_settings(draw: Any) -> None:
    first = figures.svg(draw(summary(MIXED), "mine"))
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "path", "svg.hashsalt": None, "axes.grid": False}):
        assert figures.svg(draw(summary(MIXED), "mine")) == first
    assert b"date" not in first.lower()
    assert figures.svg(draw(summary(ALL), "mine")) != first


def test_drawing_leaves_the_users_settings_alone() -> None:
    before = dict(mpl.rcParams)
    figures.svg(figures.orders_by_channel(summary(MIXED), "mine"))
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("draw", RUN_FIGURES)
@pytest.mark.parametrize(
    "rows",
    [
        [],
        summary({}),
        summary({"paid_ads": 5.0}, half=NAN),
        summary({"walk_in": 5.0}, free=["walk_in"]),
        [row("orders", 3.0)],
        [row("orders", NAN, year=2020)],
    ],
    ids=["no rows", "no orders", "one replicate", "nothing spent", "no years", "undefined"],
)
def test_missing_data_is_said_and_not_drawn(draw: Any, rows: Rows) -> None:
    figure = draw(rows, "mine")
    ET.fromstring(figures.svg(figure))
    assert not any("nan" in word.lower() for word in texts(figure))
    assert any("mine" in word for word in texts(figure))


def test_the_colours_of_channels_are_all_different() -> None:
    assert list(style.CHANNEL_COLOURS) == list(CHANNELS)
    assert len(set(style.CHANNEL_COLOURS.values())) == len(CHANNELS)


def test_a_scenario_keeps_its_colour() -> None:
    assert style.scenario_colour("my-idea") == style.scenario_colour("my-idea")
    assert len({style.scenario_colour(f"idea-{n}") for n in range(40)}) == 5


def test_readings_of_what_is_not_there_are_undefined() -> None:
    readings = Readings(summary(MIXED))
    assert not readings.get("cac", year=1900).known
    assert np.isnan(readings.course("ltv").mean).all()
    assert readings.unit("ltv") == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"), (0.1234, "0.123"), (99.4, "99.4"), (99.9, "100"), (979.4, "979"), (14872.5, "14,900"),
        (999_600.0, "1.00M"), (1_204_000.0, "1.20M"), (25e9, "25.0bn"), (-14872.0, "-14,900"), (NAN, "-"),
        (float("inf"), "-"),
    ],
)  # fmt: skip
def test_compact_numbers(value: float, words: str) -> None:
    assert compact(value) == words


def test_words_of_numbers() -> None:
    assert [percent(0.0312), percent(-0.4, signed=True), percent(-0.0004, signed=True)] == ["3.1%", "-40%", "0.0%"]
    assert percent(NAN) == "-"
    assert [changed(100, 66, 2020), changed(10, 15.9, 2021)] == ["34% less than in 2020", "59% more than in 2021"]
    assert [changed(1e6, 1e6 + 1, 2020), changed(0, 1, 2020)] == ["as in 2020", "- more than in 2020"]
    assert [listed(["a"]), listed(["a", "b", "c"]), listed([])] == ["a", "a, b and c", ""]


@pytest.mark.parametrize(
    ("wanted", "places"),
    [([], []), ([0.2, 0.8], [0.2, 0.8]), ([0.5, 0.5, 0.5], [0.5, 0.6, 0.7]), ([0.98, 0.99], [0.9, 1.0])],
)
def test_labels_are_spread(wanted: list[float], places: list[float]) -> None:
    assert style.spread(wanted, 0.1, 0.0, 1.0) == pytest.approx(places)


def held(folder: Path | None, rows: Rows, name: str = "mine") -> Any:
    """What figures need of a result: its scenario's name, its summary and its folder."""
    run = None if folder is None else SimpleNamespace(folder=folder)
    return SimpleNamespace(scenario=SimpleNamespace(name=name), summary=rows, run=run)


def test_figures_are_written_into_the_run_directory(tmp_path: Path) -> None:
    result = held(tmp_path, summary(MIXED))
    paths = figures.write(result)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in paths) == [
        "figures/answers.svg",
        "figures/costs.svg",
        "figures/loop.svg",
        "figures/orders.svg",
        "figures/referral_tree.svg",
    ]
    assert {path.name: path.read_bytes() for path in paths} == figures.draw(result)
    assert sorted((tmp_path / "figures").iterdir()) == sorted(paths)


def test_forests_are_written_into_the_scenarios_run_directories(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    comparison: Any = SimpleNamespace(
        names=["mine", "other"], scenarios=[held(tmp_path / "other", [])], differences=DIFFERENCES
    )
    (path,) = figures.write_forests(comparison)
    assert path == tmp_path / "other" / "figures" / "forest-mine.svg"
    assert path.read_bytes() == figures.svg(figures.forest(DIFFERENCES, "other", "mine"))


def test_a_result_in_memory_has_no_place_for_figures() -> None:
    with pytest.raises(ValueError, match="no run directory"):
        figures.write(held(None, summary(MIXED)))


def test_an_interrupted_write_leaves_nothing_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        figures.write(held(tmp_path, summary(MIXED)))
    assert list((tmp_path / "figures").iterdir()) == []


def test_costs_below_zero_are_shown_and_explained() -> None:
    rows = summary({"paid_ads": 1000.0, "referral": 500.0})
    below = [
        {**r, "mean": -80.0, "low": -90.0, "high": -70.0}
        if r["metric"] == "cac" and r["by"] == {"year": 2021, "channel": "referral"}
        else r
        for r in rows
    ]
    usual, paused = (figures.cost_by_channel(given, "x") for given in (rows, below))
    assert [min(axes.get_ylim()) for axes in usual.axes] == [0.0, 0.0]
    assert min(paused.axes[1].get_ylim()) <= -80.0
    captions = [" ".join(text.get_text() for text in figure.texts) for figure in (usual, paused)]
    assert ["Below zero" in " ".join(words.split()) for words in captions] == [False, True]
