"""Write docs/questionnaires.md from the questionnaires: `python scripts/questionnaires.py [FILE]`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from discharge.casework.assessments import questionnaires  # noqa: E402
from discharge.casework.assessments.page import page  # noqa: E402

if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "questionnaires.md"
    file.write_text(page(questionnaires()), encoding="utf-8")
    print(f"{len(questionnaires())} questionnaires in {file}")
