"""What a model of pydantic allows at a path: its keys, and the unit of a number."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from sim.names import NameOf
from sim.scenario.tree import Step
from sim.schedule import Schedule
from sim.units import Unit, Unlimited, marks


def inside(types: Iterable[Any], step: Step) -> list[Any]:
    """Return the types a value may have at a step below a value of one of the types."""
    return [inner for annotation in types for inner in _inside(annotation, step)]


def types_at(model: type[BaseModel], steps: Sequence[Step]) -> list[Any]:
    """Return the types a value may have at the steps below a model; none if the steps lead nowhere."""
    types: list[Any] = [model]
    for step in steps:
        types = inside(types, step)
    return types


def keys_of(types: Iterable[Any]) -> list[str]:
    """Return the keys known to any of the models among types."""
    models = (kind for annotation in types for kind in _alternatives(annotation))
    return sorted({name for kind in models if _is_model(kind) for name in kind.model_fields})


def unit_at(types: Iterable[Any]) -> Unit | None:
    """Return the unit of a number that may be one of the types; None if no type has one."""
    found = (mark for annotation in types for mark in marks(annotation))
    return next((mark for mark in found if isinstance(mark, Unit)), None)


def is_capped(types: Iterable[Any]) -> bool:
    """Return whether a value of one of the types may be `unlimited`."""
    return any(isinstance(mark, Unlimited) for annotation in types for mark in marks(annotation))


def is_model(types: Iterable[Any]) -> bool:
    """Return whether a value of one of the types is a map of known keys."""
    return any(_is_model(kind) for annotation in types for kind in _alternatives(annotation))


def is_schedule(types: Iterable[Any]) -> bool:
    """Return whether a value of one of the types may change over calendar time."""
    return any(get_origin(kind) is Schedule for annotation in types for kind in _alternatives(annotation))


def is_map(types: Iterable[Any]) -> bool:
    """Return whether a value of one of the types is a map whose keys are free: names, or the years of a schedule."""
    kinds = (kind for annotation in types for kind in _alternatives(annotation))
    return any(get_origin(kind) in (dict, Schedule) for kind in kinds)


def example_of(types: Iterable[Any], key: str) -> str | None:
    """Return an example of the value of a key of a model among types; None if its field gives none."""
    models = (kind for annotation in types for kind in _alternatives(annotation) if _is_model(kind))
    examples = [kind.model_fields[key].examples for kind in models if key in kind.model_fields]
    return next((str(example[0]) for example in examples if example), None)


def is_text(types: Iterable[Any]) -> bool:
    """Return whether a value of one of the types is free text."""
    return any(kind is str for annotation in types for kind in _alternatives(annotation))


def names_at(types: Iterable[Any]) -> str | None:
    """Return what the keys of a map of one of the types are names of, such as `segment`; None if they are free."""
    kinds = (kind for annotation in types for kind in _alternatives(annotation))
    found = (mark for kind in kinds if get_origin(kind) is dict for mark in marks(get_args(kind)[0]))
    return next((mark.what for mark in found if isinstance(mark, NameOf)), None)


def bounds_of(types: Iterable[Any]) -> str:
    """Return the bounds of a number of one of the types, in words; empty if it has none."""
    found = [mark for annotation in types for mark in marks(annotation)]
    words = [
        f"{word} {getattr(mark, name):,.15g}" if abs(getattr(mark, name)) >= 10_000 else f"{word} {getattr(mark, name)}"
        for name, word in (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below"))
        for mark in found
        if getattr(mark, name, None) is not None
    ]
    return " " + " ".join(words) if words else ""


@cache
def sections_of(model: type[BaseModel]) -> dict[str, str]:
    """Return the section in which each key below the top of a model stands first, such as `price: brand`."""
    found: dict[str, str] = {}

    def visit(kind: type[BaseModel], above: tuple[str, ...]) -> None:
        for name, field in kind.model_fields.items():
            if above:
                found.setdefault(name, ".".join(above))
            for inner in filter(_is_model, _alternatives(field.rebuild_annotation())):
                visit(inner, (*above, name))

    visit(model, ())
    return found


def choices_of(types: Iterable[Any]) -> list[str]:
    """Return the words a value of one of the types is chosen from; none if it is not a choice of words."""
    kinds = (kind for annotation in types for kind in _alternatives(annotation))
    return [str(choice) for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _alternatives(annotation: Any) -> Iterator[Any]:
    """Yield the types an annotation is a choice of, without their metadata."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for choice in get_args(annotation):
            yield from _alternatives(choice)
    else:
        yield annotation


def _inside(annotation: Any, step: Step) -> Iterator[Any]:
    """Yield the types under a key or index of a value of a type."""
    for kind in _alternatives(annotation):
        if _is_model(kind):
            if step in kind.model_fields:
                yield kind.model_fields[str(step)].rebuild_annotation()
        elif arguments := [argument for argument in get_args(kind) if argument is not Ellipsis]:
            yield arguments[-1]  # the values of a map, a list, a tuple or a schedule
