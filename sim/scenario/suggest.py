"""The nearest valid word for a mistyped one."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64
_LISTED = 12


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like a word, without regard to case; None if none is near."""
    folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word[:_LONGEST].casefold(), folded, n=1, cutoff=0.6)
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
