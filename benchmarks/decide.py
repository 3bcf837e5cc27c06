"""Twelve admission rules over many admissions with missing values: Discharge and other rule engines, side by side.

    python benchmarks/decide.py --rows 100000 --json out/decide.json

Writes `engines` (name, per_second, wrong, lost, peak_rss_mb and more) and `ratio_to_fastest_peer`. README.md beside
this file says how each engine was written, what is timed and what the figures do not say.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ENGINES_FOLDER = HERE / "engines"
sys.path.insert(0, str(ENGINES_FOLDER))
sys.path.insert(0, str(HERE))

import admissions  # noqa: E402 - siblings of this script
import elm  # noqa: E402
from plain import Engine as Reference  # noqa: E402
from trees import Tree, read_tree  # noqa: E402

RULES = HERE / "rules" / "admission"
BENCH_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"
LOST = 3


@dataclass(frozen=True)
class Contender:
    """An engine in one way of writing; ``most_rows`` keeps a slow one to a sample, since rates are per second."""

    name: str
    role: str  # ours, peer or reference
    most_rows: int
    two_valued: bool = False

    @property
    def engine(self) -> str:
        return self.name.removesuffix(TWO_VALUED)


TWO_VALUED = " (two-valued)"
IMPORTED = {
    "discharge": "discharge",
    "durable_rules": "durable",
    "clipspy": "clips",
    "zen-engine": "zen",
    "rule-engine": "rule_engine",
    "plain-python": "sys",
}
PEERS = {
    "durable_rules": 20_000,
    "clipspy": 20_000,
    "zen-engine": 100_000,
    "rule-engine": 5_000,
    "cql-execution": 5_000,
}
CONTENDERS = [
    Contender("discharge", "ours", 10_000_000),
    *(Contender(name, "peer", most) for name, most in PEERS.items()),
    *(
        Contender(name + TWO_VALUED, "peer", most, True)
        for name, most in PEERS.items()
        if name != "cql-execution"
    ),
    Contender("plain-python", "reference", 100_000),
]


@dataclass
class Measured:
    """What came of a contender: the figures of each repeat, or why there are none."""

    rows: int
    runs: list[dict[str, Any]] = field(default_factory=list)
    wrong: int = 0
    lost: int = 0
    failed: str | None = None


def read_rules() -> dict[str, dict[str, Any]]:
    """Return the criterion of every rule file, as YAML has it, by name."""
    import yaml

    found = {}
    for path in sorted(RULES.glob("*.yaml")):
        if path.name != "pack.yaml":
            (criterion,) = yaml.safe_load(path.read_text("utf-8"))["criteria"].items()
            found[criterion[0]] = criterion[1]
    return found


def starts() -> dict[str, list[str]]:
    """Return how to start the worker of each engine that is installed, here or in .venv-bench."""
    listing = "import sys, importlib.util as u; print(*[m for m in sys.argv[1:] if u.find_spec(m)])"
    found: dict[str, list[str]] = {}
    for python in (sys.executable, str(BENCH_PYTHON)):
        if Path(python).exists():
            names = [python, "-c", listing, *dict.fromkeys(IMPORTED.values())]
            there = subprocess.run(names, capture_output=True, text=True, check=True).stdout.split()
            for engine, module in IMPORTED.items():
                if module in there:
                    found.setdefault(engine, [python, str(ENGINES_FOLDER / "worker.py"), engine])
    node = shutil.which("node")
    if node is not None and (HERE / "node_modules" / "cql-execution").is_dir():
        found["cql-execution"] = [node, "--expose-gc", str(ENGINES_FOLDER / "cql.js")]
    return found


class Run:
    """One side-by-side run in a scratch folder."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder
        self.rows = rows
        self.rules = read_rules()
        self.trees: dict[str, Tree] = {name: read_tree(raw) for name, raw in self.rules.items()}
        self.admissions = folder / "admissions.ndjson"
        self.expected = self.prepare()

    def prepare(self) -> bytes:
        """Write the admissions; return what the reference says of them, a byte per rule and admission."""
        reference = Reference(self.trees, False)
        expected = bytearray()
        with self.admissions.open("w", encoding="utf-8") as file:
            for admission in admissions.admissions(self.rows):
                file.write(json.dumps(admission) + "\n")
                expected += bytes(reference.decide([admission])[0])
        return bytes(expected)

    def once(self, contender: Contender, start: list[str], measured: Measured) -> None:
        """Run a contender once in a process of its own and add to what is measured of it."""
        job_file, answers = self.folder / "job.json", self.folder / "answers"
        job = {
            "rules": self.rules,
            "elm": elm.library(self.trees),
            "admissions": str(self.admissions),
            "answers": str(answers),
            "rows": measured.rows,
            "two_valued": contender.two_valued,
        }
        job_file.write_text(json.dumps(job), "utf-8")
        answers.unlink(missing_ok=True)
        done = subprocess.run([*start, str(job_file)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            measured.failed = (done.stderr.strip().splitlines() or ["no message"])[-1][:300]
            return
        measured.runs.append(json.loads(done.stdout.strip().splitlines()[-1]))
        given = answers.read_bytes()
        due = self.expected[: measured.rows * len(self.rules)]
        if len(given) != len(due):
            measured.failed = f"{len(given)} answers instead of {len(due)}"
            return
        lost = given.count(LOST)
        measured.lost = max(measured.lost, lost)
        wrong = sum(one != other for one, other in zip(given, due, strict=True)) - lost
        measured.wrong = max(measured.wrong, wrong)


def entry(contender: Contender, measured: Measured | None, rules: int) -> dict[str, Any]:
    """Return what the JSON says of one contender."""
    if measured is None or measured.failed is not None:
        status = "not installed" if measured is None else f"failed: {measured.failed}"
        blank = dict.fromkeys(("per_second", "wrong", "lost", "peak_rss_mb"))
        return {"name": contender.name, **blank, "role": contender.role, "status": status}
    seconds = [run["seconds"] for run in measured.runs]
    cpu = [run["cpu_seconds"] for run in measured.runs]
    last = measured.runs[-1]
    told = {"name", "seconds", "cpu_seconds", "peak_rss_mb", "version"}
    return {
        "name": contender.name,
        "per_second": round(measured.rows / statistics.median(seconds), 1),
        "wrong": measured.wrong,
        "lost": measured.lost,
        "peak_rss_mb": max(run["peak_rss_mb"] for run in measured.runs),
        "role": contender.role,
        "status": "measured",
        "version": last["version"],
        "rows": measured.rows,
        "answers": measured.rows * rules,
        "per_cpu_second": round(measured.rows / statistics.median(cpu), 1),
        "seconds": [round(one, 4) for one in seconds],
        **{key: value for key, value in last.items() if key not in told},
    }


def ratio(entries: list[dict[str, Any]], *, right_only: bool = False) -> tuple[float | None, str | None]:
    """Return how many times as fast ours is as the fastest peer, and which that is."""
    measured = [one for one in entries if one["per_second"] is not None]
    ours = next((one["per_second"] for one in measured if one["role"] == "ours"), None)
    peers = [
        one
        for one in measured
        if one["role"] == "peer" and not (right_only and (one["wrong"] or one["lost"]))
    ]
    if ours is None or not peers:
        return None, None
    fastest = max(peers, key=lambda one: one["per_second"])
    return round(ours / fastest["per_second"], 1), fastest["name"]


def measure(rows: int, chosen: list[Contender], repeat: int) -> dict[str, Any]:
    """Run all contenders ``repeat`` times in turns, each time in a new process, and return the report."""
    installed = starts()
    with tempfile.TemporaryDirectory(prefix="decide ") as name:
        run = Run(Path(name), rows)
        found = {one.name: Measured(min(rows, one.most_rows)) for one in chosen if one.engine in installed}
        for turn in range(repeat):
            for contender in chosen:
                measured = found.get(contender.name)
                if measured is None or measured.failed is not None:
                    continue
                print(f"turn {turn + 1} of {repeat}: {contender.name}", file=sys.stderr, flush=True)
                run.once(contender, installed[contender.engine], measured)
        rules = len(run.rules)
        entries = [entry(one, found.get(one.name), rules) for one in chosen]
        shares = {
            word: round(run.expected.count(status) / len(run.expected), 4)
            for status, word in enumerate(("not_met", "unknown", "met"))
        }
    fastest, right = ratio(entries), ratio(entries, right_only=True)
    return {
        "benchmark": "decide",
        "engines": entries,
        "ratio_to_fastest_peer": fastest[0],
        "fastest_peer": fastest[1],
        "ratio_to_fastest_right_peer": right[0],
        "fastest_right_peer": right[1],
        "rows": rows,
        "rules": rules,
        "facts": len(admissions.FACTS),
        "missing": admissions.MISSING,
        "seed": admissions.SEED,
        "repeat": repeat,
        "answer_shares": shares,
        "machine": {
            "cores": os.cpu_count(),
            "load_1min": os.getloadavg()[0],
            "python": sys.version.split()[0],
        },
    }


def table(report: dict[str, Any]) -> str:
    """Return the report as lines to read."""
    head = f"{'engine':<28}{'per second':>12}{'wrong':>9}{'lost':>7}{'MB':>8}  {'of answers':>10}"
    lines = [head]
    for one in report["engines"]:
        if one["per_second"] is None:
            lines.append(f"{one['name']:<28}{one['status']:>12}")
        else:
            lines.append(
                f"{one['name']:<28}{one['per_second']:>12,.0f}{one['wrong']:>9,}{one['lost']:>7,}"
                f"{one['peak_rss_mb']:>8,.0f}  {one['answers']:>10,}"
            )
    if report["ratio_to_fastest_peer"] is not None:
        lines.append(f"{report['ratio_to_fastest_peer']} times the fastest peer, {report['fastest_peer']}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", type=int, default=100_000, help="admissions (slow engines: a sample, see README)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--repeat", type=int, default=3, help="turns; the rate is the median")
    names = [one.name for one in CONTENDERS]
    parser.add_argument(
        "--engines", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names)
    )
    asked = parser.parse_args()
    if asked.rows < 1 or asked.repeat < 1:
        parser.error("--rows and --repeat are at least 1")
    report = measure(asked.rows, [one for one in CONTENDERS if one.name in asked.engines], asked.repeat)
    if asked.json is not None:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(table(report))
    failed = [one["name"] for one in report["engines"] if one["status"].startswith("failed")]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
