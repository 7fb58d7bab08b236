"""Names and descriptions are other people's text, and stay text wherever they are printed, stored or drawn."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_shell import Shell
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sim.errors import printable
from sim.experiment import parquet, store
from sim.experiment.compare import Comparison, Difference
from sim.experiment.tables import decode, encode
from sim.report import register
from sim.report.text import Table, as_json, markdown, markdown_item, render
from sim.scenario import Scenario, dump, load, restore

PROJECT = Path(__file__).resolve().parents[2]

HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "a tag": '<img src=x onerror="alert(1)">',
    "a comment": "<!-- and all that follows",
    "a formula": "=cmd|'/c calc'!A1",
    "other formulas": "+1 -1 @sum(1)",
    "mathematics": r"$\frac{1}{0}$ costs 5$ or 6$",
    "a format": "%s %n {0} {name!r} {",
    "a pipe": "a | b || c \\| d",
    "code": "`code` ``` and ``",
    "marks": "*bold* __bold__ _thin_ ~~gone~~ # head",
    "a link": "[here](javascript:alert(1)) ![img](http://x) [1]: x",
    "entities": "&lt;b&gt; &#x3c;",
    "backslashes": r"\ \\ \* \n \x1b",
    "markup of rich": "[red]not red[/red] [/] :smile:",
    "a list": "- item",
    "a rule": "---",
    "Chinese": "裂变增长 从车主到车主",
    "Hebrew": "\u05e9\u05dc\u05d5\u05dd",
}
UNPRINTABLE = {
    "an escape": "\x1b[31mred\x1b[0m \x9b2J",
    "bidirectional marks": "a\u202eb\u2066c",
    "lines": "a\nb\r\nc\u2028d\x0be\x85f",
    "controls": "\0\x07\x08\x7f\u200b\ufeff",
    "half a character": "\udcff",
}
ALL = {**HOSTILE, **UNPRINTABLE}
WHOLE = {name: text for name, text in ALL.items() if name != "half a character"}
"""Neither pandas nor Parquet holds half characters, and no scenario has any."""
every = pytest.mark.parametrize("text", ALL.values(), ids=ALL)


@every
def test_text_of_a_terminal(text: str) -> None:
    table = Table(text, [text], [[text]], note=text)
    plain = render([table], terminal=False)
    assert [line.rstrip() for line in plain.splitlines()] == [printable(text).rstrip()] * 4
    drawn = render([table], terminal=True, width=500)
    assert drawn.count(printable(text).rstrip()) == 4
    codes = {code.partition("m")[0] for code in drawn.split("\x1b[")[1:]}
    assert codes <= {"0", "1", "2", "3", "1;3", "2;3"}


@every
def test_text_of_markdown(text: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(markdown([Table(text, [text, "n"], [[text, "1"], ["cac", "-1"]], note=text)]))
    words = [_words(token) for token in tokens if token.type == "inline"]
    shown = " ".join(printable(text).split())
    assert [" ".join(word.split()) for word in words] == [shown, shown, "n", shown, "1", "cac", "-1", shown]
    (item,) = [_words(token) for token in parser.parse(markdown_item(text)) if token.type == "inline"]
    assert " ".join(item.split()) == shown


def _words(inline: Token) -> str:
    """What a reader sees of a piece of Markdown; anything but text would be missing."""
    children = inline.children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    return "".join(child.content for child in children)


@every
def test_text_of_json(text: str) -> None:
    written = as_json({text: [text]})
    assert json.loads(written) == {text: [text]}
    assert written.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_text_of_a_notebook(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Difference(text, text, text, {text: 1}, *[1.0] * 7, text, 1)  # type: ignore[arg-type]
    monkeypatch.setattr(Comparison, "differences", [row])
    monkeypatch.setattr(Comparison, "sentences", lambda self: [text])
    shown = object.__new__(Comparison)._repr_html_()
    assert 'class="tex2jax_ignore mathjax_ignore"' in shown
    assert not any(tag in shown for tag in ("<script", "<img", "<!--"))
    if text.isprintable():
        root = ET.fromstring(shown.replace("&nbsp;", " "))
        assert (root.findtext("p"), [cell.text for cell in root.iter("td")].count(text)) == (text, 4)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_stored_scenario_is_the_scenario(text: str) -> None:
    for description in (text, f"{text}\n{text}", f" {text} ", f"{text}: {text}", f"{text} # {text}"):
        scenario = load("baseline", {"description": description})
        assert scenario.description == description
        assert restore(dump(scenario), Scenario) == scenario


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_labels_survive_the_disk(text: str, tmp_path: Path) -> None:
    by = encode({"segment": text, text: 1})
    path = tmp_path / "table.parquet"
    path.write_bytes(parquet.to_bytes({text: np.array([by], dtype=object)}))
    columns, _ = store.read_columns(path)
    assert list(columns) == [text]
    assert decode(columns[text][0]) == {"segment": text, text: 1}


def test_no_cell_of_the_register_is_a_formula() -> None:
    for row in csv.reader(io.StringIO(register.document())):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t")), cell
            assert not cell.startswith("-") or float(cell) < 0


@pytest.mark.parametrize("text", [HOSTILE["mathematics"] + HOSTILE["a script"] + HOSTILE["a pipe"], HOSTILE["Chinese"]])
def test_commands_print_descriptions_as_text(text: str, tmp_path: Path, shell: Shell) -> None:
    districts = json.dumps([{"name": text}, {"name": "there"}])
    changes = ["--set", f"description={json.dumps(text)}", "--set", f"market.districts={districts}"]
    done = shell("compare", "baseline", "referral", "--reps=2", "--jobs=1", "--md", *changes)
    assert (done.returncode, "<script" in done.stdout) == (0, False), done.stderr
    runs: list[dict[str, Any]] = json.loads(shell("list", "--json").stdout)["runs"]
    assert {run["status"] for run in runs} == {"complete"}
    assert shell("verify", *(run["folder"] for run in runs)).returncode == 0
    for figure in tmp_path.rglob("*.svg"):
        assert "script" not in {element.tag.rpartition("}")[2] for element in ET.parse(figure).iter()}
