"""The nearest valid word for a mistyped one."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64
_SHORTEST = 3
_LISTED = 12


def nearest(word: str, choices: Iterable[str], closeness: float = 0.6) -> str | None:
    """Return the choice most like a word, or the first that begins with it, without regard to case; None if none is
    near. `closeness` of 1 asks for the same letters."""
    folded = {choice.casefold(): choice for choice in choices}
    start = word[:_LONGEST].casefold()
    found = get_close_matches(start, folded, n=1, cutoff=closeness)
    if not found and len(start) >= _SHORTEST:
        found = [choice for choice in folded if choice.startswith(start)]
    return folded[found[0]] if found else None


def advice(word: str, choices: Iterable[str], kind: str) -> str:
    """Return what to write instead of an unknown word: the nearest choice, or all if they are few, or nothing."""
    choices = sorted(set(choices))
    near = nearest(word, choices)
    if near is not None:
        return f"did you mean '{near}'?"
    if not choices:
        return ""
    more = f" and {len(choices) - _LISTED} more" if len(choices) > _LISTED else ""
    return f"{kind}: {', '.join(choices[:_LISTED])}{more}"
