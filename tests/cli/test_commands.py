"""The command line as users meet it: a process, its streams and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_shell import FAKES, Shell

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = ("numba", "mesa", "pandas", "scipy", "matplotlib", "pyarrow")


def files(out: Path) -> dict[str, bytes]:
    """Contents by path below a folder; of manifests everything but the timings and the digest over them."""
    found = {}
    for path in sorted(out.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            content = path.read_bytes()
            if path.name == "manifest.json":
                manifest = json.loads(content)
                del manifest["timings"], manifest["sha256"]
                content = json.dumps(manifest).encode()
            found[path.relative_to(out).as_posix()] = content
    return found


def test_run_prints_data_and_says_where_results_are(shell: Shell) -> None:
    done = shell.process("run", "baseline", "--reps", "2", "--jobs", "1")
    assert done.returncode == 0
    assert re.search(r"^cac +[\d,]+ +[\d,]+ to [\d,]+ +CNY/customer  2$", done.stdout, re.MULTILINE)
    assert "results:" not in done.stdout
    assert "2 of 2 replicates" in done.stderr
    assert shell.run_dir().name in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_run_json(shell: Shell) -> None:
    done = shell("run", "baseline", "--reps", "2", "--jobs", "1", "--seed", "7", "--json", "--quiet")
    content = json.loads(done.stdout)
    assert list(content) == ["scenario", "hash", "seed", "replicates", "metrics", "health", "run_dir"]
    assert (content["scenario"], content["seed"], content["replicates"], content["health"]) == ("baseline", 7, 2, [])
    assert content["run_dir"] == str(shell.run_dir())
    assert content["run_dir"].endswith(content["hash"])
    for row in content["metrics"]:
        assert list(row) == ["metric", "unit", "by", "mean", "low", "high", "n"]
    assert any(row["metric"] == "cac" and row["by"] == {"year": 2020} and row["mean"] > 0 for row in content["metrics"])
    assert any(row["n"] == 0 and row["mean"] is None for row in content["metrics"])
    assert done.stderr == ""


def test_few_replicates_are_said_to_be_few(shell: Shell) -> None:
    words = ("run", "baseline", "--jobs", "1", "--reps")
    alone = shell(*words, "1").stderr
    assert "simulating 1 replicate\n" in alone
    assert "one replicate has no intervals" in alone
    assert "fewer than 5 replicates are wide" in shell(*words, "4").stderr
    assert "replicates are wide" not in shell(*words, "5").stderr


def test_what_is_undefined_has_a_reason() -> None:
    from sim.report.results import _undefined
    from sim.report.text import Table, markdown

    rows = [["ltv", "-", "-", "CNY", "0"], ["cac", "9", "-", "CNY", "1"]]
    note = _undefined(rows)
    assert note == "- : no complete follow-up within the simulated years, or nothing to divide by (ltv)"
    assert _undefined(rows[1:]) == ""
    assert note in markdown([Table("t", ["metric", "mean", "interval", "unit", "n"], rows, note=note)])


def test_sums_of_money_show_what_is_known_of_them() -> None:
    from sim.report.text import number

    assert number(3_420_000_004.0, "CNY") == "3,420.00 M"
    assert number(-27_360_000_001.0, "CNY", signed=True) == "-27,360.0 M"
    assert number(3_420_004.0, "count") == "3,420,004"
    assert number(999_999.0, "CNY") == "999,999"


def test_a_scenario_named_twice_is_compared_once(shell: Shell) -> None:
    done = shell("compare", "baseline", "referral", "referral", "--reps", "1", "--jobs", "1", "--json")
    assert json.loads(done.stdout)["scenarios"] == ["referral"]


@pytest.mark.parametrize("broken", ["figures", "no space"])
def test_comparison_is_printed_before_anything_is_written(shell: Shell, broken: str) -> None:
    words = ("compare", "baseline", "referral", "--reps", "2", "--jobs", "1", "--quiet")
    complete = shell(*words)
    if broken == "figures":  # a folder that root cannot write either
        figures = shell.run_dir("referral") / "figures"
        figures.rename(figures.with_name("moved"))
        figures.write_text("a file")
        again = shell(*words)
    else:
        again = shell.process(*words, FAKE_FILE_LIMIT="100")
    assert complete.returncode == 0
    assert again.returncode == 0  # what was asked for, is printed
    assert again.stdout == complete.stdout
    assert again.stderr.startswith("the figures of the comparison were not renewed: cannot write results to")
    assert len(again.stderr.splitlines()) == 1


def test_compare_honours_thresholds(shell: Shell) -> None:
    words = ("compare", "baseline", "referral", "--reps", "2", "--jobs", "1")
    done = shell(*words, "--set", 'thresholds=[{"metric": "cac", "max": 5}]')
    assert done.returncode == 4
    assert "baseline: threshold breached: cac is" in done.stderr
    assert "referral: threshold breached: cac is" in done.stderr
    assert "paired differences" in done.stdout
    assert shell(*words).returncode == 0
    unknown = shell(*words, "--set", 'thresholds=[{"metric": "cash"}]', out="untouched")
    assert (unknown.returncode, unknown.stdout) == (2, "")


STREAMS = [(redirection, jobs) for redirection in (">&-", "2>&-", ">&- 2>&-", "2>/dev/full") for jobs in ("1", "2")]


def in_short(redirection: str, jobs: str) -> bool:
    """Worker processes inherit the streams: with both closed in the quick suite; with either among the long tests."""
    return (jobs == "2") == (redirection == ">&- 2>&-")


@pytest.mark.parametrize(
    ("redirection", "jobs"),
    [pytest.param(*one, marks=() if in_short(*one) else pytest.mark.full) for one in STREAMS],
)
def test_closed_streams_keep_nobody_from_simulating(shell: Shell, redirection: str, jobs: str) -> None:
    words = shell.command("run", "baseline", "--reps", "2", "--jobs", jobs)
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *words],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert ("baseline: 2020 to 2022" in done.stdout) == (">&-" not in redirection.replace("2>&-", ""))
    assert "simulating" not in done.stdout
    assert "Exception" not in done.stderr
    manifest = json.loads((shell.run_dir() / "manifest.json").read_text())
    assert manifest["status"] == "complete"


@pytest.mark.parametrize("words", [("validate", "baseline"), ("run", "baseline", "--reps", "1", "--quiet")])
def test_full_standard_output_is_named(shell: Shell, words: tuple[str, ...]) -> None:
    command = shell.command(*words) if words[0] == "run" else [sys.executable, str(FAKES), *words]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "cannot write to standard output: No space left on device\n")


def test_reader_of_the_progress_may_go_away(shell: Shell) -> None:
    process = subprocess.Popen(
        shell.command("run", "baseline", "--reps", "2", "--jobs", "1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stderr.close()
    assert "baseline: 2020 to 2022, replicates: 2" in process.stdout.read()
    process.stdout.close()
    assert process.wait(timeout=300) == 0


def test_deleted_working_directory(shell: Shell) -> None:
    gone = shell.folder / "gone"
    gone.mkdir()
    command = shell.command("run", "baseline", "--reps", "1")
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *command],
        cwd=gone,
        env={**os.environ, "PWD": str(gone)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    message = "the current folder does not exist any more; change to another one\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_missing_libraries_are_a_matter_of_installing() -> None:
    hidden = "import sys; sys.path.insert(0, '.'); sys.modules['pydantic'] = None"
    code = f"{hidden}; from sim.cli import main; sys.exit(main(['validate', 'baseline']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"^the library 'pydantic[.\w]*' is not installed here: run 'make install', then ", done.stderr)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("out", ["x" * 300, "a-file/below", "\u5317\u4eac"])
def test_out_that_cannot_be(shell: Shell, out: str) -> None:
    (shell.folder / "a-file").touch()
    done = shell.process(
        "run", "baseline", "--reps", "1", "--quiet", out=out, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    # Where the system's encoding knows the name, it is a name like any other.
    assert done.returncode == (0 if len(out) < 255 and (shell.folder / out).is_dir() else 2)
    assert "--out DIR" in done.stderr or done.returncode == 0
    assert len(done.stderr.splitlines()) <= 1


def test_compare_json_and_markdown(shell: Shell) -> None:
    done = shell("compare", "baseline", "referral", "--reps", "2", "--jobs", "1", "--json")
    content = json.loads(done.stdout)
    assert list(content) == ["reference", "scenarios", "differences", "health"]
    assert (content["reference"], content["scenarios"]) == ("baseline", ["referral"])
    fields = ["scenario", "metric", "unit", "by", "reference_mean", "mean", "difference", "low", "high"]
    fields += ["relative", "share_better", "verdict", "replicates_to_settle"]
    assert all(list(row) == fields for row in content["differences"])
    assert "NaN" not in done.stdout
    found = {(row["scenario"], row["metric"]): row for row in content["differences"] if not row["by"]}
    assert found["referral", "cac"]["verdict"] == "better"
    assert found["referral", "incremental_orders"]["difference"] > 0
    assert found["baseline+placebo", "channel_shifted_orders"]["mean"] == 2
    assert len(list(shell.run_dir().glob("replicates/*-placebo-orders.parquet"))) == 2
    markdown = shell("compare", "baseline", "referral", "--reps", "3", "--jobs", "1", "--md", "--no-progress")
    assert "| metric | reference | mean |" in markdown.stdout
    assert "- In 2022 (year 3), referral is cheaper per customer than baseline in 3 of 3" in markdown.stdout
    assert "simulating" not in markdown.stderr


def test_compare_without_a_policy(shell: Shell) -> None:
    done = shell("compare", "referral", "--without", "referral", "--reps", "2", "--jobs", "1", "--json")
    content = json.loads(done.stdout)
    assert (content["reference"], content["scenarios"]) == ("referral-without-referral", ["referral"])
    effects = [row for row in content["differences"] if row["metric"] == "incremental_orders" and not row["by"]]
    assert effects[0]["mean"] > 0


def test_compare_with_itself_is_exactly_zero(shell: Shell) -> None:
    done = shell("compare", "referral", "referral", "--reps", "2", "--jobs", "1", "--json")
    rows = [row for row in json.loads(done.stdout)["differences"] if row["mean"] is not None]
    assert len(rows) > 100
    assert all((row["difference"], row["low"], row["high"]) == (0, 0, 0) for row in rows)


def test_any_number_of_jobs_gives_the_same_files(shell: Shell) -> None:
    words = ("compare", "baseline", "referral", "--reps", "3")
    one, two = shell(*words, "--jobs", "1", out="one"), shell.process(*words, "--jobs", "2", out="two")
    assert (one.returncode, two.returncode, one.stdout) == (0, 0, two.stdout)
    assert files(shell.folder / "one") == files(shell.folder / "two")
    assert len(files(shell.folder / "one")) == 2 * (3 * 3 + 3 + 4) + 3 + 1 + 1  # the tree of referrals


def hear_interrupts() -> None:
    """Listen to interrupts even where the tests run in the background, which shells make deaf to them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupted_run_continues_with_the_same_command(shell: Shell, jobs: str) -> None:
    words = ("run", "baseline", "--reps", "6", "--jobs", jobs)
    process = subprocess.Popen(
        shell.command(*words),
        env={**os.environ, "FAKE_SECONDS": "0.6"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    deadline = time.monotonic() + 40
    while not list(shell.folder.glob("out/*/replicates/0000-metrics.parquet")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: all processes of the group
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    kept = len(list(shell.run_dir().glob("replicates/*-metrics.parquet")))
    assert 1 <= kept < 6
    assert not list(shell.run_dir().glob("replicates/.*"))
    assert json.loads((shell.run_dir() / "manifest.json").read_text())["status"] == "interrupted"
    again = shell(*words) if jobs == "1" else shell.process(*words)
    assert again.returncode == 0
    assert f"simulating {6 - kept} replicates" in again.stderr
    assert shell("run", "baseline", "--reps", "6", "--jobs", "1", out="straight").returncode == 0
    assert files(shell.folder / "out") == files(shell.folder / "straight")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_failing_replicate(shell: Shell, jobs: str) -> None:
    words = ("run", "baseline", "--reps", "3", "--json", "--jobs")
    command = shell if jobs == "1" else shell.process
    done = command(*words, jobs, FAKE_FAILING="1")
    assert done.returncode == 3
    assert "replicate 1 of 'baseline' failed: ZeroDivisionError: the market vanished" in done.stderr
    assert "--debug" in done.stderr
    assert "Traceback" not in done.stderr
    content = json.loads(done.stdout)
    assert content["replicates"] == 2
    assert "replicate 1" in content["health"][0]
    assert "Traceback" in command(*words, jobs, "--debug", FAKE_FAILING="1").stderr
    assert shell(*words, "1").returncode == 0


def test_a_replicate_whose_process_is_always_killed_leaves_the_others(shell: Shell) -> None:
    done = shell.process("run", "baseline", "--reps", "3", "--jobs", "2", "--json", FAKE_DYING="1")
    assert done.returncode == 3
    assert "replicate 1 of 'baseline' failed: its process was killed in each of 4 attempts" in done.stderr
    assert "replicate 1 of 'baseline' lost its process and is tried again, attempt 4" in done.stderr
    assert "Traceback" not in done.stderr
    content = json.loads(done.stdout)
    assert content["replicates"] == 2
    assert len(content["health"]) == 1
    assert shell("run", "baseline", "--reps", "3", "--jobs", "1").returncode == 0


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_full_disk_is_one_clear_message(shell: Shell, jobs: str) -> None:
    words = ("run", "baseline", "--reps", "3", "--jobs", jobs, "--no-progress")
    done = shell.process(*words, FAKE_FILE_LIMIT="3000")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert re.match(r"cannot write results to .*: File too large; choose another folder with --out DIR", done.stderr)
    assert not list(shell.run_dir().glob("replicates/*"))
    assert str(shell.run_dir()) in done.stderr


def test_empty_out(shell: Shell) -> None:
    command = [sys.executable, str(FAKES), "run", "baseline", "--reps", "1", "--out", ""]
    done = subprocess.run(command, cwd=shell.folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "--out: the name of a folder is missing" in done.stderr
    assert list(shell.folder.iterdir()) == []


def test_out_that_is_no_folder(shell: Shell) -> None:
    (shell.folder / "out").write_text("a file")
    done = shell("run", "baseline", "--reps", "1", "--no-progress")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "cannot write results" in done.stderr


def test_corrupt_results(shell: Shell) -> None:
    shell("run", "baseline", "--reps", "1", "--jobs", "1")
    path = next(shell.run_dir().glob("replicates/*-orders.parquet"))
    path.write_bytes(path.read_bytes()[:-100])
    done = shell("run", "baseline", "--reps", "1", "--jobs", "1")
    assert done.returncode == 5
    assert path.name in done.stderr
    assert "Traceback" not in done.stderr


def test_threshold(shell: Shell) -> None:
    words = ("run", "baseline", "--reps", "2", "--jobs", "1", "--json")
    limit = 'thresholds=[{{"metric": "cac", "max": {}, "by": {{"year": 2020}}}}]'
    assert shell(*words, "--set", limit.format(10**6)).returncode == 0
    done = shell(*words, "--set", limit.format(5))
    assert done.returncode == 4
    assert "threshold breached: cac year=2020 is" in done.stderr
    assert json.loads(done.stdout)["health"][0].startswith("threshold breached")
    unknown = shell(*words, "--set", 'thresholds=[{"metric": "cash"}]')
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "no metric 'cash'" in unknown.stderr


def test_reader_that_goes_away(shell: Shell) -> None:
    shell("compare", "baseline", "referral", "--reps", "1", "--jobs", "1")
    command = shell.command("compare", "baseline", "referral", "--reps", "1", "--jobs", "1", "--json", "--quiet")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=300) == 0


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (
            ["rnu", "baseline"],
            "unknown command 'rnu'; commands are run, compare, new, validate, show, list, resume, verify, check, "
            "calibrate, schema; did you mean 'run'?",
        ),
        (["sweep"], "unknown command 'sweep'"),
        (["run"], "SCENARIO"),
        (["run", "baseline", "--rep", "3"], "unknown flag '--rep'; did you mean '--reps'?"),
        (["validate", "baseline", "--reps", "3"], "unknown flag '--reps'; see run.py validate --help"),
        (["--quiet", "run", "baseline"], "'--quiet' is no command; flags come after it: run.py COMMAND ... --flag"),
        (["--hepl"], "'--hepl' is no command; did you mean '--help'?"),
        (["run", "baseline", "extra"], "unknown argument 'extra'"),
        (["run", "baseline", "--reps", "0"], "'0' is not a whole number from 1"),
        (["run", "baseline", "--reps", "1e3"], "'1e3' is not a whole number from 1"),
        (["run", "baseline", "--jobs", "-1"], "--jobs"),
        (["run", "baseline", "--years", "0"], "--years"),
        (["run", "baseline", "--seed", "4294967296"], "'4294967296' is not a whole number from 0 to 4294967295"),
        (["run", "baseline", "--json", "--md"], "not allowed with"),
        (["run", "nowhere"], "nowhere: no such scenario"),
        (["compare", "baseline"], "--without POLICY"),
        (["compare", "baseline", "referral", "--without", "referral"], "exactly one scenario"),
        (["compare", "referral", "--without", "referal"], "did you mean 'referral'?"),
        (["compare", "baseline", "--without", "referral"], "off in scenario 'baseline' already"),
    ],
)
def test_wrong_usage(shell: Shell, words: list[str], part: str) -> None:
    done = shell(*words)
    assert done.returncode == 2
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (shell.folder / "out").exists()


def test_a_process_exits_with_the_code_of_the_command(shell: Shell) -> None:
    done = shell.process("rnu", "baseline")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("unknown command 'rnu'")


def test_validate(shell: Shell) -> None:
    good = subprocess.run(
        [sys.executable, str(FAKES), "validate", "baseline", "referral"], capture_output=True, text=True
    )
    assert (good.returncode, good.stdout, good.stderr) == (0, "baseline: valid\nreferral: valid\n", "")
    bad = shell.answer("validate", "nowhere", "baseline", "no")
    assert (bad.returncode, bad.stdout) == (2, "baseline: valid\n")
    assert bad.stderr.splitlines() == ["nowhere: no such scenario", "no: no such scenario"]


@pytest.mark.parametrize(
    "code", ["import sim, sim.cli", "import sim.cli; sim.cli.main(['validate', 'baseline'])", None]
)
def test_light_commands_load_nothing_heavy(code: str | None) -> None:
    code = code or "import sim.cli\ntry: sim.cli.main(['--help'])\nexcept SystemExit: pass"
    check = f"{code}\nimport sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version_is_that_of_the_distribution() -> None:
    import sim

    assert f'version = "{sim.__version__}"' in (PROJECT / "pyproject.toml").read_text()


def test_terminal_gets_tables_that_fit_and_a_bar(shell: Shell) -> None:
    import pty

    shown = {}
    for columns in (80, 160):
        leader, follower = pty.openpty()
        command = shell.command("compare", "baseline", "referral", "--reps", "2", "--jobs", "1", out=str(columns))
        environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
        process = subprocess.Popen(command, env=environment, stdout=follower, stderr=follower)
        os.close(follower)
        output = b""
        try:
            while chunk := os.read(leader, 65536):
                output += chunk
        except OSError:  # the end of a terminal whose process has gone
            pass
        os.close(leader)
        assert process.wait(timeout=300) == 0
        shown[columns] = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode())
        table = shown[columns].partition("paired differences")[2].partition("orders against")[0]
        assert max(map(len, table.splitlines())) <= columns
        assert "…" not in table
        assert "6/6" in shown[columns]  # two of each scenario and two placebos
    assert "relative" not in shown[80].partition("verdict")[0]
    assert "80 columns are too narrow for: better in, relative" in " ".join(shown[80].split())
    assert "relative" in shown[160].partition("verdict")[0]
    assert "too narrow" not in shown[160]
