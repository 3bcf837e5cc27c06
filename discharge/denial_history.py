"""A hospital's own denials: how often a cause that was present led to one, by payer.

The file is CSV: ``cause`` (an id of pack ``denials``), ``payer`` (a profile's id, a payer class, or ``any``), ``stays``
(with the cause present) and ``denied`` (of those). Shares come with Wilson's 95 % interval, so that few stays claim
little. No patient is in it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path

from discharge.errors import Fault, FaultsError
from discharge.packs import Packs
from discharge.packs.names import PAYER_CLASSES, nearest
from discharge.payers import Payers

COLUMNS = ("cause", "payer", "stays", "denied")
Z_95 = 1.959964  # two-sided 95 % of the normal distribution


class HistoryError(FaultsError):
    """The file of past denials is malformed."""

    exit_code = 2
    problem = "denial-history-invalid"


@dataclass(frozen=True)
class Share:
    """Past denials of one cause and payer; ``low`` and ``high`` are Wilson's 95 % limits."""

    stays: int
    denied: int

    @property
    def expected(self) -> float:
        return self.denied / self.stays

    @property
    def limits(self) -> tuple[float, float]:
        """Return Wilson's interval (E. B. Wilson, J Am Stat Assoc 1927;22:209).

        >>> [round(end, 3) for end in Share(10, 1).limits]
        [0.018, 0.404]
        """
        square, share = Z_95**2, self.expected
        middle = share + square / (2 * self.stays)
        spread = Z_95 * sqrt(share * (1 - share) / self.stays + square / (4 * self.stays**2))
        whole = 1 + square / self.stays
        # The share itself lies between the limits; rounding of floats must not say otherwise.
        return max(min((middle - spread) / whole, share), 0.0), min(
            max((middle + spread) / whole, share), 1.0
        )


@dataclass(frozen=True)
class DenialHistory:
    """Shares by (cause, payer); ``digest`` is of the file's text."""

    shares: Mapping[tuple[str, str], Share] = field(default_factory=dict)
    digest: str | None = None

    def find(self, cause: str, *payers: str | None) -> tuple[str, Share] | None:
        """Return the share for the first of ``payers`` that has one, else that for any payer."""
        for payer in (*payers, "any"):
            share = self.shares.get((cause, payer)) if payer is not None else None
            if payer is not None and share is not None:
                return payer, share
        return None


NO_HISTORY = DenialHistory()


def history_or_none(path: Path | None, packs: Packs, payers: Payers) -> DenialHistory:
    """Return the history in a file, or an empty one where no file is given."""
    return NO_HISTORY if path is None else read_history(path, packs, tuple(payers.profiles))


def read_history(path: Path, packs: Packs, profiles: tuple[str, ...]) -> DenialHistory:
    """Read a file of past denials.

    Raises:
        HistoryError: every fault at once, with its line.
    """
    try:
        content = path.read_bytes()
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except OSError:
        raise HistoryError([Fault(path.name, "the file can't be read", "a CSV file")]) from None
    except (UnicodeDecodeError, csv.Error):
        raise HistoryError([Fault(path.name, "not CSV in UTF-8", ", ".join(COLUMNS))]) from None
    faults: list[Fault] = []
    if not lines or tuple(cell.strip() for cell in lines[0]) != COLUMNS:
        raise HistoryError([Fault(f"{path.name}: line 1", "other columns", ", ".join(COLUMNS))])
    shares: dict[tuple[str, str], Share] = {}
    for number, cells in enumerate(lines[1:], 2):
        if any(cell.strip() for cell in cells):
            _row(
                f"{path.name}: line {number}",
                [cell.strip() for cell in cells],
                packs,
                profiles,
                shares,
                faults,
            )
    if faults:
        raise HistoryError(faults)
    return DenialHistory(shares, hashlib.sha256(content).hexdigest())


def _row(
    where: str,
    cells: list[str],
    packs: Packs,
    profiles: tuple[str, ...],
    shares: dict[tuple[str, str], Share],
    faults: list[Fault],
) -> None:
    if len(cells) != len(COLUMNS):
        faults.append(Fault(where, f"{len(cells)} cells", f"{len(COLUMNS)}: {', '.join(COLUMNS)}"))
        return
    cause, payer, *counts = cells
    known = (*profiles, *PAYER_CLASSES, "any")
    found = len(faults)
    if cause not in packs.denial_causes:
        faults.append(
            Fault(f"{where}: cause", f"no cause '{cause}'", nearest(cause, sorted(packs.denial_causes)))
        )
    if payer not in known:
        faults.append(Fault(f"{where}: payer", f"no payer '{payer}'", nearest(payer, known)))
    if not all(count.isascii() and count.isdigit() for count in counts):
        faults.append(Fault(where, "stays and denied are whole numbers", "such as 40,6"))
    elif int(counts[0]) == 0 or int(counts[1]) > int(counts[0]):
        faults.append(Fault(where, "denied of stays", "at least one stay, and no more denied than stays"))
    elif (cause, payer) in shares:
        faults.append(Fault(where, "the same cause and payer stand twice", "one line for each"))
    if len(faults) == found:
        shares[cause, payer] = Share(int(counts[0]), int(counts[1]))
