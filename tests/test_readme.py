"""The README's examples print what the README says, and the example feed is what they promise: enough patients, units
and payers, and small enough to ship. `python tests/test_readme.py` writes the examples anew.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from discharge.resources import data_folder

pytestmark = pytest.mark.content  # the commands it shows are run from the wheel by test_run and test_cli

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
EXAMPLE = re.compile(r"```console\n\$ discharge (?P<command>[^\n]+)\n(?P<output>.*?)```\n", re.DOTALL)
CUT = "...\n"
NEVER_THE_SAME = re.compile(r"in [\d.,]+ s, [\d.,]+ stays a second, [\d.,]+ MB at most")


def printed(command: str, out: Path) -> str:
    """Run a README command from the checkout's folder, with its results in ``out``."""
    words = shlex.split(command)
    if "--out" in words:
        words[words.index("--out") + 1] = str(out)
    done = subprocess.run(
        [sys.executable, "-m", "discharge", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=True,
    )
    return done.stdout.replace(str(out), "out")


def shortened(output: str, like: str) -> str:
    """As many lines of ``output`` as the README shows."""
    shown = like.count("\n") - like.endswith(CUT)
    lines = output.splitlines(keepends=True)
    return "".join(lines[:shown]) + (CUT if like.endswith(CUT) else "")


EXAMPLES = list(EXAMPLE.finditer(README.read_text("utf-8")))


def test_the_readme_has_examples():
    assert {example["command"].split()[0] for example in EXAMPLES} == {"evaluate", "review"}


def of_command(name):
    (found,) = [one for one in EXAMPLES if one["command"].split()[0] == name]
    return found


def same(output, example):
    now = shortened(output, example["output"])
    assert NEVER_THE_SAME.sub("", now) == NEVER_THE_SAME.sub("", example["output"])


def test_the_answer_to_a_question_is_what_the_readme_says(tmp_path):
    same(printed(of_command("evaluate")["command"], tmp_path / "out"), of_command("evaluate"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The README's run over the example feed: what it printed, and the folder with its results."""
    out = tmp_path_factory.mktemp("example") / "out"
    return printed(of_command("review")["command"], out), out


@pytest.mark.content
@pytest.mark.slow
def test_the_review_of_the_example_feed_is_what_the_readme_says(run):
    same(run[0], of_command("review"))


@pytest.mark.content
@pytest.mark.slow
def test_the_feed_has_two_hundred_patients_over_eight_units_and_all_profiles(run):
    reviews = [json.loads(line) for line in (run[1] / "reviews.ndjson").read_text("utf-8").splitlines()]
    here = [one for one in reviews if one["stay"]["is_in_house"]]
    assert len(here) == len(reviews) >= 200
    assert len({one["stay"]["unit"] for one in here}) == 8
    profiles = {path.stem for path in data_folder("payer_profiles").glob("*.yaml")}
    assert {one["payer"]["profile"] for one in here} - {None} == profiles
    unmatched = [one for one in here if one["payer"]["profile"] is None and one["payer"]["reason"]]
    assert len(unmatched) == 31, "VA, CHIP and the uncovered newborns have no profile, and say so"


@pytest.mark.content
@pytest.mark.slow
def test_every_record_of_the_feed_is_used(run):
    account = json.loads((run[1] / "run.json").read_text("utf-8"))
    assert account["records_rejected"] == 0
    assert account["records_read"] == account["records_used"] + sum(account["records_not_used"].values())


@pytest.mark.content
def test_the_feed_is_small_and_carries_its_licence():
    files = list((ROOT / "examples" / "feed").iterdir())
    assert sum(path.stat().st_size for path in files) < 12_000_000
    assert "MIT" in (ROOT / "examples" / "feed" / "LICENSE").read_text("utf-8")


def test_every_file_that_the_readme_names_is_there():
    text = README.read_text("utf-8")
    named = set(re.findall(r"\]\(([^):]+)\)|`((?:docs|examples|benchmarks)/[\w./]*)`", text))
    missing = [path for pair in named for path in pair if path and not (ROOT / path).exists()]
    assert not missing


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as results:

        def renewed(example: re.Match[str]) -> str:
            now = shortened(printed(example["command"], Path(results) / "out"), example["output"])
            return f"```console\n$ discharge {example['command']}\n{now}```\n"

        README.write_text(EXAMPLE.sub(renewed, README.read_text("utf-8")), "utf-8")
