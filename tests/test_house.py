"""The house rules, read off the source: size, order of rooms, clocks, the importer of the engine, stray text.

Each check is a function from source to a list of faults, so that a planted fault can show that it would fail.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pytest

import discharge
from discharge.facts import catalogue

HERE = Path(__file__).resolve()
ROOT = HERE.parent.parent
PACKAGE = Path(discharge.__file__).resolve().parent
DATA = PACKAGE / "_data" if (PACKAGE / "_data").is_dir() else PACKAGE.parent

# The rooms of `discharge/` in the order in which data flows. A module imports from its own room or from one earlier
# in this list, never from a later one. A package (`feeds/`) is one room. A new module is given its place here.
ROOMS = [
    "errors",
    "resources",
    "yaml",
    "dated",
    "reference",
    "units",
    "drugs",
    "codes",
    "chart",
    "feeds",
    "facts",
    "packs",
    "payers",
    "criteria",
    "plain_rules",
    "inference",
    "casetests",
    "stayview",
    "clocks",
    "drg",
    "readmission",
    "costs",
    "needs",
    "social",
    "denial_history",
    "denial",
    "providers",
    "options",
    "negotiation",
    "plan",
    "wording",
    "rulecheck",
    "ruledocs",
    "review",
    "explain",
    "worklist",
    "pictures",
    "documents",
    "casework",
    "exchange",
    "run",
    "api",
    "cli",
    "__main__",
]
ENGINE_ROOM = "inference"
CLOCK_ROOMS = {"api", "cli"}
STOPWATCH_ROOMS = {"run", "api", "cli"}

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 60

CLOCK_METHODS = {"now", "utcnow", "today"}
CLOCK_FUNCTIONS = {"time", "time_ns", "ctime", "asctime", "gmtime", "localtime"}
STOPWATCHES = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"}

UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~})-])/(?:work|root|home)/")
REGISTRY_HOST = re.compile(
    r"\bpypi\.org|pythonhosted\.org|registry\.npmjs\.org|\bdeb\.debian\.org", re.IGNORECASE
)
CACHES = {
    ".git",
    ".venv",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".hypothesis",
    "__pycache__",
    "out",
    "dist",
    "build",
}


def room_of(module: Path) -> str:
    """The room of a file, given as a path inside `discharge/`: `feeds/fhir.py` -> feeds, `chart.py` -> chart."""
    return module.parts[0].removesuffix(".py")


def imports(tree: ast.AST, module: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, at the top or inside a function; relative imports made absolute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ["discharge", *module.parts[:-1]]
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def upward_imports(tree: ast.AST, module: Path) -> list[str]:
    """Imports of a room that comes later than the module's own, and rooms that have no place in the list."""
    own = room_of(module)
    if own not in {*ROOMS, "__init__"}:
        return [f"{module}: give the room '{own}' its place in ROOMS"]
    faults = []
    for line, name in imports(tree, module):
        top, _, rest = name.partition(".")
        target = rest.split(".")[0]
        if (
            top == "discharge"
            and target in ROOMS
            and (own == "__init__" or ROOMS.index(target) > ROOMS.index(own))
        ):
            faults.append(f"{module}:{line} imports {target}, which comes later than {own}")
    return list(dict.fromkeys(faults))


def engine_imports(tree: ast.AST, module: Path) -> list[str]:
    """Imports of durable_rules outside the one room for it."""
    if room_of(module) == ENGINE_ROOM:
        return []
    return [
        f"{module}:{line} imports {name}; only discharge/{ENGINE_ROOM}.py does"
        for line, name in imports(tree, module)
        if name.split(".")[0] in {"durable", "durable_rules_engine"}
    ]


def clock_reads(tree: ast.AST, module: Path) -> list[str]:
    """Reads of the clock below the command line, and of stopwatches outside the rooms that report seconds."""
    room = room_of(module)
    if room in CLOCK_ROOMS:
        return []
    forbidden = CLOCK_FUNCTIONS | (set() if room in STOPWATCH_ROOMS else STOPWATCHES)
    faults = [
        f"{module}:{line} imports {name}; time is an argument"
        for line, name in imports(tree, module)
        if name.startswith("time.") and name.removeprefix("time.") in forbidden
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            on_time = isinstance(node.value, ast.Name) and node.value.id == "time"
            if node.attr in CLOCK_METHODS or (on_time and node.attr in forbidden):
                faults.append(
                    f"{module}:{node.lineno} reads the clock with .{node.attr}; time is an argument"
                )
    return faults


def bare_excepts(tree: ast.AST, module: Path) -> list[str]:
    """`except:` with no exception named."""
    return [
        f"{module}:{node.lineno} catches everything"
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]


def long_functions(tree: ast.AST, module: Path) -> list[str]:
    """Functions of more lines than the house allows."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    lengths = ((node, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions)
    return [
        f"{module}:{node.lineno} {node.name} has {length} lines"
        for node, length in lengths
        if length > MOST_LINES_OF_A_FUNCTION
    ]


def long_module(text: str, module: Path) -> list[str]:
    """The module, if it has more non-blank lines than the house allows."""
    lines = sum(1 for line in text.splitlines() if line.strip())
    return [f"{module} has {lines} lines"] if lines > MOST_LINES_OF_A_MODULE else []


def matches(pattern: re.Pattern[str], text: str, name: Path) -> list[str]:
    """Lines of a text that hold what the pattern describes."""
    lines = enumerate(text.splitlines(), start=1)
    return [f"{name}:{number} has {found[0]!r}" for number, line in lines if (found := pattern.search(line))]


TREE_CHECKS = [upward_imports, engine_imports, clock_reads, bare_excepts, long_functions]


def modules() -> list[Path]:
    """Every Python file of the package, as a path inside it."""
    return sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


@cache
def parsed(module: Path) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text("utf-8"))


@cache
def project_files() -> list[Path]:
    """Files that are committed or about to be; outside a checkout, every file that is not a cache."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listing = [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
            "\0"
        )
        files = [ROOT / name for name in names if name]
    else:
        files = [path for path in ROOT.rglob("*") if not CACHES & set(path.relative_to(ROOT).parts)]
    return [path for path in files if path.is_file()]


@cache
def text_of(path: Path) -> str:
    """A file's text, empty for a binary one."""
    content = path.read_bytes()
    return "" if b"\0" in content[:8192] else content.decode("utf-8", errors="replace")


@pytest.mark.content
@pytest.mark.parametrize("check", TREE_CHECKS, ids=lambda check: check.__name__)
def test_modules_keep_the_rule(check):
    faults = [fault for module in modules() for fault in check(parsed(module), module)]
    assert not faults, "\n".join(faults)


@pytest.mark.content
def test_no_module_is_too_long():
    faults = [
        fault for module in modules() for fault in long_module((PACKAGE / module).read_text("utf-8"), module)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("folder", ["rules", "payer_profiles", "templates"])
def test_data_folders_hold_no_python(folder):
    assert [str(path) for path in (DATA / folder).rglob("*.py*")] == []


@pytest.mark.content
def test_nothing_is_left_unfinished():
    kinds = {".py", ".yaml", ".yml", ".html", ".toml", ".sh", ".md", ""}
    skipped = {"examples", "LICENSE"}  # feeds may hold any word of any language
    files = [path for path in project_files() if path.suffix in kinds]
    files = [path for path in files if path.relative_to(ROOT).parts[0] not in skipped]
    files += [PACKAGE / module for module in modules()]
    faults = [fault for path in files for fault in matches(UNFINISHED, text_of(path), path)]
    assert not faults, "\n".join(faults)


@pytest.mark.content
@pytest.mark.parametrize(
    "pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["path of a machine", "host of a registry"]
)
def test_no_file_names_a_machine(pattern):
    faults = [
        fault for path in project_files() for fault in matches(pattern, text_of(path), path.relative_to(ROOT))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.content
@pytest.mark.parametrize(
    ("check", "module", "source"),
    [
        (upward_imports, "chart.py", "from discharge.review import review"),
        (upward_imports, "chart.py", "from discharge import review"),
        (upward_imports, "chart.py", "import discharge.review"),
        (upward_imports, "chart.py", "def f():\n    from .review import review"),
        (upward_imports, "feeds/fhir.py", "from ..facts import catalogue"),
        (upward_imports, "feeds/fhir.py", "from .. import facts"),
        (upward_imports, "casework/ledger.py", "from discharge.api.app import create_app"),
        (upward_imports, "__init__.py", "from discharge.errors import DischargeError"),
        (upward_imports, "attic.py", ""),
        (engine_imports, "review.py", "import durable.lang"),
        (engine_imports, "feeds/fhir.py", "def f():\n    from durable.lang import ruleset"),
        (clock_reads, "review.py", "from datetime import datetime\ndatetime.now()"),
        (clock_reads, "review.py", "import datetime as dt\ndt.datetime.utcnow()"),
        (clock_reads, "chart.py", "import pandas as pd\npd.Timestamp.now()"),
        (clock_reads, "chart.py", "from datetime import date\ndefault = date.today"),
        (clock_reads, "run.py", "import time\ntime.time()"),
        (clock_reads, "run.py", "from time import time"),
        (clock_reads, "facts.py", "import time\ntime.perf_counter()"),
        (bare_excepts, "facts.py", "try:\n    pass\nexcept:\n    pass"),
        (long_functions, "facts.py", "def f():\n" + "    x = 1\n" * MOST_LINES_OF_A_FUNCTION),
    ],
)
def test_a_planted_fault_is_found(check, module, source):
    assert len(check(ast.parse(source), Path(module))) == 1


@pytest.mark.content
@pytest.mark.parametrize(
    ("check", "module", "source"),
    [
        (upward_imports, "review.py", "from discharge.chart import Chart\nimport pandas"),
        (upward_imports, "feeds/fhir.py", "from .tabular import read\nfrom ..chart import Chart"),
        (upward_imports, "cli.py", "from discharge import __version__"),
        (engine_imports, "inference.py", "import durable.lang"),
        (clock_reads, "cli.py", "from datetime import datetime\ndatetime.now()"),
        (clock_reads, "run.py", "import time\ntime.perf_counter()"),
        (bare_excepts, "facts.py", "try:\n    pass\nexcept ValueError:\n    pass"),
        (long_functions, "facts.py", "def f():\n" + "    x = 1\n" * (MOST_LINES_OF_A_FUNCTION - 1)),
    ],
)
def test_what_is_allowed_passes(check, module, source):
    assert check(ast.parse(source), Path(module)) == []


@pytest.mark.content
def test_planted_text_is_found():
    module = Path("chart.py")
    assert long_module("x = 1\n" * MOST_LINES_OF_A_MODULE, module) == []
    assert len(long_module("x = 1\n" * (MOST_LINES_OF_A_MODULE + 1), module)) == 1
    assert len(matches(UNFINISHED, "# TO" + "DO later", module)) == 1
    assert len(matches(MACHINE_PATH, "open('/" + "root/feed')", module)) == 1
    assert matches(MACHINE_PATH, "see https://example.org/home/ and Patient/home/1", module) == []
    assert len(matches(REGISTRY_HOST, "--index-url https://pypi" + ".org/simple", module)) == 1


_FACT_READ = re.compile(r'\bview\.(?:flag|number|text|time|codes|is_known)\(\s*"([a-z_]+\.[a-z_0-9]+)"')


def unknown_facts(source: str, known: Collection[str]) -> list[str]:
    """Return the names of facts that a module reads of a stay and the catalogue doesn't have: they'd always be None."""
    return [name for name in _FACT_READ.findall(source) if name not in known]


def test_every_fact_read_of_a_stay_is_in_the_catalogue() -> None:
    known = catalogue().keys()
    found = {str(path): unknown_facts(path.read_text("utf-8"), known) for path in PACKAGE.rglob("*.py")}
    assert {path: names for path, names in found.items() if names} == {}
    assert unknown_facts('view.flag("treatment.no_such_fact")', known) == ["treatment.no_such_fact"]
