from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from made_summary import NAN, Rows, difference, row, summary
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from sim.channels import CHANNELS
from sim.errors import UsageError
from sim.experiment import store
from sim.report import figures
from sim.report.figures import style
from sim.report.figures.readings import Readings
from sim.report.figures.wording import changed, compact, listed, percent

MIXED = {"paid_ads": 400.0, "vertical_media": 900.0, "referral": 100.0, "word_of_mouth": 10.0, "walk_in": 300.0}
ALL = {name: 100.0 * place for place, name in enumerate(CHANNELS, start=1)}
RUN_FIGURES = (figures.orders_by_channel, figures.cost_by_channel, figures.loop)
DIFFERENCES = [
    difference("leads", 1000.0, 5.0, 4.0, "equivalent", "count"),
    difference("orders", 100.0, 8.0, 3.0, "better", "count"),
    difference("spend", 2e9, 3e7, 1e7, "equivalent"),
    difference("cac", 5000.0, -250.0, 100.0, "better", "CNY/customer"),
    difference("cac", 6000.0, 60.0, 300.0, "inconclusive", "CNY/customer", year=2020),
    difference("cac", 4500.0, 90.0, 40.0, "worse", "CNY/customer", year=2021),
    difference("cac", 4000.0, -400.0, 40.0, "better", "CNY/customer", year=2022),
    difference("cac", 4000.0, -400.0, 40.0, "better", "CNY/customer", channel="paid_ads"),
    difference("referral_share", 0.0, 0.08, 0.01, "changed", "share"),
]


def texts(figure: Figure) -> list[str]:
    """All text on the page, empty labels and invisible ones left out."""
    return [text.get_text() for text in drawn_texts(figure)]


def drawn_texts(figure: Figure) -> list[Text]:
    with style.applied():
        figure.draw_without_rendering()
    found = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible() and artist.get_text() != "")
    # Ticks beyond the limits of an axis exist, but are not drawn.
    hidden = [
        tick.label1
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not axes.axison or not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]
    return [text for text in found if text not in hidden]


def bars(figure: Figure) -> dict[str, list[float]]:
    return {
        container.get_label(): [patch.get_height() for patch in container.patches]
        for container in figure.axes[0].containers
        if hasattr(container, "patches") and container.patches
    }


def lines(axes: Axes) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def arrows(figure: Figure) -> dict[str, FancyArrowPatch]:
    found = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    return {arrow.get_label(): arrow for arrow in found}


def means(rows: Rows, metric: str, **by: Any) -> list[float]:
    """The yearly means of a table, looked up without the code under test."""
    return [
        r["mean"] for r in rows if r["metric"] == metric and {k: v for k, v in r["by"].items() if k != "year"} == by
    ]


# --- orders -----------------------------------------------------------------------------------------------------------


def test_orders_have_a_column_per_year_for_each_channel_that_brings_any() -> None:
    rows = summary(MIXED)
    shown = bars(figures.orders_by_channel(rows, "mine"))
    assert set(shown) == set(MIXED)
    for name, heights in shown.items():
        assert heights == pytest.approx(means(rows, "orders", channel=name))


def test_order_columns_are_stacked_to_the_total_and_the_whiskers_are_its_interval() -> None:
    rows = summary(MIXED)
    axes = figures.orders_by_channel(rows, "mine").axes[0]
    tops: dict[float, float] = {}
    for container in axes.containers:
        for patch in getattr(container, "patches", ()):
            x = patch.get_x() + patch.get_width() / 2
            assert patch.get_y() == pytest.approx(tops.get(x, 0.0))
            tops[x] = patch.get_y() + patch.get_height()
    total = [r for r in rows if r["metric"] == "orders" and list(r["by"]) == ["year"]]
    assert sorted(tops) == pytest.approx([2020, 2021, 2022])
    assert [tops[x] for x in sorted(tops)] == pytest.approx([r["mean"] for r in total])
    (whiskers,) = axes.collections
    ends = [(segment[0][1], segment[1][1]) for segment in whiskers.get_segments()]
    assert ends == [pytest.approx((r["low"], r["high"])) for r in total]


def test_orders_say_what_they_show() -> None:
    figure = figures.orders_by_channel(summary(MIXED), "mine")
    words = texts(figure)
    assert figure.axes[0].get_ylabel() == "orders per year"
    assert {"2020", "2021", "2022", "walk-in  363", "owner referral  121"} <= set(words)
    message = "mine: 2,070 orders in 2022, 21% more than in 2020; vertical media brings 53%, owner referral 5.8%"
    assert message in [" ".join(word.split()) for word in words]


# --- costs ------------------------------------------------------------------------------------------------------------


def test_costs_have_a_line_per_channel_that_spends_and_one_for_all() -> None:
    rows = summary(MIXED, free=["walk_in", "word_of_mouth"])
    for axes, metric in zip(figures.cost_by_channel(rows, "mine").axes, ("cpl", "cac"), strict=True):
        shown = lines(axes)
        assert set(shown) == {"paid_ads", "vertical_media", "referral", "all channels"}
        for name in ("paid_ads", "vertical_media", "referral"):
            assert list(shown[name].get_ydata()) == means(rows, metric, channel=name)
            assert list(shown[name].get_xdata()) == [2020, 2021, 2022]
            assert mpl.colors.same_color(shown[name].get_color(), style.CHANNEL_COLOURS[name])
        assert list(shown["all channels"].get_ydata()) == pytest.approx(means(rows, metric))


def test_cost_bands_are_the_intervals() -> None:
    rows = summary({"paid_ads": 50.0}, half=0.25)
    axes = figures.cost_by_channel(rows, "mine").axes[0]
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((75.0, 125.0))


def test_costs_carry_units_and_name_the_channels_without_spend() -> None:
    figure = figures.cost_by_channel(summary(MIXED, free=["walk_in", "word_of_mouth"]), "mine")
    assert [axes.get_ylabel() for axes in figure.axes] == ["CNY per lead", "CNY per customer"]
    assert any("not drawn: word of mouth and walk-in." in " ".join(word.split()) for word in texts(figure))


def test_a_wild_interval_does_not_flatten_the_lines() -> None:
    calm = figures.cost_by_channel(summary({"paid_ads": 50.0, "referral": 5.0}, half=0.1), "mine").axes[0].get_ylim()
    wild = figures.cost_by_channel(summary({"paid_ads": 50.0, "referral": 5.0}, half=90.0), "mine").axes[0].get_ylim()
    assert wild[0] == calm[0] == 0
    assert calm[1] < wild[1] < 2 * calm[1]


def test_a_channel_that_stopped_is_labelled_with_its_last_year() -> None:
    rows = summary(MIXED)
    for r in rows:
        if r["by"] == {"year": 2022, "channel": "paid_ads"}:
            r.update(mean=NAN, low=NAN, high=NAN)
    assert "paid ads  100 (2021)" in texts(figures.cost_by_channel(rows, "mine"))


# --- forest -----------------------------------------------------------------------------------------------------------


def forest_lines(figure: Figure) -> dict[str, Any]:
    return lines(figure.axes[0])


def test_the_forest_shows_key_metrics_and_the_first_and_the_last_year_of_what_a_customer_costs() -> None:
    labels = [tick.get_text() for tick in figures.forest(DIFFERENCES, "other", "mine").axes[0].get_yticklabels()]
    assert labels == [
        "leads",
        "orders",
        "spend, CNY",
        "cost per customer (CAC), CNY",
        "CAC in 2020",
        "CAC in 2022",
        "referred share of deliveries",
    ]


def test_the_forest_draws_relative_differences_in_the_colour_of_their_verdict() -> None:
    shown = forest_lines(figures.forest(DIFFERENCES, "other", "mine"))
    # orders: 100 in the reference, 8 more, give or take 3
    assert list(shown["mean 1"].get_xdata()) == pytest.approx([0.08])
    assert list(shown["interval 1"].get_xdata()) == pytest.approx([0.05, 0.11])
    assert list(shown["interval 1"].get_ydata()) == [1, 1]
    colours = [shown[f"mean {place}"].get_color() for place in (0, 1, 4)]
    assert len(set(colours)) == 3
    assert shown["mean 3"].get_color() == shown["mean 1"].get_color()


def test_the_forest_has_a_zero_line_and_shades_the_margin_of_each_row() -> None:
    axes = figures.forest(DIFFERENCES, "other", "mine").axes[0]
    assert any(list(line.get_xdata()) == [0, 0] for line in axes.lines)
    assert len(axes.patches) == 7
    assert axes.patches[0].get_x() == -0.02
    assert axes.patches[0].get_width() == 0.04
    assert axes.get_xlabel() == "difference, % of the reference"


def test_without_a_reference_value_the_forest_gives_numbers_instead_of_a_mark() -> None:
    figure = figures.forest(DIFFERENCES, "other", "mine")
    assert "mean 6" not in forest_lines(figure)
    assert {"no reference value", "8.0%", "changed"} <= set(texts(figure))


def test_a_difference_beyond_the_edge_becomes_an_arrow() -> None:
    huge = [*DIFFERENCES, difference("deliveries", 1.0, 40.0, 2.0, "better", "count")]
    figure = figures.forest(huge, "other", "mine")
    shown, limit = forest_lines(figure)["mean 2"], figure.axes[0].get_xlim()[1]
    assert shown.get_marker() == ">"
    assert list(shown.get_xdata()) == [limit]
    assert "+4000%" in texts(figure)


def test_the_forest_of_a_scenario_with_itself_is_a_column_of_zeros() -> None:
    same = [
        difference(name, value, 0.0, 0.0, "equivalent", "count") for name, value in (("leads", 9.0), ("orders", 0.0))
    ]
    shown = forest_lines(figures.forest(same, "other", "mine"))
    assert [list(shown[f"mean {place}"].get_xdata()) for place in (0, 1)] == [[0.0], [0.0]]


def test_the_forest_reads_only_its_scenario() -> None:
    assert "nothing to compare" in texts(figures.forest(DIFFERENCES, "a third", "mine"))


@pytest.mark.parametrize(
    ("verdict", "change", "words"),
    [
        ("better", -250.0, "With other a customer costs 5.0% less than with mine"),
        ("worse", 250.0, "With other a customer costs 5.0% more than with mine"),
        ("equivalent", 1.0, "With other a customer costs practically the same as with mine"),
        ("inconclusive", 250.0, "Whether a customer costs more or less with other than with mine is open"),
    ],
)
def test_the_forest_says_what_a_customer_costs(verdict: str, change: float, words: str) -> None:
    figure = figures.forest([difference("cac", 5000.0, change, 1.0, verdict)], "other", "mine")
    assert words in texts(figure)


# --- loop -------------------------------------------------------------------------------------------------------------


def test_the_loop_closes_three_times() -> None:
    shown = arrows(figures.loop(summary(MIXED), "mine"))
    ring = ["aware households to leads", "leads to visits", "visits to orders", "orders to deliveries"]
    ring += ["deliveries to owners", "owners to leads through owners"]
    back = ["referral to leads", "word_of_mouth to leads", "owners to orders", "talk to aware households"]
    assert set(ring + back) <= set(shown)
    for name in ("referral to leads", "word_of_mouth to leads"):
        assert mpl.colors.same_color(shown[name].get_edgecolor(), style.CHANNEL_COLOURS[name.removesuffix(" to leads")])


def test_the_loop_shows_flows_stocks_and_rates_of_the_last_year() -> None:
    rows = [r | {"mean": r["mean"] * 2} if r["metric"] == "aware" else r for r in summary(MIXED, years=(2024, 2025))]
    words = set(texts(figures.loop(rows, "mine")))
    orders = 1710 * 1.1
    expected = [orders * 80, orders * 10, orders * 3, orders, orders * 0.9, orders * 5, 110 * 10 * 1.1]
    assert {compact(value) for value in expected} <= words
    assert {"0.12", "25%", "90%", f"{compact(orders * 0.1)} cancelled"} <= words
    assert any(word.startswith("mine: in 2025 owners bring 6.4% of leads and 6.4% of orders") for word in words)


def test_the_loop_of_an_earlier_year_is_another_one() -> None:
    words = texts(figures.loop(summary(MIXED), "mine", year=2020))
    assert compact(1710.0) in words
    assert any("in 2020 owners bring" in word for word in words)


def test_without_a_programme_the_way_back_stands_open_and_is_empty() -> None:
    shown = arrows(figures.loop(summary({"paid_ads": 100.0, "word_of_mouth": 5.0}), "mine"))
    assert shown["referral to leads"].get_linestyle() != "solid"
    assert shown["word_of_mouth to leads"].get_linewidth() > shown["referral to leads"].get_linewidth()


# --- all figures ------------------------------------------------------------------------------------------------------


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
    "twenty years": summary(MIXED, years=LONG_HORIZON),
    "one year": summary(MIXED, years=(2020,)),
    "one replicate": summary(MIXED, half=NAN),
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
        shown = "".join(root.itertext()).replace("\n", "").replace(" ", "")
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
    assert [percent(0.0312), percent(-0.4, signed=True), percent(NAN)] == ["3.1%", "-40%", "-"]
    assert [changed(100, 66, 2020), changed(10, 15.9, 2021)] == ["34% less than in 2020", "59% more than in 2021"]
    assert [changed(1e6, 1e6 + 1, 2020), changed(0, 1, 2020)] == ["as in 2020", "- more than in 2020"]
    assert [listed(["a"]), listed(["a", "b", "c"]), listed([])] == ["a", "a, b and c", ""]


@pytest.mark.parametrize(
    ("wanted", "places"),
    [([], []), ([0.2, 0.8], [0.2, 0.8]), ([0.5, 0.5, 0.5], [0.5, 0.6, 0.7]), ([0.98, 0.99], [0.9, 1.0])],
)
def test_labels_are_spread(wanted: list[float], places: list[float]) -> None:
    assert style.spread(wanted, 0.1, 0.0, 1.0) == pytest.approx(places)


# --- files ------------------------------------------------------------------------------------------------------------


def held(folder: Path | None, rows: Rows, name: str = "mine") -> Any:
    """What figures need of a result: its scenario's name, its summary and its folder."""
    run = None if folder is None else SimpleNamespace(folder=folder)
    return SimpleNamespace(scenario=SimpleNamespace(name=name), summary=rows, run=run)


def test_figures_are_written_into_the_run_directory(tmp_path: Path) -> None:
    result = held(tmp_path, summary(MIXED))
    paths = figures.write(result)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in paths) == [
        "figures/costs.svg",
        "figures/loop.svg",
        "figures/orders.svg",
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
