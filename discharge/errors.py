"""Every exception that Discharge raises on purpose.

::

    DischargeError                exit  problem type
    ├── UsageError                   2  usage            a wrong option or argument
    ├── FeedError                    3  feed-unreadable  the feed can't be opened or understood at all
    │   ├── FeedNotFoundError        3  feed-not-found   no such file or folder
    │   └── FeedEmptyError           4  feed-empty       nothing in the feed can be reviewed
    ├── RuleError                    5  rules-invalid    a rule pack is malformed; carries every fault
    ├── PayerError                   6  payer-invalid    a payer profile is malformed; carries every fault
    ├── OutputError                  7  output-failed    results can't be written (full disk, no permission)
    ├── EngineError                  8  engine-failed    the rules engine answered wrongly or not at all
    ├── RuleCasesFailedError         9  rule-cases-failed  a case beside a rule does not hold
    ├── FeedRejectsError            10  feed-rejects     `feed check` found records it would reject
    ├── FactError                   11  facts-invalid    named facts that the catalogue does not have
    ├── StoreError                  12  store-failed     the database can't be opened, read or written
    ├── LedgerBrokenError           13  ledger-broken    the ledger was altered, cut or reordered
    ├── NotFoundError               14  not-found        no such case, event, document or account
    ├── ConflictError               15  conflict         somebody else changed the case first; says what changed
    ├── NotAllowedError             16  not-allowed      an act that the case's state or the law does not let happen
    ├── NotSignedInError            17  not-signed-in    no valid sign-in
    └── ForbiddenError              18  forbidden        signed in, but this role or scope may not

An interrupted run (Ctrl-C) exits with 130; a defect of ours with 1. No message holds a patient's value:
messages name places (file, line, field), what was expected and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file that people write.

    ``where`` is file and path inside it (``rules/x/y.yaml: criteria.a.fact``), ``what`` what is wrong,
    ``expected`` what would be right (often the nearest right name).
    """

    where: str
    what: str
    expected: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.expected})" if self.expected else "")


class DischargeError(Exception):
    """Base of all; ``exit_code`` for the command line, ``problem`` for problem+json."""

    exit_code = 1
    problem = "internal"


class UsageError(DischargeError):
    exit_code = 2
    problem = "usage"


class FeedError(DischargeError):
    exit_code = 3
    problem = "feed-unreadable"


class FeedNotFoundError(FeedError):
    problem = "feed-not-found"


class FeedEmptyError(FeedError):
    exit_code = 4
    problem = "feed-empty"


class FaultsError(DischargeError):
    """An error that names all faults at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RuleError(FaultsError):
    exit_code = 5
    problem = "rules-invalid"


class PayerError(FaultsError):
    exit_code = 6
    problem = "payer-invalid"


class OutputError(DischargeError):
    exit_code = 7
    problem = "output-failed"


class EngineError(DischargeError):
    exit_code = 8
    problem = "engine-failed"


class RuleCasesFailedError(FaultsError):
    exit_code = 9
    problem = "rule-cases-failed"


class FeedRejectsError(DischargeError):
    exit_code = 10
    problem = "feed-rejects"


class FactError(FaultsError):
    exit_code = 11
    problem = "facts-invalid"


class StoreError(DischargeError):
    exit_code = 12
    problem = "store-failed"


class LedgerBrokenError(DischargeError):
    exit_code = 13
    problem = "ledger-broken"


class NotFoundError(DischargeError):
    exit_code = 14
    problem = "not-found"


class ConflictError(DischargeError):
    """``changed`` are the events that came between: place, kind, actor and time of each, nothing of the patient."""

    exit_code = 15
    problem = "conflict"

    def __init__(
        self, message: str, expected: int, found: int, changed: Sequence[dict[str, str]] = ()
    ) -> None:
        self.expected = expected
        self.found = found
        self.changed = tuple(changed)
        super().__init__(message)


class NotAllowedError(FaultsError):
    exit_code = 16
    problem = "not-allowed"


class NotSignedInError(DischargeError):
    exit_code = 17
    problem = "not-signed-in"


class ForbiddenError(DischargeError):
    exit_code = 18
    problem = "forbidden"
