from __future__ import annotations

import matplotlib as mpl
import pytest
from looking import arrows, bars, lines, means, texts
from made_summary import MIXED, NAN, summary

from sim.report import figures
from sim.report.figures import style
from sim.report.figures.wording import compact


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


def test_answers_have_a_column_and_a_count_for_each_delay() -> None:
    figure = figures.answer_delay(summary(MIXED), "mine")
    assert bars(figure)["leads that order"] == pytest.approx([0.2 / k for k in range(1, 8)])
    ends = [(line[0][1], line[1][1]) for line in figure.axes[0].collections[0].get_segments()]
    assert ends == [pytest.approx((0.18 / k, 0.22 / k)) for k in range(1, 8)]
    words = texts(figure)
    assert {"< 5 min\n17,100", "5-30 min\n34,200", "never\n120,000", "20%", "2.9%"} <= set(words)
    message = "mine: 11% of leads are answered in 30 minutes, 64% after 6 hours"
    assert message in [" ".join(word.split()) for word in words]
