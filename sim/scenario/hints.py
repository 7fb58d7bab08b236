"""What someone may have meant who wrote a number, a yes or no, or a sign in a way that cannot be read."""

import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Final

from sim.units import UNLIMITED

_YES: Final = frozenset({"yes", "y", "on", "true", "是"})
_NO: Final = frozenset({"no", "n", "off", "false", "否"})
_MULTIPLES: Final = {
    **dict.fromkeys(("k", "thousand", "千"), 10**3),
    **dict.fromkeys(("w", "万", "萬"), 10**4),
    **dict.fromkeys(("m", "mn", "mio", "mln", "million", "millions", "百万"), 10**6),
    "千万": 10**7,
    **dict.fromkeys(("亿", "億"), 10**8),
    **dict.fromkeys(("b", "bn", "billion", "billions", "十亿"), 10**9),
}
_CURRENCY: Final = r"cny|rmb|yuan|usd|eur|dollars?|euros?|元|人民币"
_SHARES: Final = ("share", "rate", "factor", "number", "")
"""Units in which a percentage has a meaning."""
_HOURS: Final = {"minutes": 1 / 60, "hours": 1.0, "days": 24.0, "weeks": 8760 / 52, "months": 730.0, "years": 8760.0}
_TIMES: Final = {
    **dict.fromkeys(("min", "mins", "minute", "minutes", "分钟"), "minutes"),
    **dict.fromkeys(("h", "hour", "hours", "小时"), "hours"),
    **dict.fromkeys(("d", "day", "days", "天"), "days"),
    **dict.fromkeys(("week", "weeks", "周"), "weeks"),
    **dict.fromkeys(("month", "months", "个月"), "months"),
    **dict.fromkeys(("y", "year", "years", "年"), "years"),
}
_QUOTES: Final = "\u201c\u201d\u201e\u2018\u2019"
_SIGNS: Final = {
    **dict.fromkeys("\u201c\u201d\u201e", '"'),
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u2212\u2013", "-"),
    **dict(zip("、。【】", ",.[]", strict=True)),
}
"""Signs that are typed for those of YAML; full-width ones are known by their compatible form."""

_LONGEST: Final = 64
_QUANTITY = re.compile(r"(?P<number>[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?) *(?P<unit>[^\W\d_]+( [^\W\d_]+)?|%)?")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def number_hint(text: str, whole: bool = False, unit: str = "") -> str:
    """Return how to write a number that was written as some other text, as the end of a message; empty if unclear.

    `unit` is the name of the unit that is wanted.
    """
    if text == UNLIMITED:
        return "; this is not a limit that can be lifted"
    if len(text) > _LONGEST:
        return ""
    if re.fullmatch(r"\S*\d#.*", text):
        return "; a comment needs a space before its #"
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    plain = unicodedata.normalize("NFKC", visible).strip(_QUOTES + " ")
    if found := _CLOCK.fullmatch(plain):
        return f"; write {int(found[1]) + int(found[2]) / 60:.4g} if hours are meant"
    if found := _DATE.fullmatch(plain):
        return _date_hint(int(found[1]), int(found[2]), int(found[3]), whole)
    plain = re.sub(rf"^([¥$€£]|({_CURRENCY}) ?)", "", plain, flags=re.IGNORECASE)
    if found := re.fullmatch(r"(\d{1,3}(?:\.\d{3})+),(\d+)", plain):
        return f"; write {found[1].replace('.', '')}.{found[2]}"
    plain = re.sub(r"^([-+]?0),(?=\d)", r"\1.", plain)  # a decimal comma, whatever the number of digits
    digits = re.sub(r"(?<=\d)[ _,'](?=\d{3}(?!\d))", "", plain)
    found = _QUANTITY.fullmatch(re.sub(r"^([-+]?\d+),(?=\d)", r"\1.", digits))
    if found is None or not math.isfinite(float(found["number"])):
        return lookalikes([text])
    number, word = found["number"], (found["unit"] or "").casefold()
    if word:
        return _unit_hint(number, word, unit)
    if plain != text and not text.isascii():
        return f"; write {number} in plain characters"
    return "; write it without quotes" if number == text else f"; write {number}"


def _unit_hint(number: str, word: str, unit: str) -> str:
    """Return how to write a number that has a word after it, without changing what it amounts to."""
    if word == "%":
        return f"; write {float(number) / 100:.15g}" if unit in _SHARES else "; write the number itself, no percentage"
    if word in ("am", "pm"):
        return f"; write {float(number) % 12 + (12 if word == 'pm' else 0):.15g}"
    if unit in _HOURS:
        if word not in _TIMES:
            return f"; write the number alone, in {unit}"
        if _TIMES[word] != unit:
            return f"; write {float(number) * _HOURS[_TIMES[word]] / _HOURS[unit]:.4g}"
    elif unit == "km":
        return f"; write the number alone, {number}" if word in ("km", "公里") else "; write the number alone, in km"
    else:
        multiple = re.sub(rf" ?({_CURRENCY})$", "", word)
        if multiple in _MULTIPLES:
            return f"; write {float(number) * _MULTIPLES[multiple]:.15g}"
        if multiple and unit == "money":
            return "; write the whole amount in figures"
    return f"; write the number alone, {number}"


def map_hint(text: str) -> str:
    """Return how to write a map that was read as text, as the end of a message; empty if unclear."""
    if re.fullmatch(r"[\w-]+:[^\s:].*", text, re.DOTALL):
        return "; a colon needs a space after it"
    return lookalikes([text])


def bool_hint(value: object) -> str:
    """Return how to write a yes or no that was written as something else; empty if unclear."""
    word = value.casefold() if isinstance(value, str) else "no" if value == 0 else "yes" if value == 1 else ""
    if word in ("true", "false"):
        return "; write it without quotes"
    return "; write true" if word in _YES else "; write false" if word in _NO else ""


def lookalike(text: str) -> str | None:
    """Return advice on the first sign that looks like one of YAML and is another, or cannot be seen; None if none."""
    for character in text:
        if character.isascii():
            continue
        code = f"U+{ord(character):04X}"
        if unicodedata.category(character) == "Cf":
            return f"it contains the invisible character {code}, remove that"
        if unicodedata.category(character) == "Zs":
            return f"it contains the unusual space {code}, write an ordinary one"
        sign = _SIGNS.get(character, unicodedata.normalize("NFKC", character))
        if sign != character and sign in "\"':,{}[]#-.%&*!|>?=()":
            return f"the sign {character} ({code}) means nothing in YAML, write {sign}"
    return None


def lookalikes(rows: Iterable[str]) -> str:
    """Return advice on the first such sign of some rows outside comments, as the end of a message."""
    found = next(filter(None, (lookalike(re.sub(r"(^|\s)#.*", "", row)) for row in rows)), None)
    return f"; {found}" if found else ""


def _date_hint(year: int, month: int, day: int, whole: bool) -> str:
    try:
        passed = (date(year, month, day) - date(year, 1, 1)).days
    except ValueError:
        return ""
    return f"; write {year if whole else f'{year + passed / 365:.7g}'}"
