"""The register of inputs, calibrated constants and assumptions, and that fits, constants and statuses agree."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.experiment.fits import Entry, Files, Fit
from sim.report import parameters, register
from sim.scenario import places
from sim.scenario.schema.behaviour import Behaviour
from sim.units import Status, status_of

PROJECT = Path(__file__).resolve().parents[2]
ID = re.compile(r"[TNLCDXAM]\d\d")


def evidence(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((PROJECT / "docs" / "evidence" / f"{name}.yaml").read_text("utf-8"))
    return found


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(register.document())))


def entries() -> list[Entry]:
    return list(Files.read(places.SCENARIOS).plan.fits)


def statuses() -> dict[str, Status]:
    return {name: status for name, field in Behaviour.model_fields.items() if (status := status_of(field))}


def defaults() -> dict[str, float]:
    found: dict[str, float] = yaml.safe_load((PROJECT / "scenarios" / "defaults.yaml").read_text("utf-8"))["behaviour"]
    return found


def test_the_register_is_up_to_date() -> None:
    written = (PROJECT / "docs" / "register.csv").read_text(encoding="utf-8")
    assert written == register.document(), "run: python -m sim.report.register > docs/register.csv"


def test_every_constant_of_behaviour_has_a_row() -> None:
    found = {row["name"]: row for row in rows()}
    assert len(found) == len(rows()), "a name stands for one number"
    for name, status in statuses().items():
        row = found[f"behaviour.{name}"]
        assert (row["kind"], row["set_in"], row["reason"]) == (status.kind, "defaults", status.source)
        assert float(row["value"]) == pytest.approx(defaults()[name], rel=1e-5)
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])


def test_inputs_of_scenarios_with_a_source_or_a_range_are_there() -> None:
    found = {row["name"]: row for row in rows()}
    expected = {
        "economics.discount_rate_per_year": ("input", "0.1", "rate", "", "", "defaults", "M20"),
        "stores.call_hours": ("assumption", "0.25", "hours", "0.1", "0.5", "model", "M13"),
        "brand.service_margin_per_year": ("input", "", "money, over time", "", "", "scenario", "D12"),
        "policies.vertical_media.price_per_lead": ("input", "250", "money", "200", "300", "model", "M05"),
        "policies.kos.bonus_per_order": ("assumption", "1000", "money", "300", "3000", "model", ""),
        "market.districts[].radius_km": ("assumption", "6", "km", "3", "12", "model", ""),
    }
    columns = ("kind", "value", "unit", "low", "high", "set_in", "sources")
    assert {name: tuple(found[name][column] for column in columns) for name in expected} == expected
    described = [field.description or "" for _, model in parameters.SECTIONS for field in model.model_fields.values()]
    assert len(found) - len(statuses()) >= sum(bool(ID.search(text)) for text in described)


def test_sources_are_evidence_and_kinds_are_known() -> None:
    known = {entry["id"] for name in ("claims", "market", "limits") for entry in evidence(name)}
    for row in rows():
        assert set(row["sources"].split()) <= known, row["name"]
        assert row["kind"] in register.KINDS
        assert row["meaning"]
        assert row["unit"] or row["set_in"] == "scenario", row["name"]
        assert not row["high"] or float(row["low"]) < float(row["high"]), row["name"]


def test_targets_are_what_the_claims_observed() -> None:
    claims = {claim["id"]: claim for claim in evidence("claims")}
    for entry in entries():
        claim = claims[entry.target.claim]
        assert claim["use"] == "calibration target"
        observed = claim["value"] if isinstance(claim["value"], list) else [claim["value"]]
        assert min(observed) <= entry.target.value <= max(observed), entry.constant


# --- fits, constants and statuses say the same ------------------------------------------------------------------------


def disagreements(fitted: list[Entry], values: Mapping[str, float], kinds: Mapping[str, Status]) -> list[str]:
    """Where a calibrated constant is not the one that was fitted, or the other way round."""
    by_name = {entry.name: entry for entry in fitted if entry.fit is not None}
    calibrated = {name for name, status in kinds.items() if status.kind == "calibrated"}
    found = [f"{name}: calibrated, but without a fit" for name in sorted(calibrated - by_name.keys())]
    for name, entry in by_name.items():
        status, fit = kinds[name], entry.fit
        assert fit is not None
        wrong = {
            "fitted, but of another kind": name not in calibrated,
            "another value": values[name] != fit.value,
            "another range": [status.low, status.high] != entry.range,
            "another target": status.kind == "calibrated" and status.target != entry.target.label,
            "another source": entry.target.claim not in status.source,
        }
        found += [f"{name}: {what}" for what, holds in wrong.items() if holds]
    return found


def test_calibrated_constants_are_those_that_were_fitted() -> None:
    assert disagreements(entries(), defaults(), statuses()) == []


def fitted_entry() -> Entry:
    fit = Fit(value=14.0, date="2026-01-02", seed=1, replicates=3, achieved=0.15, iterations=5, sources="0" * 16)
    return entries()[0].model_copy(update={"fit": fit})


@pytest.mark.parametrize(
    ("change", "value", "message"),
    [
        ({}, 14.0, None),
        ({}, 14.5, "another value"),
        ({"high": 61.0}, 14.0, "another range"),
        ({"target": "referral_share year=2021"}, 14.0, "another target"),
        ({"source": "T10"}, 14.0, "another source"),
        ({"kind": "assumption", "target": None}, 14.0, "fitted, but of another kind"),
    ],
)
def test_a_disagreement_is_found(change: dict[str, Any], value: float, message: str | None) -> None:
    entry = fitted_entry()
    target = entry.target
    status = Status("calibrated", target.claim, *entry.range, target=target.label)
    kinds = {entry.name: dataclasses.replace(status, **change)}
    expected = [] if message is None else [f"{entry.name}: {message}"]
    assert disagreements([entry], {entry.name: value}, kinds) == expected
    without = entry.model_copy(update={"fit": None})
    if kinds[entry.name].kind == "calibrated":
        assert disagreements([without], {entry.name: value}, kinds) == [f"{entry.name}: calibrated, but without a fit"]


def test_a_fit_shows_in_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = fitted_entry()
    files = Files.read(places.SCENARIOS)
    fitted = dataclasses.replace(files, plan=files.plan.model_copy(update={"fits": [entry]}))
    monkeypatch.setattr(Files, "read", classmethod(lambda cls, scenarios: fitted))
    assert "| 14 | 0.15 | 2026-01-02, seed 1, 3 replicates, 5 trials |" in parameters.document()
    row = register._fitted(Status("calibrated", "T07", *entry.range, target=entry.target.label), entry)
    assert (row["achieved"], row["target_value"], row["fitted_on"], row["replicates"]) == (
        "0.15",
        "0.15",
        "2026-01-02",
        "3",
    )


def test_kinds_are_counted() -> None:
    found = [status.kind for status in statuses().values()]
    number = ", ".join(f"{kind} {found.count(kind)}" for kind in ("input", "calibrated", "assumption"))
    assert f"{len(found)} constants ({number})" in parameters.document()
    table = register.rows()
    assert sum(register.counts(table).values()) == len(table)
