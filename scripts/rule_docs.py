"""Write docs/rules from the rules: `python scripts/rule_docs.py [FOLDER]`. The same rules give the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from discharge.packs import load_packs  # noqa: E402
from discharge.resources import data_folder  # noqa: E402
from discharge.ruledocs import write  # noqa: E402

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "rules"
    changed, written = write(load_packs(data_folder("rules")), folder)
    print(f"{written} pages in {folder}, {changed} changed")
