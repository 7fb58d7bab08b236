"""Tables of every parameter, from the models themselves: `python -m sim.report.parameters > docs/parameters.md`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sim.experiment.fits import Files
from sim.levers import Levers
from sim.policies import POLICIES
from sim.policies.referral import Reward, Span
from sim.scenario import Scenario, load, places
from sim.scenario.schema.behaviour import Behaviour
from sim.scenario.schema.brand import Brand, InitialOwners
from sim.scenario.schema.market import District, Market, NetworkSettings, Rival, Segment
from sim.scenario.schema.platforms import Platform
from sim.scenario.schema.root import Economics, Horizon, Threshold
from sim.scenario.schema.stores import Stores
from sim.scenario.shape import is_capped, is_schedule
from sim.schedule import Schedule
from sim.units import plain_number, status_of, unit_of

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Scenario", Scenario),
    ("horizon", Horizon),
    ("economics", Economics),
    ("market", Market),
    ("market.districts[]", District),
    ("market.segments.NAME", Segment),
    ("market.network", NetworkSettings),
    ("market.rivals.NAME", Rival),
    ("market.platforms.NAME", Platform),
    ("brand", Brand),
    ("brand.initial_owners[]", InitialOwners),
    ("stores", Stores),
    ("thresholds[]", Threshold),
    *((f"policies.{name}", policy) for name, policy in POLICIES.items()),
    ("policies.referral.rewards.NAME", Reward),
    ("policies.referral.suspended[]", Span),
)
"""What a scenario consists of, in the order of its file; constants of behaviour have their own table."""

_INTRODUCTION = """# Parameters

Written by `python -m sim.report.parameters > docs/parameters.md` from the models in `sim/scenario/schema` and
`sim/policies`; a test fails when it is out of date. Ids such as T05 or M09 stand in `docs/evidence`.
*Over time* means that a schedule such as `{2020: 1.0, 2023: 1.8}` is allowed; *unlimited* that this word lifts
the limit.
"""

_ABOUT_FITS = """One constant per observed value, found by `python run.py calibrate` within its range, with the same
luck in every trial. *Achieved* is the mean of the metric over replicates. Beside the value stands how far the constant
could move before the replicates would tell: the interval of the metric divided by its slope. That says nothing about
how sure the observed value is.

"""

KINDS = ("input", "calibrated", "assumption")
"""Where a number comes from: a source, a fit to an observed value, or judgement."""


def document() -> str:
    """The whole document, Markdown."""
    parts = [_INTRODUCTION, *(f"## `{path}`\n\n{_section(model)}" for path, model in SECTIONS)]
    parts += [f"## `behaviour`\n\n{_behaviour()}", f"## What is calibrated\n\n{_calibrated()}"]
    parts.append(f"## Levers\n\n{_levers()}")
    return "\n".join(parts)


def _section(model: type[BaseModel]) -> str:
    rows = [
        (f"`{name}`", unit_words(field), default_of(field), sentence(field.description))
        for name, field in model.model_fields.items()
        if field.description  # what has none is a section with a table of its own
    ]
    return f"{sentence(model.__doc__)}\n\n" + _table(("parameter", "unit", "default", "meaning"), rows)


def _behaviour() -> str:
    values = load("baseline").behaviour
    rows = []
    for name, field in Behaviour.model_fields.items():
        status = status_of(field)
        if status is None:
            raise TypeError(f"behaviour.{name} has no status")
        source = status.source if status.target is None else f"{status.source}; fitted to {status.target}"
        span = f"{status.low:g} to {status.high:g}"
        value = f"{getattr(values, name):g}"
        rows.append((f"`{name}`", unit_words(field), value, span, status.kind, source, sentence(field.description)))
    head = ("constant", "unit", "value", "range", "status", "source or reason", "meaning")
    kinds = [str(row[4]) for row in rows]
    number = ", ".join(f"{kind} {kinds.count(kind)}" for kind in KINDS)
    text = f"{sentence(Behaviour.__doc__)} Shared by all carmakers: {len(rows)} constants ({number}).\n"
    return f"{text}[register.csv](register.csv) holds them as data, with the inputs of scenarios.\n\n" + _table(
        head, rows
    )


def _calibrated() -> str:
    """The fits of `scenarios/calibration.yaml`."""
    rows = []
    for entry in Files.read(places.SCENARIOS).plan.fits:
        target, fit = entry.target, entry.fit
        low, high = entry.range
        wanted = f"{target.value:g} within {target.tolerance:.0%} ({target.claim})"
        cells = [f"`{entry.name}`", f"{target.label} in `{entry.scenario}`", wanted, f"{low:g} to {high:g}"]
        if fit is None:
            rows.append([*cells, "not fitted yet", "", ""])
        else:
            span = f" ({fit.low:g} to {fit.high:g})" if fit.low is not None and fit.high is not None else ""
            when = f"{fit.date}, seed {fit.seed}, {fit.replicates} replicates, {fit.iterations} trials"
            rows.append([*cells, f"{fit.value:g}{span}", f"{fit.achieved:.4g}", when])
    return _ABOUT_FITS + _table(("constant", "fitted to", "target", "range", "value", "achieved", "fitted"), rows)


def _levers() -> str:
    rows = [
        (f"`{group.name}.{lever.name}`", _neutral(lever), lever.metadata["combine"], lever.metadata["meaning"])
        for group in dataclasses.fields(Levers)
        for lever in dataclasses.fields(getattr(Levers(), group.name))
    ]
    text = "What policies may move: fresh at its neutral value in every tick.\n\n"
    return text + _table(("lever", "neutral", "policies combine by", "meaning"), rows)


def _neutral(lever: dataclasses.Field[Any]) -> str:
    if lever.default is None:
        return "none"
    return "empty" if lever.default is dataclasses.MISSING else f"{lever.default:g}"


def unit_words(field: FieldInfo) -> str:
    """The unit of a parameter, and whether it may be unlimited or change over time."""
    unit, annotation = unit_of(field), field.rebuild_annotation()
    if get_origin(annotation) is dict:
        annotation = get_args(annotation)[1]
    words = [unit.name if unit else ""]
    words += ["unlimited"] * is_capped([annotation]) + ["over time"] * is_schedule([annotation])
    return ", ".join(filter(None, words))


def default_of(field: FieldInfo) -> str:
    """The default of a parameter as text; words where it has none."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return "its own"
    if isinstance(value, Schedule):
        value = value.plain()
    if isinstance(value, float):
        value = plain_number(value)
    return "none" if value in (None, "", [], {}) else f"{value:g}" if isinstance(value, float) else str(value)


def sentence(text: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split())


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows)) + "\n"


def _lines(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


if __name__ == "__main__":
    print(document(), end="")
