"""Resolved scenarios back to YAML."""

import json
import math

import yaml
from pydantic import BaseModel

from sim.scenario.yaml_core import resolve


def dump(scenario: BaseModel) -> str:
    """Return a resolved scenario as YAML that `restore` reads back as its equal."""
    plain = written(scenario.model_dump(exclude_none=True))
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)


def one_line(value: object) -> str:
    """Return a value as YAML on one line, as it may stand in a scenario or after `--set path=`."""
    if isinstance(value, str) and "\n" in value:
        return json.dumps(value, ensure_ascii=False)
    text = yaml.dump(
        written(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf, default_flow_style=True
    )
    return text.removesuffix("\n...\n").rstrip("\n")


def written(value: object) -> object:
    """Return a dumped value as a scenario writes it: 1000 and 1000.0 give the same text."""
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [written(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and quotes text wherever the rules of YAML 1.1 or 1.2 would take it for something else."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if _stays_text(text) else "'")


def _stays_text(text: str) -> bool:
    try:
        return isinstance(resolve(text), str)
    except ValueError:  # a number of too many digits
        return False


_Dumper.add_representer(str, _represent_text)
