"""What documents promise, and the shape of the code they describe."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

import sim
from sim import cli
from sim.policies import POLICIES
from sim.process import (
    census,
    delivery,
    effort,
    following,
    leads,
    need,
    ownership,
    posting,
    selling,
    staffing,
    touches,
    word_of_mouth,
)
from sim.scenario import load
from sim.scenario.schema.behaviour import Behaviour

PROJECT = Path(__file__).resolve().parents[2]
README = PROJECT / "README.md"
MOST_LINES = 350

# Ground, then what is set, then what acts, then what is measured, then what is shown. A module imports only from
# layers before its own; the package itself (`sim/__init__.py`) is a door to some of them and stands outside the order.
LAYERS = (
    *("errors", "compiled", "kernels", "names", "units", "numeric", "streams", "channels", "table", "schedule"),
    *("records", "levers", "policies", "scenario", "ledger", "world", "process", "observe", "metrics", "model"),
    *("experiment", "report", "console", "arguments", "commands", "cli"),
)


# --- documents --------------------------------------------------------------------------------------------------------


def blocks(text: str, *languages: str) -> list[str]:
    """The fenced blocks of a Markdown text in these languages."""
    found = re.findall(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", text, flags=re.MULTILINE | re.DOTALL)
    return [body for language, body in found if language in languages]


def commands(text: str) -> Iterator[list[str]]:
    """The command lines of a Markdown text, as words, with comments and prompts removed."""
    for block in blocks(text, "", "sh", "bash", "shell", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.strip().removeprefix("$ "), comments=True)
            if words:
                yield words


def check_command(words: list[str], targets: set[str], made: Collection[str] = ()) -> None:
    """Fail unless a command could be typed as it stands: known command, flags, scenarios, values, make targets.

    Scenarios `made` by the commands themselves are not there yet.
    """
    if words[0] == "make":
        assert {word for word in words[1:] if "=" not in word} <= targets
    elif "run.py" in words:
        arguments = words[words.index("run.py") + 1 :]
        options = cli.parser().parse_args(arguments)
        scenarios = getattr(options, "scenario", [])
        for name in scenarios if isinstance(scenarios, list) else [scenarios]:
            if name not in made:
                load(name, options.set)
        for name in getattr(options, "constant", []):
            assert name.removeprefix("behaviour.") in Behaviour.model_fields
        assert getattr(options, "without", None) in (None, *POLICIES)


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def readme() -> str:
    if not README.exists():
        pytest.skip("no README yet")
    return README.read_text(encoding="utf-8")


def save_examples(text: str, folder: Path) -> None:
    """Save the scenarios a text shows, each under the file name last mentioned before it."""
    for before, example in re.findall(r"(.*?)^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        (folder / re.findall(r"`(\w+\.yaml)`", before)[-1]).write_text(example, encoding="utf-8")


def test_the_commands_of_the_readme_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = readme()
    save_examples(text, tmp_path)
    monkeypatch.chdir(tmp_path)
    inline = [
        shlex.split(code)
        for code in re.findall(r"`((?:make|python)\s[^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
    ]
    typed = [words for words in [*commands(text), *inline] if words[0] == "make" or "run.py" in words]
    assert ["make", "demo"] in typed
    assert ["make", "test"] in typed
    assert any("run.py" in words for words in typed)
    made = [words[words.index("new") + 1] for words in typed if "new" in words]
    for words in typed:
        check_command(words, make_targets(), made)


@pytest.mark.parametrize(
    "line",
    [
        "make demoo",
        "python run.py simulate baseline",
        "python run.py run baselin",
        "python run.py run baseline --repz 3",
        "python run.py run baseline --set brand.prize=1",
        "python run.py compare referral --without referal",
    ],
)
def test_a_command_that_cannot_be_typed_is_found(line: str) -> None:
    (words,) = commands(f"```sh\n{line}   # as a reader might copy it\n```\n")
    with pytest.raises((AssertionError, cli.LiebianError)):
        check_command(words, make_targets())


def test_the_python_of_the_readme_uses_names_that_exist() -> None:
    for block in blocks(readme(), "python", "py"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sim":
                assert node.attr in sim.__all__


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_protocol_describes_every_verb_of_a_tick() -> None:
    text = (PROJECT / "docs" / "ODD.md").read_text(encoding="utf-8")
    verbs = [need.arise, staffing.turn_over, effort.split, posting.publish, touches.publish, following.gather,
             word_of_mouth.spread, leads.collect, leads.assign, selling.work, delivery.hand_over, ownership.live,
             census.take]  # fmt: skip
    places = [text.find(f"`{verb.__module__.rpartition('.')[2]}.{verb.__name__}`") for verb in verbs]
    assert -1 not in places
    assert places == sorted(places), "the verbs stand in the order of the tick"
    step = ast.parse((PROJECT / "sim" / "model.py").read_text(encoding="utf-8"))
    called = [ast.unparse(node.func) for node in ast.walk(step) if isinstance(node, ast.Call)]
    assert {f"{verb.__module__.rpartition('.')[2]}.{verb.__name__}" for verb in verbs} <= set(called)


ELEMENTS = ("Purpose and patterns", "Entities, state variables and scales", "Process overview and scheduling",
            "Design concepts", "Initialisation", "Input data", "Submodels")  # fmt: skip
CONCEPTS = ("Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing",
            "Interaction", "Stochasticity", "Collectives", "Observation")  # fmt: skip


def test_the_protocol_has_all_elements_and_concepts_in_order() -> None:
    text = (PROJECT / "docs" / "ODD.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \d\. (.+)$", text, flags=re.MULTILINE)[: len(ELEMENTS)] == list(ELEMENTS)
    concepts = text.partition("## 4.")[2].partition("## 5.")[0]
    assert re.findall(r"^\*\*([^*]+)\.\*\*", concepts, flags=re.MULTILINE) == list(CONCEPTS)


def test_the_protocol_describes_every_module_of_the_process() -> None:
    text = (PROJECT / "docs" / "ODD.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (PROJECT / "sim" / "process").glob("*.py")} - {"__init__"}
    assert {name for name in modules if not re.search(rf"\b{name}(\.py|\.\w+`)", text)} == set()


# --- the shape of the code --------------------------------------------------------------------------------------------


def modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted((PROJECT / "sim").rglob("*.py")):
        parts = path.relative_to(PROJECT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imports(tree: ast.Module, *, when_loaded: bool = False) -> Iterator[str]:
    """What a module imports from the package, wherever in the file or only when it is loaded, as dotted names."""
    for node in tree.body if when_loaded else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sim":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == "sim")


def against_the_order(name: str, tree: ast.Module) -> list[str]:
    """Imports of a module that point to a later layer."""
    own = LAYERS.index(name.split(".")[1])
    layers = {imported: imported.split(".")[1] for imported in imports(tree) if imported != "sim"}
    return [f"{name} imports {what}" for what, layer in layers.items() if layer in LAYERS and LAYERS.index(layer) > own]


def test_imports_point_one_way() -> None:
    inside = {name: tree for name, tree in modules().items() if name != "sim"}
    assert {name.split(".")[1] for name in inside} == set(LAYERS)
    assert [wrong for name, tree in inside.items() for wrong in against_the_order(name, tree)] == []


@pytest.mark.parametrize("line", ["from sim import model", "from sim.process.need import arise", "import sim.cli"])
def test_an_import_against_the_order_is_found(line: str) -> None:
    assert against_the_order("sim.world.people", ast.parse(f"def late():\n    {line}"))


def test_no_modules_load_each_other_in_circles() -> None:
    found = modules()
    graph: dict[str, set[str]] = {}
    for name, tree in found.items():
        if name == "sim":
            continue
        wanted = set()
        for imported in imports(tree, when_loaded=True):
            home = imported if imported in found else imported.rpartition(".")[0]
            wanted |= {home} - {name, "sim"}
        graph[name] = wanted
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_modules_are_short_and_have_names_of_things() -> None:
    for path in (PROJECT / "sim").rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, path.name
        assert path.stem not in ("utils", "util", "helpers", "common", "misc"), path.name


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the project that is not made by a tool."""
    for top in ("sim", "scenarios", "tests", "docs", ".ci"):
        for path in sorted((PROJECT / top).rglob("*")):
            if path.suffix in (".py", ".yaml", ".yml", ".md", ".json", ".toml", "") and path.is_file():
                yield path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8", errors="replace")
    for path in sorted(PROJECT.iterdir()):
        if path.is_file() and path.suffix in (".py", ".md", ".toml", ".lock", ".txt", ""):
            yield path.name, path.read_text(encoding="utf-8", errors="replace")


MACHINE_PATH: Any = re.compile(r"(?<![\w.])/(?:work|farm|tmp|home|root|Users)/|[A-Z]:\\Users|\.\./shared")


def test_nothing_names_a_place_on_somebodys_machine() -> None:
    assert MACHINE_PATH.search("see /" + "home/me/notes")
    assert [name for name, text in texts() if MACHINE_PATH.search(text)] == []
