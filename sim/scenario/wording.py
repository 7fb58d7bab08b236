"""What pydantic objects to, in the words of someone who writes scenarios."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic_core import ErrorDetails

from sim.scenario.shape import choices_of, is_capped, is_schedule, keys_of, unit_at
from sim.scenario.suggest import nearest
from sim.scenario.tree import shown
from sim.units import UNLIMITED, Unit

_NUMBERS: Final = {"float_type": "a number", "int_type": "a whole number", "int_from_float": "a whole number"}
_KINDS: Final = {
    "bool_type": "true or false",
    "string_type": "text (in quotes if it looks like a number)",
    "list_type": "a list, such as [1, 2]",
    "tuple_type": "a list, such as [1, 2]",
    "dict_type": "a map of keys",
    "mapping_type": "a map of keys",
    "model_type": "a map of keys",
    "model_attributes_type": "a map of keys",
}
_RANGES: Final = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}


def wording(detail: ErrorDetails, value: object, types: Sequence[Any], of_key: bool = False) -> str:
    """Return the message for an error of pydantic about a value of a tree that should have one of the types."""
    kind, limits = detail["type"], detail.get("ctx", {})
    unit = unit_at(types)
    if of_key:
        return _key_wording(detail)
    if kind in _NUMBERS:
        return _number_wording(_NUMBERS[kind], value, types, unit)
    if kind == "finite_number":
        lifted = f"; write {UNLIMITED} for no limit" if is_capped(types) else ""
        return f"must be {unit.meaning if unit else 'a finite number'}, not {shown(value)}{lifted}"
    if kind in _RANGES:
        name, relation = _RANGES[kind]
        wanted = f"{relation} {_figure(limits[name])}"
        if unit and name in ("ge", "le") and _figure(limits[name]) in unit.meaning.split():
            wanted = unit.meaning  # it says so itself
        return f"must be {wanted}, not {shown(value)}{_percent_hint(value, unit)}"
    if kind in _KINDS:
        keys = keys_of(types)
        known = f" ({', '.join(keys[:6])}{', ...' if len(keys) > 6 else ''})" if keys else ""
        return f"must be {_KINDS[kind]}{known}, not {shown(value)}"
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        return _choice_wording(value, types, limits)
    if kind in ("too_short", "too_long"):
        return _length_wording(limits)
    if kind == "string_pattern_mismatch":
        return f"must have the form {limits['pattern']}, not {shown(value)}"
    if kind in ("value_error", "assertion_error") and "error" in limits:
        return str(limits["error"])
    message = detail["msg"]
    return f"{message[:1].lower()}{message[1:]}, not {shown(value)}"


def _number_wording(plain: str, value: object, types: Sequence[Any], unit: Unit | None) -> str:
    meaning = f"{unit.meaning}, for example {unit.example}" if unit else plain
    lifted = f", or {UNLIMITED}" if is_capped(types) else ""
    by_year = ", or such values by calendar year" if is_schedule(types) else ""
    return f"must be {meaning}{lifted}{by_year}, not {shown(value)}{_text_hint(value)}"


def _figure(limit: float) -> str:
    """Return a limit as people write it; years stay without a separator."""
    return f"{limit:,.15g}" if abs(limit) >= 10_000 else f"{limit:g}"


def _text_hint(value: object) -> str:
    """Return how to write a number that was written as text."""
    if not isinstance(value, str):
        return ""
    if value == UNLIMITED:
        return "; this is not a limit that can be lifted"
    text = re.sub(r"[\s_,']", "", value)
    try:
        if text.endswith("%"):
            return f"; write {float(text[:-1]) / 100:g}"
        if not math.isfinite(float(text)):
            return ""
    except ValueError:
        return ""
    return "; write it without quotes" if text == value else f"; write {text}"


def _percent_hint(value: object, unit: Unit | None) -> str:
    if unit is not None and unit.name == "share" and isinstance(value, int | float) and 1 < value <= 100:
        return f"; {value:g}% is written {value / 100:g}"
    return ""


def _choice_wording(value: object, types: Sequence[Any], limits: dict[str, Any]) -> str:
    choices = choices_of(types)
    if not choices:
        return f"must be {limits.get('expected', limits.get('expected_tags', 'another value'))}, not {shown(value)}"
    near = nearest(value, choices) if isinstance(value, str) else None
    allowed = choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    return f"must be {allowed}, not {shown(value)}" + (f"; did you mean '{near}'?" if near else "")


def _length_wording(limits: dict[str, Any]) -> str:
    least, most = limits.get("min_length"), limits.get("max_length")
    bound = f"at least {least}" if least is not None else f"at most {most}"
    return f"must have {bound} {'entry' if (least or most) == 1 else 'entries'}, not {limits.get('actual_length')}"


def _key_wording(detail: ErrorDetails) -> str:
    if detail["type"] in {*_NUMBERS, *_RANGES, "finite_number"}:
        return "keys of a schedule are calendar years from 1900 to 2200, for example {2023: 1.0, 2025: 1.5}"
    cause = detail.get("ctx", {}).get("error")
    return f"the key {cause if cause is not None else detail['msg']}"
