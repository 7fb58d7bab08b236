"""The command line: standard output carries data, standard error progress and messages."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from sim.arguments import build, ensure_known_command
from sim.commands import COMMANDS
from sim.console import discard, ensure_streams, say
from sim.errors import Exit, LiebianError, UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; no traceback leaves here without `--debug`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    ensure_streams()
    try:
        ensure_known_command(given, COMMANDS)
        options = parser().parse_args(given)
        _ensure_folder()
        code: int = options.command(options)
        return code
    except BrokenPipeError:
        # The reader has gone, as in `| head`: what it wanted, it has.
        discard(sys.stdout)
        return Exit.FINE
    except KeyboardInterrupt:
        say("interrupted: finished replicates are kept; the same command continues")
        return Exit.INTERRUPTED
    except LiebianError as error:
        return _report(error, debug, error.exit_code, str(error))
    except MemoryError as error:
        return _report(error, debug, Exit.INTERNAL, "out of memory: use fewer --jobs or simulate fewer households")
    except Exception as error:
        library = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
        if library and library.partition(".")[0] != "sim":
            text = f"the library '{library}' is not installed here: run 'make install', then .venv/bin/python run.py"
            return _report(error, debug, Exit.USAGE, text)
        text = f"internal error: {type(error).__name__}: {error}"
        return _report(error, debug, Exit.INTERNAL, text if debug else f"{text} (--debug shows where)")


def parser() -> argparse.ArgumentParser:
    """The parser of the command line, with what to call for each command."""
    return build(COMMANDS)


def _ensure_folder() -> None:
    """Refuse to work from a folder that is gone, where no relative path means anything."""
    try:
        os.getcwd()
    except OSError as error:
        raise UsageError("the current folder does not exist any more; change to another one") from error


def _report(error: BaseException, debug: bool, code: int, message: str) -> int:
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    say(message)
    return code
