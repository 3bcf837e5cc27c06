"""Run the test suite against the built wheel, from another folder: `suite_wheel.py PYTEST_ARGUMENT...`.

Builds the source archive, and the wheel from it. Unpacks the archive into a temporary folder without the parts
that the wheel has to bring (the package, the rules, payer profiles and templates), installs the wheel in an
environment of its own, and runs pytest there. That environment borrows the third-party packages of the running
one by a path file; the editable install of the checkout does not come along, because path files inside a
borrowed folder are not followed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FROM_THE_WHEEL = {"discharge", "rules", "payer_profiles", "templates"}


def build(folder: Path) -> tuple[Path, Path]:
    """Paths of the source archive and of the wheel built from it."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


def unpack(archive: Path, folder: Path) -> None:
    """Everything of the source archive but what the wheel has to bring."""
    with tarfile.open(archive) as source:
        # Python before 3.11.4 knows no filter; the archive is our own.
        source.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        for member in source.getmembers():
            inside = Path(*Path(member.name).parts[1:])
            if inside.parts and inside.parts[0] not in FROM_THE_WHEEL:
                member.name = str(inside)
                source.extract(member, folder)


def environment(folder: Path, wheel: Path) -> Path:
    """The interpreter of a new environment that holds the wheel."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*install, str(wheel)], check=True)
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(
        subprocess.run([python, "-c", query], check=True, capture_output=True, text=True).stdout.strip()
    )
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="discharge wheel ") as name:
        folder = Path(name).resolve()
        archive, wheel = build(folder / "dist")
        elsewhere = folder / "another folder"
        unpack(archive, elsewhere)
        python = environment(folder / "environment", wheel)
        inherited = {
            key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}
        }
        variables = inherited | {"DISCHARGE_WHEEL": str(wheel)}
        # What judges the rules as a text has run in the checkout; here the wheel's own rules run their cases.
        command = [str(python), "-m", "pytest", "-m", "not content", *sys.argv[1:]]
        return subprocess.run(command, cwd=elsewhere, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
