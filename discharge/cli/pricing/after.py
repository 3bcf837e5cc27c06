"""Kinds of `discharge price` for care after the hospital, outpatient services, and what the patient owes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import cast

from discharge.cli.pricing.answer import (
    DEDUCTIBLE,
    LEAST,
    MOST_WEIGHT,
    QUALITY,
    WAGE,
    Answer,
    PriceKind,
    Rates,
    answer_of,
    share_out,
)
from discharge.cli.pricing.keys import Key, Values
from discharge.cli.pricing.owed import DAYS, OWED_KINDS
from discharge.costs import ambulance, home, hospice, outpatient, partb, sharing, snf
from discharge.costs.priced import Priced
from discharge.costs.rates import table

ONE = Decimal(1)


_GROUPS = ("therapy", "speech", "nursing", "ancillary")


def _snf(day: date, values: Values, rates: Rates) -> Answer | None:
    code = values.maybe_word("hipps")
    if code is not None:
        values.refuse(_GROUPS, "hipps names the groups already")
        code = code.upper()
        group = snf.CaseMix.from_hipps(code)
    else:
        if not all(values.has(name) for name in _GROUPS):
            raise ValueError("give hipps, or therapy, speech, nursing and ancillary")
        group = snf.CaseMix(*(values.word(name) for name in _GROUPS))
        code = group.code()
    days, first = values.count("days"), values.count("first_day")

    def priced(count: int) -> Priced | None:
        return snf.snf_days(
            day,
            group,
            count,
            first_day=first,
            rural=values.word("area") == "rural",
            hiv=values.yes("hiv"),
            wage_index=values.number("wage_index"),
            look_up=rates.rate,
            tables=rates.table,
        )

    assessment = snf.ASSESSMENTS[code[-1]]
    said = assessment if "assessment" in assessment else f"{assessment} assessment"
    answer = answer_of(priced(days), notes=[f"HIPPS {code} ({said})"])
    if answer is None:
        return None
    share = sharing.snf_share(day, days, used_days=first - 1)
    if share is None or not share.beyond:
        share_out(answer, day, None if share is None else share.patient)
        return answer
    covered = priced(days - share.beyond)
    if covered is not None:
        share_out(answer, day, share.patient, not_covered=answer.amount - covered.amount)
    answer.notes.append(
        f"{share.beyond} of the days lie beyond the benefit: Medicare pays nothing for them, and the patient owes "
        "what the facility charges"
    )
    return answer


def _home_health(day: date, values: Values, rates: Rates) -> Answer | None:
    units: dict[str, int] = {}
    for word in values.words("units"):
        name, _, count = word.partition(":")
        if name not in home.DISCIPLINES or not count.isdecimal() or len(count) > 4:
            raise ValueError(f"units={word}: write discipline and units of 15 minutes, such as sn:24,pt:12")
        units[name] = units.get(name, 0) + int(count)
    found = home.home_health(
        day,
        values.number("weight"),
        wage_index=values.number("wage_index"),
        quality=values.yes("quality"),
        days_served=values.maybe_count("days_served"),
        units=units or None,
        look_up=rates.rate,
        tables=rates.table,
    )
    return answer_of(found, notes=["the day is the last of the 30-day period; the patient pays nothing"])


def _lupa(day: date, values: Values, rates: Rates) -> Answer | None:
    found = home.low_utilization(
        day,
        values.words("visits"),
        initial=values.yes("initial"),
        wage_index=values.number("wage_index"),
        look_up=rates.rate,
        tables=rates.table,
    )
    return answer_of(found)


def _hospice(day: date, values: Values, rates: Rates) -> Answer | None:
    level = cast(hospice.Level, values.word("level"))
    first, hours, index = values.count("first_day"), values.maybe_number("hours"), values.number("wage_index")
    quality = values.yes("quality")
    if level != "continuous":
        values.refuse(("hours",), "only continuous care is paid by the hour; give level=continuous")
    if level == "continuous" and hours is not None:
        if values.count("days") != 1:
            raise ValueError("hours are those of one day; price each day by itself")
        found = hospice.continuous_hours(
            day,
            hours,
            first_day=first,
            wage_index=index,
            quality=quality,
            look_up=rates.rate,
            tables=rates.table,
        )
        return answer_of(found)
    return answer_of(
        hospice.hospice_days(
            day,
            values.count("days"),
            level=level,
            first_day=first,
            wage_index=index,
            quality=quality,
            look_up=rates.rate,
            tables=rates.table,
        )
    )


def _home_infusion(day: date, values: Values, rates: Rates) -> Answer | None:
    found = home.home_infusion(
        day,
        int(values.word("category")),
        values.count("visits"),
        initial=values.yes("initial"),
        geographic_factor=values.number("geographic_factor"),
        look_up=rates.rate,
        tables=rates.table,
    )
    answer = answer_of(
        found, notes=["drug, pump and supplies are paid apart; a day without a visit pays nothing"]
    )
    if answer is not None:
        left = values.maybe_number("deductible_left")
        share_out(answer, day, sharing.part_b_share(day, answer.amount, deductible_left=left))
    return answer


def _observation(day: date, values: Values, rates: Rates) -> Answer | None:
    answer = answer_of(
        outpatient.observation_stay(day, wage_index=values.number("wage_index"), look_up=rates.rate)
    )
    if answer is not None:
        left = values.maybe_number("deductible_left")
        share_out(answer, day, sharing.observation_share(day, answer.amount, deductible_left=left))
    return answer


_UNITS = ("work", "practice", "malpractice")
_INDEXES = tuple(f"gpci_{part}" for part in _UNITS)


def _physician_fee(day: date, values: Values, rates: Rates) -> Answer | None:
    locality = partb.Locality(*(values.number(name) for name in _INDEXES))
    if values.has("codes"):
        values.refuse(_UNITS, "give relative values or codes, not both")
        values.refuse(("apm",), "fees by code are the ordinary ones; give relative values")
        found = _by_code(day, values, rates, locality)
    elif any(values.has(part) for part in _UNITS):
        values.refuse(("setting",), "relative values are of one setting already")
        missing = [part for part in _UNITS if not values.has(part)]
        if missing:
            raise ValueError(
                f"{', '.join(missing)} missing: give all three relative values, 0 where there is none"
            )
        value = partb.RelativeValue(*(values.number(part) for part in _UNITS))
        found = partb.relative_value_fee(
            day, value, locality=locality, is_apm=values.yes("apm"), look_up=rates.rate
        )
    else:
        raise ValueError(
            "give codes, such as 96365,96366x3, or the relative values work, practice, malpractice"
        )
    answer = answer_of(found)
    if answer is not None:
        if values.yes("apm") and not any(one.name == partb.APM_FACTOR for one in answer.rates):
            answer.notes.append(
                "the conversion factor of alternative models begins later: the ordinary one holds"
            )
        left = values.maybe_number("deductible_left")
        share_out(answer, day, sharing.part_b_share(day, answer.amount, deductible_left=left))
    return answer


def _by_code(day: date, values: Values, rates: Rates, locality: partb.Locality) -> Priced | None:
    setting, codes = cast(partb.Setting, values.word("setting")), list[str]()
    if setting == "hospital":
        values.refuse(_INDEXES, "the outpatient department's fee takes no local index")
    for word in values.words("codes"):
        code, sign, times = word.upper().partition("X")
        if sign and not (times.isdecimal() and len(times) <= 3 and int(times)):
            raise ValueError(f"codes={word}: write a code and how often, 1 to 999, such as 96366x3")
        rows = rates.table(partb.fee_table(setting), day).rows
        others = [one for one in partb.SETTINGS if code in (table(partb.fee_table(one), day).rows or {})]
        if rows is not None and code not in rows and others:
            raise ValueError(f"codes={word}: no fee in setting={setting}; try setting={others[0]}")
        codes += [code] * int(times or 1)
    found = partb.service_fees(
        day, codes, setting=setting, locality=locality, look_up=rates.rate, tables=rates.table
    )
    if found is None and not rates.missing:
        raise ValueError(
            "a locality needs relative values: the codes have none here, give work, practice, malpractice"
        )
    return found


def _ambulance(day: date, values: Values, rates: Rates) -> Answer | None:
    found = ambulance.ambulance_trip(
        day,
        values.word("level").upper(),
        practice_index=values.number("practice_index"),
        miles=values.number("miles"),
        area=cast(ambulance.Area, values.word("area")),
        conversion_factor=values.maybe_number("conversion_factor"),
        mileage=values.maybe_number("mileage"),
        look_up=rates.rate,
        tables=rates.table,
    )
    return answer_of(found)


FIRST_DAY = Key("first_day", "count", "which day of the stay the first of them is", "1", least=ONE)
GEOGRAPHIC = Key("geographic_factor", "number", "geographic factor of the locality", "1", most=Decimal(100))

AFTER_KINDS = {
    "snf": PriceKind(
        "Skilled nursing facility, day by day (PDPM)",
        (
            Key("hipps", "word", "HIPPS code, or the four groups"),
            Key("therapy", "word", "PT and OT group", choices=snf.THERAPY_GROUPS),
            Key("speech", "word", "speech group", choices=snf.SPEECH_GROUPS),
            Key("nursing", "word", "nursing group", choices=snf.NURSING_GROUPS),
            Key("ancillary", "word", "non-therapy ancillary group", choices=snf.ANCILLARY_GROUPS),
            DAYS,
            FIRST_DAY,
            Key("area", "word", "where the facility is", "urban", choices=("urban", "rural")),
            WAGE,
            Key("hiv", "yes", "resident with HIV/AIDS", "no"),
        ),
        _snf,
    ),
    "home-health": PriceKind(
        "Home health, one 30-day period (PDGM)",
        (
            Key(
                "weight",
                "number",
                "weight of the home health group",
                is_required=True,
                least=LEAST,
                most=MOST_WEIGHT,
            ),
            WAGE,
            QUALITY,
            Key("days_served", "count", "days of a period cut short by a transfer", least=ONE),
            Key("units", "words", "15-minute units by discipline for the outlier, such as sn:24,pt:12"),
        ),
        _home_health,
    ),
    "lupa": PriceKind(
        "Home health, low utilization, by the visit",
        (
            Key("visits", "words", "disciplines in order", is_required=True, choices=home.DISCIPLINES),
            Key("initial", "yes", "first or only period", "yes"),
            WAGE,
        ),
        _lupa,
    ),
    "hospice": PriceKind(
        "Hospice, one level of care",
        (
            Key("level", "word", "level of care", "routine", choices=hospice.LEVELS),
            Key("days", "count", "how many days", "1"),
            FIRST_DAY,
            Key("hours", "number", "hours of continuous care in one day", most=Decimal(24)),
            WAGE,
            QUALITY,
        ),
        _hospice,
    ),
    "home-infusion": PriceKind(
        "Home infusion therapy services under Part B",
        (
            Key("category", "word", "payment category", "1", choices=("1", "2", "3")),
            Key("visits", "count", "administration days with a visit", is_required=True),
            Key("initial", "yes", "the first is the first visit of all", "yes"),
            GEOGRAPHIC,
            DEDUCTIBLE,
        ),
        _home_infusion,
    ),
    "observation": PriceKind("Outpatient observation (C-APC 8011)", (WAGE, DEDUCTIBLE), _observation),
    "physician-fee": PriceKind(
        "Services by code number, or by relative values",
        (
            Key("codes", "words", "code numbers, such as 96365,96366x3"),
            Key("setting", "word", "whose fee", "office", choices=partb.SETTINGS),
            Key("work", "number", "work relative value, instead of codes", most=MOST_WEIGHT),
            Key("practice", "number", "practice expense relative value", most=MOST_WEIGHT),
            Key("malpractice", "number", "malpractice relative value", most=MOST_WEIGHT),
            Key("gpci_work", "number", "local index of work", "1", most=Decimal(100)),
            Key("gpci_practice", "number", "local index of practice expense", "1", most=Decimal(100)),
            Key("gpci_malpractice", "number", "local index of malpractice", "1", most=Decimal(100)),
            Key("apm", "yes", "clinician in a qualifying alternative model", "no"),
            DEDUCTIBLE,
        ),
        _physician_fee,
    ),
    **OWED_KINDS,
    "ambulance": PriceKind(
        "One ground ambulance trip",
        (
            Key("level", "word", "code of the service", "A0428"),
            Key("practice_index", "number", "local practice expense index", "1"),
            Key("miles", "number", "miles with the patient", "0"),
            Key("area", "word", "where the trip begins", "urban", choices=ambulance.AREAS),
            Key("conversion_factor", "number", "conversion factor; that of the year if known"),
            Key("mileage", "number", "amount of a mile; that of the year if known"),
        ),
        _ambulance,
    ),
}
