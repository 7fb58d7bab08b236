"""The register of inputs, calibrated constants and assumptions: `python -m sim.report.register > docs/register.csv`.

One row per constant of behaviour, and per parameter of a scenario whose description names a source or calls it an
assumption or an input. A comma-separated table, because every spreadsheet opens it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from sim.experiment.fits import PREFIX, Entry, Files
from sim.report.parameters import KINDS, SECTIONS, default_of, sentence, unit_words
from sim.scenario import places
from sim.scenario.schema.behaviour import Behaviour
from sim.scenario.yaml_core import parse
from sim.units import Status, status_of

COLUMNS = (
    *("name", "kind", "value", "unit", "low", "high", "set_in", "sources", "reason"),
    *("target", "target_value", "achieved", "fitted_in", "fitted_on", "seed", "replicates"),
    *("constant_low", "constant_high", "meaning"),
)
"""kind: input, calibrated or assumption; low, high: the plausible range; set_in: defaults (scenarios/defaults.yaml),
model (a default of the program) or scenario (every scenario has its own); constant_low, constant_high: values that the
replicates of the calibration cannot tell from the fitted one."""


_ID = re.compile(r"\b[TNLCDXAM]\d\d\b")
_RANGE = re.compile(r"\([^()]*?\b(\d[\d.,]*) to (\d[\d.,]*)\b[^()]*\)")
_WORDS = re.compile(r"\((?:[^()]*; )?(assumption|input)\b")

Row = dict[str, str]


def document() -> str:
    """The register as comma-separated text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    return text.getvalue()


def rows() -> list[Row]:
    """All rows: the constants of behaviour, then the parameters of scenarios, in the order of their models."""
    return [*_constants(), *_parameters()]


def counts(table: list[Row]) -> dict[str, int]:
    """How many rows there are of each kind."""
    found = Counter(row["kind"] for row in table)
    return {kind: found[kind] for kind in KINDS}


def _constants() -> Iterator[Row]:
    defaults = _defaults()["behaviour"]
    fits = {entry.name: entry for entry in Files.read(places.SCENARIOS).plan.fits}
    for name, field in Behaviour.model_fields.items():
        status = status_of(field)
        if status is None:
            raise TypeError(f"behaviour.{name} has no status")
        row = {
            "name": PREFIX + name,
            "kind": status.kind,
            "value": f"{defaults[name]:g}",
            "unit": unit_words(field),
            "low": f"{status.low:g}",
            "high": f"{status.high:g}",
            "set_in": "defaults",
            "sources": _sources(status.source),
            "reason": status.source,
            "meaning": sentence(field.description),
        }
        yield row | (_fitted(status, fits[name]) if status.kind == "calibrated" and name in fits else {})


def _fitted(status: Status, entry: Entry) -> Row:
    row = {"target": status.target or "", "target_value": f"{entry.target.value:g}", "fitted_in": entry.scenario}
    if entry.fit is None:
        return row
    fit = entry.fit
    row |= {"achieved": f"{fit.achieved:g}", "fitted_on": fit.date, "seed": str(fit.seed)}
    row |= {"replicates": str(fit.replicates)}
    return row | {
        f"constant_{end}": f"{getattr(fit, end):g}" for end in ("low", "high") if getattr(fit, end) is not None
    }


def _parameters() -> Iterator[Row]:
    for path, model in SECTIONS:
        for name, field in model.model_fields.items():
            meaning = sentence(field.description)
            word = _WORDS.search(meaning)
            if not (word or _ID.search(meaning)):
                continue
            place = name if path == "Scenario" else f"{path}.{name}"
            value, where = _value(place, field)
            span = _RANGE.search(meaning)
            yield {
                "name": place,
                "kind": word[1] if word else "input",
                "value": value,
                "unit": unit_words(field),
                "low": span[1].replace(",", "") if span else "",
                "high": span[2].replace(",", "") if span else "",
                "set_in": where,
                "sources": _sources(meaning),
                "meaning": meaning,
            }


def _value(place: str, field: FieldInfo) -> tuple[str, str]:
    """The value that holds unless a scenario says otherwise, and where it is set."""
    value: Any = _defaults()
    for part in place.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, int | float):
        return f"{value:g}", "defaults"
    default = default_of(field)
    return ("", "scenario") if default in ("required", "none", "its own") else (default, "model")


def _sources(text: str) -> str:
    return " ".join(dict.fromkeys(_ID.findall(text)))


@cache
def _defaults() -> dict[str, Any]:
    file = places.SCENARIOS / places.DEFAULTS
    root, _ = parse(file.read_text(encoding="utf-8"), file.name)
    plain = root.plain() if root else {}
    assert isinstance(plain, dict)
    return plain


if __name__ == "__main__":
    print(document(), end="")
