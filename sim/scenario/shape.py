"""What a model of pydantic allows at a path: its keys, and the unit of a number."""

from collections.abc import Iterable, Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from sim.scenario.tree import Step
from sim.schedule import Schedule
from sim.units import Unit, Unlimited, marks


def types_at(model: type[BaseModel], steps: Sequence[Step]) -> list[Any]:
    """Return the types a value may have at the steps below a model; none if the steps lead nowhere."""
    types: list[Any] = [model]
    for step in steps:
        types = [inner for annotation in types for inner in _inside(annotation, step)]
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
