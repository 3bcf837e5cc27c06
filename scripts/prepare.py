"""Prepare `.venv` for `make run` (runtime lock) or `make test` (dev lock): `prepare.py run|dev`.

Looks at the machine first (compiler, Python headers, venv) and installs Debian's packages where that is
allowed, or names them and stops. Then installs the locks with their hashes checked, and the project itself as
an editable install. A stamp in `.venv` makes the second call quick; whatever changes a lock, the interpreter
or the folder makes a new environment.

Exit codes: 0 prepared, 1 an install step failed, 3 the machine lacks a package that must be installed by hand.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "prepared.json"
BUILD_LOCK = "requirements-build.lock"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
EXIT_STEP_FAILED = 1
EXIT_PACKAGE_MISSING = 3

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# Prints 1 when a rendered page holds a font. On a machine without one, PlutoPrint writes a blank page in silence.
FONT_PROBE = (
    "import io, plutoprint; book = plutoprint.Book(); book.load_html('<p>a</p>'); out = io.BytesIO(); "
    "book.write_to_pdf_stream(out); print(int(b'/Font' in out.getvalue()))"
)

# Two letters of a language's own script, and Debian's package that has them. Prints the languages in which both come
# out as the same picture, which is the empty box. The languages are those of templates/locale that need it.
LANGUAGE_FONTS = {
    "Japanese": ("本語", "fonts-noto-cjk"),
    "Korean": ("한글", "fonts-noto-cjk"),
    "Hindi": ("कम", "fonts-lohit-deva"),
}
LANGUAGE_PROBE = f"""
import io, plutoprint

def drawn(letter):
    book, out = plutoprint.Book(plutoprint.PageSize(120, 120), plutoprint.PageMargins(0)), io.BytesIO()
    book.load_html("<p style='font-size: 40px'>" + letter + "</p>")
    book.write_to_png_stream(out)
    return out.getvalue()

for language, letters in { {name: row[0] for name, row in LANGUAGE_FONTS.items()}!r}.items():
    if len({{drawn(letter) for letter in letters}}) == 1:
        print(language)
"""


class Missing(Exception):
    """Something the machine lacks: what, and the Debian packages that bring it."""

    def __init__(self, what: str, packages: list[str]) -> None:
        super().__init__(what)
        self.what = what
        self.packages = packages


def say(text: str) -> None:
    print(f"prepare: {text}", file=sys.stderr, flush=True)


def is_engine_supported() -> bool:
    """Whether durable-rules runs on this Python: from 3.13 on it builds but fails to import."""
    return sys.version_info < (3, 13)


def debian_python(suffix: str) -> list[str]:
    """Name of Debian's package for this Python (`python3.11-dev`), or none when this Python is not Debian's."""
    is_debians = Path(sys.base_prefix) == Path("/usr")
    return [f"python{sys.version_info.major}.{sys.version_info.minor}-{suffix}"] if is_debians else []


def compiler() -> str | None:
    """The C compiler setuptools would call, if it is on the PATH."""
    configured = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    return shutil.which(shlex.split(configured)[0])


def check_venv() -> None:
    """Raises Missing when this Python cannot make a virtual environment (Debian ships ensurepip apart)."""
    if importlib.util.find_spec("ensurepip") is None:
        raise Missing(
            "this Python has no ensurepip, so it cannot make a virtual environment", debian_python("venv")
        )


def check_compiler() -> None:
    """Raises Missing when durable-rules, which comes as source only, could not be compiled."""
    packages: list[str] = []
    found = compiler()
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if found is None:
        packages += ["gcc", "libc6-dev"]
    if not header.is_file():
        packages += debian_python("dev")
    if found is None or not header.is_file():
        lacking = [
            name for name, there in (("a C compiler", found), ("Python.h", header.is_file())) if not there
        ]
        raise Missing(
            f"durable-rules is compiled on this machine, which lacks {' and '.join(lacking)}", packages
        )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.c"
        source.write_text("#include <Python.h>\n")
        command = [found, "-I", str(header.parent), "-c", str(source), "-o", str(source.with_suffix(".o"))]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            raise Missing(
                "the C compiler cannot compile against Python.h", ["libc6-dev", *debian_python("dev")]
            )


def check_fonts() -> None:
    """Raises Missing when a PDF would come out blank. Needs the runtime packages installed."""
    probe = subprocess.run([VENV_PYTHON, "-c", FONT_PROBE], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        raise SystemExit(f"prepare: PlutoPrint cannot render a page:\n{probe.stderr}")
    if probe.stdout.strip() != "1":
        raise Missing("no font is installed, so every PDF would be blank", ["fonts-dejavu-core"])


def check_browser() -> None:
    """Raises Missing when no Chromium is there for the tests of pages; Playwright itself downloads none."""
    if not any(shutil.which(name) for name in BROWSERS):
        raise Missing("no Chromium is installed, and the tests of pages need one", ["chromium"])


def check_languages() -> None:
    """Raises Missing when papers in some language of patients would print as empty boxes."""
    probe = subprocess.run([VENV_PYTHON, "-c", LANGUAGE_PROBE], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        raise SystemExit(f"prepare: PlutoPrint cannot render a page:\n{probe.stderr}")
    boxes = probe.stdout.split()
    if boxes:
        packages = list(dict.fromkeys(LANGUAGE_FONTS[language][1] for language in boxes))
        raise Missing(f"no font is installed for {' and '.join(boxes)}", packages)


def offer(check: Callable[[], None]) -> None:
    """Run a check whose failure leaves the project usable: install what is missing if we may, else say what is lost."""
    for missing in install_missing(lacks([check])) and lacks([check]):
        say(f"{missing.what}: papers for patients who read it are written as HTML and not as PDF.")
        say(
            f"On Debian or Ubuntu, as root: apt-get update && apt-get install -y {' '.join(missing.packages)}"
        )


def lacks(checks: Iterable[Callable[[], None]]) -> list[Missing]:
    """What the checks found missing."""
    found = []
    for check in checks:
        try:
            check()
        except Missing as missing:
            found.append(missing)
    return found


def install_missing(missing: list[Missing]) -> list[Missing]:
    """Install Debian's packages for what is missing, where we may; returns what was asked for."""
    packages = [package for lack in missing for package in lack.packages]
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"{'; '.join(lack.what for lack in missing)}; installing Debian's {' '.join(packages)}")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(
                ["apt-get", "-qq", *command], env=environment, stdin=subprocess.DEVNULL, check=False
            )
        importlib.invalidate_caches()
    return missing


def settle(*checks: Callable[[], None]) -> None:
    """Run checks; where some fail, install Debian's packages if we may and check again, or name them and stop."""
    missing = install_missing(lacks(checks)) and lacks(checks)
    if not missing:
        return
    for lack in missing:
        say(f"stopped: {lack.what}.")
        if not lack.packages:
            say(
                f"{sys.base_prefix} is not Debian's Python: install what it lacks, or name another with PYTHON=..."
            )
    packages = [package for lack in missing for package in lack.packages]
    if packages:
        say(f"On Debian or Ubuntu, as root: apt-get update && apt-get install -y {' '.join(packages)}")
    raise SystemExit(EXIT_PACKAGE_MISSING)


def digest(*paths: str) -> str:
    """One SHA-256 over the files' names and bytes."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.encode() + b"\0" + (ROOT / path).read_bytes() + b"\0")
    return total.hexdigest()


def wanted() -> dict[str, str]:
    """What an environment made now would be made from; the dev lock holds everything of the runtime lock."""
    machine = "\n".join((sys.version, sys.base_prefix, str(VENV), digest(BUILD_LOCK)))
    project = digest("pyproject.toml", "discharge/__init__.py")
    return {"machine": machine, "project": project} | {kind: digest(lock) for kind, lock in LOCKS.items()}


def prepared() -> dict[str, str]:
    """What the environment was made from, empty when there is none that was finished."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if VENV_PYTHON.exists() else {}


def pip(*arguments: str) -> None:
    """Run the environment's pip; stops the set-up when it fails."""
    environment = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}
    }
    environment |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}
    environment |= {"PIP_ROOT_USER_ACTION": "ignore"}
    run = subprocess.run([VENV_PYTHON, "-m", "pip", *arguments], cwd=ROOT, env=environment, check=False)
    if run.returncode != 0:
        hint = "; after a change of dependencies run `make lock`" if arguments[0] == "check" else ""
        say(f"stopped: pip {arguments[0]} failed{hint}")
        raise SystemExit(EXIT_STEP_FAILED)


def install_locked(lock: str) -> None:
    """Install a lock with its hashes checked, building what is source with the pinned setuptools.

    pip would compile on one core, which takes a third of the time.
    """
    pip("install", "--quiet", "--no-compile", "--require-hashes", "--no-build-isolation", "-r", lock)
    inside = [VENV_PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    folder = subprocess.run(inside, capture_output=True, text=True, check=True).stdout.strip()
    # Some packages ship files for other versions of Python, which do not compile and are never imported.
    compiled = [VENV_PYTHON, "-m", "compileall", "-q", "-q", "-j", "0", folder]
    subprocess.run(compiled, stdout=subprocess.DEVNULL, check=False)


def make_environment() -> None:
    """A new, empty `.venv` holding what builds, after checking that this machine can make one."""
    settle(check_venv, *([check_compiler] if is_engine_supported() else []))
    if not is_engine_supported():
        say("durable-rules does not run on Python 3.13 and later, so the plain evaluator will decide")
    say(f"making .venv with Python {sys.version.split()[0]}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    install_locked(BUILD_LOCK)


def prepare(kind: str) -> None:
    """Bring `.venv` to what the lock of this kind says, doing only what is left to do."""
    want, have = wanted(), prepared()
    if all(have.get(part) == want[part] for part in ("machine", "project", kind)):
        return
    STAMP.unlink(missing_ok=True)
    if any(have[part] != want[part] for part in have if part != "project"):
        have = {}
    if not have:
        make_environment()
    if have.get(kind) != want[kind]:
        say(f"installing {LOCKS[kind]} (about a minute on a first run)")
        install_locked(LOCKS[kind])
        settle(check_fonts, *([check_browser] if kind == "dev" else []))
        offer(check_languages)
    pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    pip("check", "--quiet")
    made = {"run", "dev"} if kind == "dev" else {"run"}
    STAMP.write_text(
        json.dumps(have | {part: want[part] for part in {"machine", "project", *made}}, indent=2) + "\n"
    )
    say("ready")


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        raise SystemExit("usage: prepare.py run|dev")
    with (ROOT / ".prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare(sys.argv[1])


if __name__ == "__main__":
    main()
