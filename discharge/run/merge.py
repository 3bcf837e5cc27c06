"""Pieces of batches put together, the same bytes for any order of batches."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import IO

import pandas as pd

from discharge.run.work import BatchDone

OPEN_FILES = 64
REJECT_COLUMNS = ["source", "line", "record", "field", "code", "message"]


def merge_reviews(batches: Sequence[BatchDone], scratch: Path, target: Path) -> None:
    """Write all reviews ordered by encounter_id. Holds one line at a time and at most 64 open files."""
    places = sorted(
        (encounter_id, batch.number, offset, length)
        for batch in batches
        for encounter_id, offset, length in zip(
            batch.encounter_ids, accumulate(batch.lengths, initial=0), batch.lengths, strict=False
        )
    )
    opened: OrderedDict[int, IO[bytes]] = OrderedDict()
    try:
        with target.open("wb") as out:
            for _, number, offset, length in places:
                if number not in opened:
                    if len(opened) >= OPEN_FILES:
                        opened.popitem(last=False)[1].close()
                    opened[number] = (scratch / f"{number}.ndjson").open("rb")
                opened.move_to_end(number)
                opened[number].seek(offset)
                out.write(opened[number].read(length))
    finally:
        for file in opened.values():
            file.close()


def write_rejects(rejects: pd.DataFrame, target: Path) -> None:
    """Write ``rejects.csv``: source, line, record, field, code, message."""
    rejects[REJECT_COLUMNS].to_csv(target, index=False, lineterminator="\n")
