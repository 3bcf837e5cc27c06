"""Where a patient lives, from the chart that is kept. It stands in no review, so papers with lists ask for it here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from discharge.casework.intake.deltas import Until, stored_rows
from discharge.casework.intake.rows import PLACE
from discharge.providers import NOWHERE, Place


def place_of(connection: Connection, patient_id: str, at: datetime) -> Place:
    """Return postal code and State as the chart had them at ``at``; None where it did not say. Not for any log.

    Raises:
        StoreError: a delta of the patient is missing or was altered.
    """
    rows = stored_rows(connection, [patient_id], Until(at))[patient_id].get("patients", {})
    columns = PLACE["patients"]
    for _, row in sorted(rows.items()):
        return Place(row[columns["postal_code"]], row[columns["state"]])
    return NOWHERE
