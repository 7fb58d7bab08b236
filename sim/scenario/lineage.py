"""The files a scenario is made of: its own, those it extends, and the defaults of all."""

from pathlib import Path

from sim.errors import Problem
from sim.scenario.hints import map_hint
from sim.scenario.places import DEFAULTS, displayed, in_limits, is_defaults, parent_of, real
from sim.scenario.text import EMPTY, read_text
from sim.scenario.tree import Node, shown
from sim.scenario.yaml_core import parse

SCHEMA_VERSION = 1
MAX_LEVELS = 10
BEHAVIOUR_FORBIDDEN = (
    "only scenarios/defaults.yaml and closed-form scenarios may set the constants of behaviour; "
    "strategies differ in their inputs"
)


class Lineage:
    """Reads a scenario's file and those it extends, collecting what is wrong with them."""

    def __init__(self, scenarios: Path, allow_behaviour: bool) -> None:
        self.problems: list[Problem] = []
        self.broken = False
        """Whether a parent was not found, so that keys may seem to be missing."""
        self._scenarios = scenarios
        self._allow_behaviour = allow_behaviour

    def layers(self, file: Path) -> list[Node] | None:
        """Return the trees of the file and its parents up to the defaults; None if one cannot be read."""
        layers: list[Node] = []
        chain: list[Path] = []
        following: Path | None = file
        while following is not None:
            chain.append(real(following))
            layer = self._layer(following)
            if layer is None:
                return None
            layers.append(layer)
            following = self._parent(following, layer, chain)
        for inside, layer in zip(chain, layers, strict=True):
            self._check_behaviour(inside, layer, layers[-1])
        return layers

    def _check_behaviour(self, file: Path, layer: Node, defaults: Node) -> None:
        """Refuse constants of behaviour where a file may not set them; repeating the defaults changes nothing."""
        behaviour, usual = layer.child("behaviour"), defaults.child("behaviour")
        if not behaviour or self._allow_behaviour or in_limits(file, self._scenarios):
            return
        if not _within(behaviour.plain(), usual.plain() if usual else None):
            self.problems.append(Problem(behaviour.file, behaviour.line, "behaviour", BEHAVIOUR_FORBIDDEN))

    def _layer(self, file: Path) -> Node | None:
        """Return the tree of one file; None, with problems, if it is not a map of keys."""
        name = displayed(file)
        text, problems = read_text(file, name)
        node = None
        if not problems:
            node, problems = parse(text, name)
        self.problems += problems
        if node is None:
            return None
        if not isinstance(node.value, dict):
            if node.value is None:
                self.problems.append(Problem(name, None, "", EMPTY))
                return None
            hint = map_hint(node.value) if isinstance(node.value, str) else ""
            message = f"must be a map of keys, such as `name: mine`, not {shown(node.value)}{hint}"
            self.problems.append(Problem(name, node.line, "", message))
            return None
        entries = node.value
        version = entries.get("schema_version")
        if version is not None and (isinstance(version.value, bool) or version.value != SCHEMA_VERSION):
            hint = (
                "write it without quotes"
                if version.value == str(SCHEMA_VERSION)
                else "this program reads no other version"
            )
            message = f"must be {SCHEMA_VERSION}, not {shown(version.value)}; {hint}"
            self.problems.append(Problem(name, version.line, "schema_version", message))
            entries["schema_version"] = Node(SCHEMA_VERSION, name, version.line)
        return node

    def _parent(self, file: Path, layer: Node, chain: list[Path]) -> Path | None:
        """Return the file a layer extends, the defaults if it names none; None for the defaults themselves."""
        defaults = self._scenarios / DEFAULTS
        extends = layer.child("extends")
        if is_defaults(file, self._scenarios):
            if extends is not None:
                self._refuse(extends, "the defaults extend nothing")
            return None
        if extends is None or extends.value is None:
            return defaults
        try:
            parent = parent_of(file, extends.value, self._scenarios)
        except ValueError as error:
            return self._refuse(extends, str(error))
        if real(parent) in chain:
            circle = [*chain[chain.index(real(parent)) :], real(parent)]
            return self._refuse(extends, f"goes round in a circle: {' -> '.join(path.stem for path in circle)}")
        if len(chain) >= MAX_LEVELS:
            return self._refuse(extends, f"goes through more than {MAX_LEVELS} files")
        if in_limits(parent, self._scenarios) and not in_limits(file, self._scenarios):
            return self._refuse(
                extends, "closed-form scenarios have a behaviour of their own and cannot be extended here"
            )
        return parent

    def _refuse(self, extends: Node, message: str) -> Path:
        """Note what is wrong with a parent and go on with the defaults instead, to find further problems."""
        self.problems.append(Problem(extends.file, extends.line, "extends", message))
        self.broken = True
        return self._scenarios / DEFAULTS


def _within(given: object, usual: object) -> bool:
    """Return whether everything given stands among the usual values too; true is not 1 here."""
    if isinstance(given, dict) and isinstance(usual, dict):
        return all(key in usual and _within(value, usual[key]) for key, value in given.items())
    return isinstance(given, bool) == isinstance(usual, bool) and given == usual
