"""What pydantic objects to, in the words of someone who writes scenarios."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import ErrorDetails

from sim.scenario.hints import bool_hint, map_hint, number_hint
from sim.scenario.shape import (
    bounds_of,
    choices_of,
    inside,
    is_capped,
    is_map,
    is_schedule,
    is_text,
    keys_of,
    names_at,
    unit_at,
)
from sim.scenario.suggest import nearest
from sim.scenario.tree import Index, is_year, shown
from sim.units import UNLIMITED, Unit

_NUMBERS: Final = {"float_type": "a number", "int_type": "a whole number", "int_from_float": "a whole number"}
_BOOL: Final = "bool_type"
_TEXT: Final = "string_type"
_LISTS: Final = ("list_type", "tuple_type")
_MAPS: Final = ("dict_type", "mapping_type", "model_type", "model_attributes_type")
_KINDS: Final = {
    _BOOL: "true or false",
    _TEXT: "text (in quotes if it looks like a number)",
    **dict.fromkeys(_LISTS, "a list"),
    **dict.fromkeys(_MAPS, "a map of keys"),
}
_RANGES: Final = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}
_FORMS: Final = {r"^[A-Z]{3}$": "three capital letters, for example CNY"}
"""What patterns of the schema ask for, in words."""
_NO_LIMIT: Final = ("unlimited", "none", "no limit", "infinity", "infinite", "inf", "∞", "无限", "不限")
_SHORT: Final = 40
"""Length of a text that is worth repeating in a hint."""
_YEARS: Final = "keys of a schedule are calendar years from 1900 to 2200, for example {2023: 1.0, 2025: 1.5}"


def wording(detail: ErrorDetails, value: object, types: Sequence[Any]) -> str:
    """Return the message for an error of pydantic about a value of a tree that should have one of the types."""
    kind, limits = detail["type"], detail.get("ctx", {})
    unit = unit_at(types)
    if kind in _NUMBERS:
        return _number_wording(_NUMBERS[kind], value, types, unit)
    if kind == "finite_number":
        lifted = f"; write {UNLIMITED} for no limit" if is_capped(types) else ""
        return f"must be {unit.meaning if unit else 'a finite number'}, not {shown(value)}{lifted}"
    if kind in _RANGES:
        name, relation = _RANGES[kind]
        wanted = f"{relation} {figure(limits[name])}"
        if unit and name in ("ge", "le") and figure(limits[name]) in unit.meaning.split():
            wanted = unit.meaning  # it says so itself
        return f"must be {wanted}, not {shown(value)}{_percent_hint(value, unit)}"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}{_contents(kind, types)}, not {shown(value)}{_kind_hint(kind, value, types)}"
    if kind in ("literal_error", "enum"):
        return _choice_wording(value, types)
    if kind in ("too_short", "too_long"):
        return _length_wording(limits, value, types)
    if kind == "string_pattern_mismatch":
        form = _FORMS.get(limits["pattern"])
        return f"must {f'be {form}' if form else 'have the form ' + limits['pattern']}, not {shown(value)}"
    if "error" in limits:  # of a validator
        return str(limits["error"])
    return f"cannot be {shown(value)}"


def key_wording(detail: ErrorDetails, key: object, types: Sequence[Any], names: Mapping[str, Sequence[str]]) -> str:
    """Return the message for an error of pydantic about a key of a map of one of the types.

    `names` are those that keys may have to repeat, by what they are names of.
    """
    if is_schedule(types):
        quoted = isinstance(key, str) and key.isascii() and key.replace(".", "", 1).isdigit()
        return f"{_YEARS}, not {shown(key)}{'; write it without quotes' if quoted else ''}"
    cause = detail.get("ctx", {}).get("error")
    if cause is not None:
        return f"the name {cause}"
    what = names_at(types)
    known = f"names of {what}s: {', '.join(names.get(what, ()))}" if what else "names"
    if isinstance(key, int | float) and is_year(key):
        return f"keys are {known}; a schedule stands below a name, for example {{name: {{{key}: 1}}}}"
    return f"keys are {known}; write '{key}' in quotes if it is one"


def _number_wording(plain: str, value: object, types: Sequence[Any], unit: Unit | None) -> str:
    meaning = f"{unit.meaning}, for example {unit.example}" if unit else plain + bounds_of(types)
    lifted = f", or {UNLIMITED}" if is_capped(types) else ""
    by_year = ", or such values by calendar year" if is_schedule(types) else ""
    hint = ""
    if isinstance(value, str):
        if lifted and value.strip().casefold() in _NO_LIMIT:
            hint = f"; write {UNLIMITED}"
        else:
            hint = number_hint(value, whole=plain == "a whole number", unit=unit.name if unit else "")
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        hint = f"; write {int(value)}"
    return f"must be {meaning}{lifted}{by_year}, not {shown(value)}{hint}"


def _contents(kind: str, types: Sequence[Any]) -> str:
    """Return what stands in a map or list of one of the types, in words."""
    if kind not in (*_MAPS, *_LISTS):
        return ""
    items = keys_of(inside(types, Index(0))) if kind in _LISTS or is_map(types) else []
    if kind in _LISTS:
        example = ", such as [one, other]" if is_text(inside(types, Index(0))) else ", such as [1, 2]"
        return f" of maps: `- {{{', '.join(f'{key}: ...' for key in items[:2])}}}`" if items else example
    if is_map(types):
        return f" by name: `NAME: {{{items[0]}: ...}}`" if items else " by name"
    keys = keys_of(types)
    return f" ({', '.join(keys[:6])}{', ...' if len(keys) > 6 else ''})" if keys else ""


def figure(limit: float) -> str:
    """Return a limit as people write it; years stay without a separator."""
    return f"{limit:,.15g}" if abs(limit) >= 10_000 else f"{limit:g}"


def _percent_hint(value: object, unit: Unit | None) -> str:
    if (
        unit is not None
        and unit.name in ("share", "rate", "number")
        and isinstance(value, int | float)
        and 2 <= value <= 100
    ):
        return f"; {value:.15g}% is written {value / 100:.15g}"
    return ""


def _kind_hint(kind: str, value: object, types: Sequence[Any]) -> str:
    """Return how to write a value of another kind than the one wanted."""
    if kind == _BOOL:
        return bool_hint(value)
    if kind == _TEXT and isinstance(value, bool | int | float):
        return f"; write '{shown(value)}'"
    if kind in _LISTS and isinstance(value, str) and value and is_text(inside(types, Index(0))):
        return f"; write [{value}]" if len(value) <= _SHORT else ""
    if kind in _MAPS and isinstance(value, bool | str):
        meant = "true" if value is True else "false" if value is False else bool_hint(value)
        if meant:
            return "; write {} for its defaults" if "true" in meant else "; write null for none"
        return map_hint(str(value))
    return ""


def _choice_wording(value: object, types: Sequence[Any]) -> str:
    choices = choices_of(types)
    near = nearest(value, choices) if isinstance(value, str) else None
    allowed = choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    return f"must be {allowed}, not {shown(value)}" + (f"; did you mean '{near}'?" if near else "")


def _length_wording(limits: dict[str, Any], value: object, types: Sequence[Any]) -> str:
    if is_schedule(types):
        return _YEARS
    least, most = limits.get("min_length"), limits.get("max_length")
    bound = f"at least {least}" if least is not None else f"at most {most}"
    actual = len(value) if isinstance(value, dict | list) else limits.get("actual_length")
    return f"must have {bound} {'entry' if (least or most) == 1 else 'entries'}, not {actual}"
