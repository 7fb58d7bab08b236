"""Where scenarios live: the project's folder, its limits, and the files a scenario may extend."""

import os
import re
from pathlib import Path

from sim.errors import Problem, ScenarioError
from sim.scenario.suggest import advice
from sim.scenario.tree import shown

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
"""The project's scenarios; `cases/` and `limits/` are below it."""
DEFAULTS = "defaults.yaml"
NOT_SCENARIOS = (DEFAULTS, "calibration.yaml")
"""Files of the project's folder that cannot be run: the root parent, and what is calibrated."""
SUFFIXES = (".yaml", ".yml")

_REFERENCE = re.compile(r"[\w-]+(/[\w-]+)*(\.ya?ml)?")


def find(name_or_path: str | Path, scenarios: Path = SCENARIOS) -> Path:
    """Return the file of a scenario: `baseline`, `cases/tesla`, `scenarios/baseline.yaml` or a path.

    Raises ScenarioError, with the nearest name, if there is none.
    """
    text = str(name_or_path)
    if not text:
        raise ScenarioError([Problem("''", None, "", f"no such scenario; {advice('', known(scenarios), 'there are')}")])
    path = Path(text)
    if path.suffix in SUFFIXES and os.path.lexists(path):
        return path
    if _REFERENCE.fullmatch(text):
        for candidate in _spellings(scenarios, text.removeprefix("scenarios/")):
            if os.path.isfile(candidate):  # unlike Path.is_file, no error for names that are too long
                return candidate
    if os.path.lexists(path):
        raise ScenarioError([Problem(text, None, "", "is not a scenario; scenarios are files that end in .yaml")])
    beside = next((text + suffix for suffix in SUFFIXES if os.path.isfile(text + suffix)), None)
    wanted = path.stem if path.suffix in SUFFIXES else text
    hint = f"did you mean the file '{beside}'?" if beside else advice(wanted, known(scenarios), "there are")
    raise ScenarioError([Problem(text, None, "", f"no such scenario; {hint}")])


def known(scenarios: Path = SCENARIOS) -> list[str]:
    """Return the names of the project's runnable scenarios, `cases/tesla` for one in a folder."""
    files = (file for suffix in SUFFIXES for file in scenarios.rglob(f"*{suffix}") if file.name not in NOT_SCENARIOS)
    return sorted(file.relative_to(scenarios).with_suffix("").as_posix() for file in files)


def parent_of(file: Path, reference: object, scenarios: Path = SCENARIOS) -> Path:
    """Return the file that `extends: reference` means in a file: one beside it, or one of the project's scenarios.

    Raises ValueError, saying what is allowed, if there is none or if it lies outside these two folders.
    """
    if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
        one = "one scenario" if isinstance(reference, list) else "a scenario"
        raise ValueError(
            f"must be the name of {one} beside this file or in scenarios/, for example baseline or cases/tesla, "
            f"not {shown(reference)}"
        )
    beside = real(file).parent
    outside = False
    itself = None
    for folder in (beside, real(scenarios)):
        for candidate in _spellings(folder, reference):
            if not os.path.lexists(candidate):
                continue
            target = real(candidate)
            if not target.is_relative_to(folder):
                outside = True
            elif target == real(file):  # `baseline.yaml` of a user may extend the project's `baseline`
                itself = target
            else:
                return target
    if itself is not None:
        return itself
    if outside:
        raise ValueError(
            f"'{reference}' is a link to a place outside this folder and scenarios/; copy the file instead"
        )
    choices = {*known(scenarios), *(path.stem for path in beside.glob("*.y*ml"))} - {file.stem}
    raise ValueError(f"there is no scenario '{reference}'; {advice(reference, choices, 'there are')}")


def is_defaults(file: Path, scenarios: Path = SCENARIOS) -> bool:
    """Return whether a file is the root parent of all scenarios."""
    return real(file) == real(scenarios / DEFAULTS)


def in_limits(file: Path, scenarios: Path = SCENARIOS) -> bool:
    """Return whether a file is one of the project's closed forms, which may set the constants of behaviour."""
    return real(file).parent == real(scenarios / "limits")


def real(path: Path) -> Path:
    """Return the absolute path with links followed; a link that leads to itself stays (`Path.resolve` would raise)."""
    return Path(os.path.realpath(path))


def displayed(file: Path) -> str:
    """Return a file as messages show it: relative where it lies in the working directory."""
    try:
        return str(Path(os.path.abspath(file)).relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _spellings(folder: Path, reference: str) -> list[Path]:
    """Return the files a reference may mean in a folder."""
    if reference.endswith(SUFFIXES):
        return [folder / reference]
    return [folder / (reference + suffix) for suffix in SUFFIXES]
