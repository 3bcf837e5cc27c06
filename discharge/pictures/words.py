"""How amounts and names are written in pictures."""

from __future__ import annotations

import textwrap
from decimal import Decimal

from discharge.wording import NOT_KNOWN, usd

NAME_WIDTH = 27
NAME_LINES = 3


def dollars(amount: Decimal | None) -> str:
    """Return dollars without cents, a saving with a minus sign before the dollar.

    >>> dollars(Decimal("-1200.40")), dollars(Decimal("12.5")), dollars(None)
    ('\u2212$1,200', '$12', 'not known')
    """
    if amount is None:
        return NOT_KNOWN
    return f"\u2212{usd(-amount)}" if amount < 0 else usd(amount)


def folded(name: str) -> str:
    """Return a name in at most three short lines.

    >>> folded("Skilled nursing facility near home")
    'Skilled nursing facility\\nnear home'
    """
    lines = textwrap.wrap(name, NAME_WIDTH)
    if len(lines) > NAME_LINES:
        lines = [*lines[: NAME_LINES - 1], lines[NAME_LINES - 1][: NAME_WIDTH - 1] + "\u2026"]
    return "\n".join(lines)
