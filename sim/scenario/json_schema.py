"""The JSON schema of a scenario's file, from the models, for editors that check and explain while one types.

A file is a patch of what it extends: nothing is required, and null restores a default. Only items of lists are whole,
because lists replace. What no schema can know stays with `validate`: other values of the scenario and of its parents,
which folder a file lies in, whole numbers written with a point, infinite numbers, and in names what only Unicode knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from sim.names import PLAIN_CHARACTER
from sim.scenario.dumping import one_line
from sim.scenario.lineage import BEHAVIOUR_FORBIDDEN
from sim.scenario.places import SCENARIOS
from sim.scenario.wording import figure
from sim.schedule import YEAR_PATTERN, Schedule
from sim.units import UNLIMITED, plain_number

Schema = dict[str, Any]

FILE: Final = SCENARIOS / "schema.json"
"""Where the project keeps the schema for editors."""

_ABOUT: Final = (
    "A scenario says what differs from the scenario it extends. Maps merge key by key; lists, numbers and schedules "
    "replace; null restores the default or switches a policy off; a map of calendar years is a schedule."
)
_EXTENDS: Final[Schema] = {
    "description": "The one scenario this file starts from, beside it or in scenarios/, for example baseline or "
    "cases/tesla. Without it, the file starts from scenarios/defaults.yaml.",
    "pattern": rf"^{PLAIN_CHARACTER}+(/{PLAIN_CHARACTER}+)*(\.ya?ml)?$",
    "type": ["string", "null"],
}
_NULL: Final[Schema] = {"type": "null"}
_REWRITTEN: Final = frozenset(
    {"anyOf", "oneOf", "properties", "required", "items", "additionalProperties", "patternProperties", "minProperties"}
)
_UNNEEDED: Final = frozenset({"$defs", "title", "description", "default", "unit", "status"})
"""Keywords that are folded into the description, or that say nothing to a reader."""
_BOUNDS: Final = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}


def document(model: type[BaseModel]) -> str:
    """Return the schema of the files of a model as text."""
    return json.dumps(schema_of(model), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def schema_of(model: type[BaseModel]) -> Schema:
    """Return the schema (draft 2020-12) of the files of a model."""
    generated = model.model_json_schema(schema_generator=_Generator)
    patch = _patch(generated, generated.get("$defs", {}))
    properties: Schema = {}
    for name, field in patch["properties"].items():
        if name == "behaviour":
            field = field | {"description": f"{field['description']} Not for other files: {BEHAVIOUR_FORBIDDEN}."}
        properties |= {name: field, "extends": _EXTENDS} if name == "name" else {name: field}
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": "Scenario of liebian"}
    return head | patch | {"description": _ABOUT, "properties": properties}


class _Generator(GenerateJsonSchema):
    """Writes defaults as a scenario writes them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, Schedule):
            return dft.plain()
        return plain_number(dft) if isinstance(dft, float) else super().encode_default(dft)


def _patch(schema: Schema, definitions: Mapping[str, Schema], *, nullable: bool = False, whole: bool = False) -> Schema:
    """Return a schema by pydantic as one of a part of a file, with references written out.

    A `nullable` part may be null; a `whole` one, such as an item of a list, needs all keys that have no default.
    """
    schema = _resolved(schema, definitions)
    choices = [choice for choice in _choices(schema) if choice != _NULL]
    if len(choices) == 1 and choices[0] is not schema:  # what may be absent
        own = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
        return _patch(choices[0] | own, definitions, nullable=nullable, whole=whole)
    described = {"description": text} if (text := _description(schema, definitions)) else {}
    default = schema.get("default")
    kept = {"default": default} if default is not None and not isinstance(default, dict) else {}
    kept |= {key: value for key, value in schema.items() if key not in _REWRITTEN | _UNNEEDED}
    if len(choices) > 1:
        parts = [_patch(choice, definitions, whole=whole) for choice in choices]
        return described | kept | {"anyOf": [*parts, _NULL] if nullable else parts}
    return described | _or_null(kept, nullable) | _contents(schema, definitions, whole)


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Return the schema itself, or what it refers to with its own keywords on top."""
    if "$ref" not in schema:
        return schema
    own = {key: value for key, value in schema.items() if key != "$ref"}
    return definitions[schema["$ref"].rpartition("/")[2]] | own


def _contents(schema: Schema, definitions: Mapping[str, Schema], whole: bool) -> Schema:
    """Return the keywords about what a map or a list holds; none for other values."""
    if "items" in schema:
        return {"items": _patch(schema["items"], definitions, whole=True)}
    if "properties" in schema:
        required = schema.get("required", [])
        fields = {
            name: _patch(field, definitions, nullable=name not in required, whole=whole)
            for name, field in schema["properties"].items()
        }
        needed = {"required": required} if whole and required else {}
        return {"properties": fields, **needed, "additionalProperties": False}
    about = {"description": schema["description"]} if "description" in schema else {}
    if isinstance(values := schema.get("additionalProperties"), dict):
        values = about | _resolved(values, definitions)
        return {"additionalProperties": _patch(values, definitions, nullable=not whole, whole=whole)}
    years = YEAR_PATTERN in (named := schema.get("patternProperties", {}))
    # Null takes a name away that the parent has: there is none in a schedule or an item of a list, which replace.
    patterns = {
        pattern: _patch(about | _resolved(values, definitions), definitions, nullable=not (years or whole), whole=whole)
        for pattern, values in named.items()
    }
    least = {"minProperties": schema["minProperties"]} if years else {}
    return {"patternProperties": patterns, "additionalProperties": False, **least} if patterns else {}


def _or_null(schema: Schema, nullable: bool) -> Schema:
    """Return the schema of a single type, or of that type or null."""
    if not nullable:
        return schema
    words = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return schema | {"type": [schema["type"], "null"]} | words


def _choices(schema: Schema) -> Iterator[Schema]:
    """Yield the schemas a value has the choice of; the schema itself where there is none."""
    choices = schema.get("anyOf", schema.get("oneOf"))
    if choices is None:
        yield schema
    else:
        for choice in choices:
            yield from _choices(choice)


def _values(schema: Schema) -> Iterator[Schema]:
    """Yield the choices for a value, or for the values of a map of free names."""
    values = schema.get("additionalProperties")
    yield from _choices(values if isinstance(values, dict) else schema)


def _description(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """Return what an editor shows about a value: its meaning, then unit, range and default."""
    meaning = schema.get("description") or _resolved(schema.get("items", {}), definitions).get("description", "")
    meaning = " ".join(meaning.partition("\n\n")[0].split())
    values = list(_values(schema))
    number = next((value for value in values if value.get("type") in ("number", "integer")), {})
    if "exclusiveMinimum" in number:
        number = {key: value for key, value in number.items() if key != "minimum"}
    facts = [f"unit: {number['unit']}"] if "unit" in number else []
    facts += [f"{word} {figure(number[bound])}" for bound, word in _BOUNDS.items() if bound in number]
    if {"const": UNLIMITED} in values:
        facts.append(f"{UNLIMITED} lifts the limit")
    if any(YEAR_PATTERN in value.get("patternProperties", {}) for value in values):
        facts.append("may change over calendar time")
    if "status" in schema:
        facts.append(schema["status"])
    if isinstance(schema.get("default"), int | float | str) and schema["default"] != "":
        facts.append(f"default: {one_line(schema['default'])}")
    return f"{meaning} ({'; '.join(facts)})" if meaning and facts else meaning
