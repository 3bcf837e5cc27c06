"""The benchmarks run, their rules hold, and their figures have the shape that readers of the JSON rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from discharge.casetests import run_cases
from discharge.packs import load_packs

pytestmark = pytest.mark.content  # benchmarks/ lies in the checkout

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
FIGURES = {"name", "per_second", "wrong", "lost", "peak_rss_mb"}
PEERS = {"durable_rules", "clipspy", "zen-engine", "rule-engine", "cql-execution"}


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> dict:
    """The figures of a small run of every engine."""
    written = tmp_path_factory.mktemp("figures of decide") / "decide.json"
    done = run("decide.py", "--rows", "60", "--repeat", "1", "--json", str(written))
    assert done.returncode == 0, done.stderr
    return json.loads(written.read_text("utf-8"))


def test_every_rule_of_the_benchmark_keeps_its_cases():
    results = run_cases(load_packs(BENCHMARKS / "rules"))
    assert len(results) == 36
    assert [result.name for result in results if not result.ok] == []


def test_the_figures_have_their_shape(report):
    assert all(entry.keys() >= FIGURES for entry in report["engines"])
    assert {"ratio_to_fastest_peer", "rows", "rules", "seed", "missing", "repeat"} <= report.keys()
    assert (report["rows"], report["rules"], report["facts"]) == (60, 12, 14)
    assert min(report["answer_shares"].values()) > 0.1


def test_every_engine_is_named_and_what_is_not_installed_is_said_to_be_so(report):
    entries = {entry["name"]: entry for entry in report["engines"]}
    assert PEERS | {"discharge", "plain-python"} <= entries.keys()
    for entry in entries.values():
        if entry["status"] == "not installed":
            assert {entry[figure] for figure in FIGURES - {"name"}} == {None}
        else:
            assert entry["status"] == "measured"
            assert entry["per_second"] > 0
            assert entry["peak_rss_mb"] > 1
    assert entries["discharge"]["status"] == entries["plain-python"]["status"] == "measured"


def test_ours_says_what_the_reference_says(report):
    (ours,) = [entry for entry in report["engines"] if entry["role"] == "ours"]
    assert (ours["wrong"], ours["lost"], ours["answers"]) == (0, 0, 720)


def test_an_engine_without_unknown_is_found_wrong(report):
    """A check of the check: answers that take missing for no must be counted."""
    measured = [entry for entry in report["engines"] if entry["per_second"] is not None]
    two_valued = [entry for entry in measured if entry["name"].endswith("(two-valued)")]
    assert all(entry["wrong"] > 0 for entry in two_valued)


def test_the_ratio_is_to_the_fastest_peer(report):
    rates = {entry["name"]: entry["per_second"] for entry in report["engines"] if entry["role"] == "peer"}
    known = {name: rate for name, rate in rates.items() if rate is not None}
    if not known:
        assert report["ratio_to_fastest_peer"] is None
        return
    assert report["fastest_peer"] == max(known, key=lambda name: known[name])
    ours = report["engines"][0]["per_second"]
    assert report["ratio_to_fastest_peer"] == pytest.approx(ours / max(known.values()), abs=0.06)


def test_a_feed_needs_its_moment():
    done = run("review.py", "--feed", "somewhere")
    assert done.returncode == 2
    assert "each --feed needs its own --as-of" in done.stderr


def test_review_says_why_a_feed_gave_no_figures(tmp_path):
    written = tmp_path / "review.json"
    arguments = ["--feed", str(tmp_path / "nothing"), "--as-of", "2026-06-15T07:00", "--json", str(written)]
    done = run("review.py", *arguments, "--workers", "1", "--documents", "", "--evaluate-times", "1")
    report = json.loads(written.read_text("utf-8"))
    assert done.returncode == 1
    (entry,) = report["engines"]
    assert entry.keys() >= FIGURES
    assert entry["per_second"] is None
    assert entry["status"].startswith("failed with exit code 3")
    assert report["evaluate"]["status"] == "measured"
    assert report["evaluate_median_ms"] > 0


def test_no_lock_of_the_benchmarks_names_a_host():
    packages = json.loads((BENCHMARKS / "package-lock.json").read_text("utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)
    lock = (BENCHMARKS / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert lock.count("--hash=sha256:") > lock.count("==")
