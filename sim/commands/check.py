"""`check`: the baselines again."""

from __future__ import annotations

import argparse
import functools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim.arguments import form, working
from sim.commands.shared import ensure_reportable, note, print_data, short
from sim.console import say
from sim.errors import Exit, UsageError

if TYPE_CHECKING:
    from sim.experiment.check import Finding

SUMMARY = "Simulate the baselines again and say whether results are those approved."

SHORTEST_REASON = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which baselines, what passes, and what becomes of what differs."""
    parser.add_argument("baseline", nargs="*", metavar="BASELINE", help="names (default: all of results/baselines)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--accept", choices=["equivalent"], help="let results pass that moved and are equivalent")
    renew = f"renew the baselines that differ and note why ({SHORTEST_REASON} characters or more)"
    choice.add_argument("--approve", type=_reason, metavar="REASON", help=renew)
    parser.add_argument("--junit", type=_file, metavar="FILE", help="write the outcome as JUnit XML, too")
    working(parser)
    form(parser)


def command(options: argparse.Namespace) -> int:
    """Simulate baselines, grade every row of every metric, and renew what differs if that is asked for."""
    from sim.experiment import baselines
    from sim.experiment.check import Grade, check
    from sim.report import check as report
    from sim.report import junit
    from sim.report.progress import progress

    chosen = baselines.read(baselines.root(), options.baseline)
    if options.dry_run:
        print_data(options, [report.plan_table(chosen)], lambda: report.plan_json(chosen))
        return Exit.FINE
    ensure_reportable(options)
    bar = progress(shown=not (options.quiet or options.no_progress))
    findings = check(chosen, options.jobs, bar, functools.partial(note, options))
    accepted = Grade.EQUIVALENT if options.accept else Grade.WITHIN_TOLERANCE
    if options.junit:
        junit.write(options.junit, junit.document("baselines", report.cases(findings, accepted)))
    sentences = report.sentences(findings, accepted)
    print_data(options, report.tables(findings), lambda: report.json_text(findings, accepted), sentences)
    if any(found.failures for found in findings):
        return _failed(options, findings)
    if options.approve:
        return _approve(options, findings)
    return Exit.FINE if all(found.passes(accepted) for found in findings) else Exit.BREACHED


def _failed(options: argparse.Namespace, findings: Sequence[Finding]) -> int:
    """Report the replicates that failed."""
    failures = [failure for found in findings for failure in found.failures]
    for message, details in failures:
        say(message)
        if options.debug and details:
            say(details)
    say(f"{len(failures)} replicate(s) failed" + ("" if options.debug else "; --debug shows where"))
    if options.approve:
        say("nothing was written")
    return Exit.FAILED


def _approve(options: argparse.Namespace, findings: Sequence[Finding]) -> int:
    """Write what differs, all of it or nothing; a threshold that is breached is nothing to approve."""
    from sim.experiment import store
    from sim.experiment.baselines import root

    if any(found.breached for found in findings):
        say("nothing was written: thresholds are breached; change them in the scenario, or what breaches them")
        return Exit.BREACHED
    differing = [found for found in findings if not found.passes()]
    if not differing:
        note(options, "nothing differs; nothing was written")
        return Exit.FINE
    contents = {path: content for found in differing for path, content in _renewed(found, options.approve).items()}
    try:
        store.write_whole(contents)
    except OSError as error:
        message = f"cannot write the baselines in {short(root())}: {error.strerror or error}; nothing was written"
        raise UsageError(message) from error
    note(options, f"renewed: {', '.join(short(found.baseline.folder) for found in differing)}")
    return Exit.FINE


def _renewed(found: Finding, reason: str) -> dict[Path, bytes]:
    """The files of a baseline with what was measured."""
    from sim.experiment import baselines

    moved = found.moved()
    grades = Counter(row.grade for row in moved)
    counts = {grade.label: grades[grade] for grade in sorted(grades, reverse=True)}
    names = {row.metric for row in moved if row.metric != baselines.DIGEST}
    return baselines.renewed(found.baseline, found.measured or {}, reason, counts, sorted(names))


def _reason(text: str) -> str:
    """A converter for reasons: what somebody can understand in a year."""
    if len(" ".join(text.split())) < SHORTEST_REASON:
        raise argparse.ArgumentTypeError(
            f"a reason has at least {SHORTEST_REASON} characters, such as 'sellers answer in order of arrival'"
        )
    return text


def _file(text: str) -> Path:
    """A converter for files to write."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a file is missing")
    return Path(text)
