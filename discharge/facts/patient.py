"""Who the patient is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from discharge.facts.chartrows import Evidence
from discharge.facts.status import texts
from discharge.facts.stays import Columns, Floats, Stays, as_times, flag, only


def patient(stays: Stays, columns: Columns) -> None:
    """Set patient.* but is_deceased."""
    table = stays.chart["patients"].drop_duplicates("patient_id")
    place = pd.Index(table["patient_id"]).get_indexer(stays.heads["patient_id"])
    rows = np.where(place >= 0, table.index.to_numpy()[np.maximum(place, 0)] if len(table) else -1, -1)
    mine = table.set_index("patient_id").reindex(stays.heads["patient_id"])
    evidence = Evidence("patients", rows.astype(np.int32))
    columns.put("patient.age_years", _age(stays, mine["birth_date"]), evidence)
    sex = texts(mine["sex"].str.lower())
    columns.put("patient.sex", only(np.isin(sex, ["male", "female"]), sex), evidence)
    columns.put("patient.state", texts(mine["state"]), evidence)
    language = texts(mine["language"])
    columns.put("patient.language", language, evidence)
    english = np.array(
        [text is not None and text.lower().split("-")[0] in ("en", "eng", "english") for text in language]
    )
    columns.put("patient.needs_interpreter", flag(np.zeros(len(stays), bool), english.astype(bool)), evidence)


def _age(stays: Stays, born: pd.Series[Any]) -> Floats:
    """Return whole years on the local day of arrival."""
    birth = pd.DatetimeIndex(born)
    day = as_times(stays.arrival).tz_convert(stays.zone)
    before_birthday = (day.month < birth.month) | ((day.month == birth.month) & (day.day < birth.day))
    years = day.year - birth.year - before_birthday.astype(np.int64)
    return np.asarray(np.where(birth.isna(), np.nan, years), dtype=np.float64)
