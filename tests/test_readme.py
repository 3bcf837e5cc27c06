"""The README's examples print what the README says. `python tests/test_readme.py` writes them anew."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
EXAMPLE = re.compile(r"```console\n\$ discharge (?P<command>[^\n]+)\n(?P<output>.*?)```\n", re.DOTALL)
CUT = "...\n"
NEVER_THE_SAME = re.compile(r"in [\d.,]+ s, [\d.,]+ stays a second, [\d.,]+ MB at most")


def printed(command: str) -> str:
    """Run a README command from the checkout's folder, with its results in a temporary one."""
    with tempfile.TemporaryDirectory() as folder:
        words = shlex.split(command)
        if "--out" in words:
            words[words.index("--out") + 1] = str(Path(folder) / "out")
        done = subprocess.run(
            [sys.executable, "-m", "discharge", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=400,
            check=True,
        )
        return done.stdout.replace(str(Path(folder) / "out"), "out")


def shortened(output: str, like: str) -> str:
    """As many lines of ``output`` as the README shows."""
    shown = like.count("\n") - like.endswith(CUT)
    lines = output.splitlines(keepends=True)
    return "".join(lines[:shown]) + (CUT if like.endswith(CUT) else "")


EXAMPLES = list(EXAMPLE.finditer(README.read_text("utf-8")))


def test_the_readme_has_examples():
    assert {example["command"].split()[0] for example in EXAMPLES} == {"evaluate", "review"}


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=[one["command"].split()[0] for one in EXAMPLES])
def test_an_example_prints_what_the_readme_says(example):
    now = shortened(printed(example["command"]), example["output"])
    assert NEVER_THE_SAME.sub("", now) == NEVER_THE_SAME.sub("", example["output"])


def test_every_file_that_the_readme_names_is_there():
    text = README.read_text("utf-8")
    named = set(re.findall(r"\]\(([^):]+)\)|`((?:docs|examples|benchmarks)/[\w./]*)`", text))
    missing = [path for pair in named for path in pair if path and not (ROOT / path).exists()]
    assert not missing


if __name__ == "__main__":
    renewed = EXAMPLE.sub(
        lambda m: (
            f"```console\n$ discharge {m['command']}\n{shortened(printed(m['command']), m['output'])}```\n"
        ),
        README.read_text("utf-8"),
    )
    README.write_text(renewed, "utf-8")
