"""Loads a folder of payer profiles, with every fault of every file at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from discharge import yaml
from discharge.errors import Fault, PayerError
from discharge.packs import Packs, nearest
from discharge.packs.digest import digest_of, file_digest
from discharge.packs.reader import Reader
from discharge.payers.schema import PayerFile, PayerProfile
from discharge.reference import load_yaml
from discharge.yaml import Document, YamlPath

# Groups of reference/rates.yaml that Medicare's law sets; a profile can't give them values of its own.
BY_LAW = (
    "part_a.", "part_b.", "part_d.", "ipps.", "transfer.", "wage_index.", "snf.", "irf.", "ltch.", "home_health.",
    "hospice.", "observation.", "opps.", "pfs.", "ambulance.", "sequester",
)  # fmt: skip
_PACK_WANTED = re.compile(r"([a-z][a-z0-9_]*)(?: *>= *([0-9]+(?:\.[0-9]+)*))?")


@dataclass(frozen=True)
class PayerMatch:
    """The profile for a coverage, or None; ``reason`` says how it was found or why not."""

    profile: PayerProfile | None
    reason: str


@dataclass(frozen=True)
class Payers:
    """All profiles of a folder, by id."""

    profiles: dict[str, PayerProfile]
    digest: str

    def match(
        self, payer_id: str | None, type_code: str | None = None, *, has_coverage: bool = True
    ) -> PayerMatch:
        """Find the profile of a coverage: by payer id (whatever its case), then by type code."""
        if not has_coverage:
            return PayerMatch(None, "no coverage in the chart")
        for key, said, what in (
            ("coverage_payer_ids", payer_id, "payer id"),
            ("coverage_type_codes", type_code, "type of coverage"),
        ):
            wanted = said.casefold() if said else None
            for profile in self.profiles.values():
                if wanted is not None and wanted in map(str.casefold, getattr(profile.matches, key)):
                    return PayerMatch(profile, f"matched by {what} {said}")
        if payer_id:
            return PayerMatch(None, f"payer {payer_id} has no profile")
        return PayerMatch(None, "the coverage names no payer that has a profile")

    def of_class(self, payer_class: str) -> list[PayerProfile]:
        return [profile for profile in self.profiles.values() if profile.payer_class == payer_class]


def load_payers(folder: Path) -> Payers:
    """Load and check every profile in ``folder``.

    Raises:
        PayerError: with every fault of every file.
    """
    payers, faults = read_payers(folder)
    if faults:
        raise PayerError(faults)
    return payers


def read_payers(folder: Path) -> tuple[Payers, list[Fault]]:
    """Load what can be loaded of ``folder``, and return it with all faults."""
    if not folder.is_dir():
        return Payers({}, ""), [Fault(str(folder), "no such folder of payer profiles")]
    faults: list[Fault] = []
    profiles: dict[str, PayerProfile] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".yaml" and path.is_file():
            content = path.read_bytes()
            document = yaml.read(content, where=f"{folder.name}/{path.name}")
            profile = _read_profile(document, path.stem, file_digest(content))
            faults.extend(document.faults)
            if profile is not None:
                profiles[profile.id] = profile
        elif not path.name.startswith((".", "_")) and path.suffix != ".md":
            faults.append(Fault(f"{folder.name}/{path.name}", "no payer profile", "only *.yaml belongs here"))
    faults.extend(_claimed_twice(profiles))
    return Payers(profiles, digest_of((one.id, one.digest) for one in profiles.values())), faults


def _read_profile(document: Document, stem: str, digest: str) -> PayerProfile | None:
    reader = Reader(document)
    if document.value is None:
        if not document.faults:
            reader.fault((), "the file is empty")
        return None
    if not isinstance(document.value, dict):
        reader.mapping(document.value, ())
        return None
    checked = reader.model(PayerFile, document.value, ())
    if document.value.get("id", stem) != stem:
        reader.fault(("id",), f"the id '{document.value['id']}' isn't the file's name", f"id: {stem}")
    _check_cites(reader, document.value)
    if checked is None or document.faults:
        return None
    _check_asks(reader, checked)
    return PayerProfile.model_validate({**document.value, "digest": digest, "path": document.where})


def _check_cites(reader: Reader, value: dict[Any, Any]) -> None:
    """Check every ``cite`` in the file against its citations, and that each of those is used."""
    citations = value.get("citations")
    known = [str(key) for key in citations] if isinstance(citations, dict) else []
    used = set()
    for path, key in _cites_in(value, ()):
        used.add(key)
        if key not in known:
            reader.fault(
                path, f"no citation '{key}' in this file", nearest(key, known) or "add it to citations"
            )
    for key in known:
        if key not in used:
            reader.fault(("citations", key), f"the citation '{key}' is never used")
    for group in ("deadlines", "cost_sharing", "planning"):
        for path, one in _dated_values(value.get(group), (group,)):
            if one.get("cite") is None and one.get("value") is not None:
                reader.fault(path, "a number without citation: the key 'cite' is missing")


def _cites_in(value: object, path: YamlPath) -> Iterator[tuple[YamlPath, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            here = (*path, str(key))
            if key == "cite" and isinstance(inner, str):
                yield here, inner
            elif path == () and key == "cases":
                continue
            else:
                yield from _cites_in(inner, here)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _cites_in(inner, (*path, place))


def _dated_values(value: object, path: YamlPath) -> Iterator[tuple[YamlPath, dict[Any, Any]]]:
    for name, dated in value.items() if isinstance(value, dict) else ():
        values = dated.get("values") if isinstance(dated, dict) else None
        for day, one in values.items() if isinstance(values, dict) else ():
            if isinstance(one, dict):
                yield (*path, str(name), "values", str(day)), one


def _check_asks(reader: Reader, profile: PayerFile) -> None:
    names = [case.name for case in profile.cases]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        reader.fault(("cases",), f"two cases are named '{twice}'")
    for place, wanted in enumerate(profile.rule_packs):
        if not _PACK_WANTED.fullmatch(wanted):
            reader.fault(("rule_packs", place), f"'{wanted}'", "such as cms_medicare >= 2026.1")
    _check_planning(reader, profile)


def _check_planning(reader: Reader, profile: PayerFile) -> None:
    """Check that a profile gives planning values to names that there are, that no law sets, and in their units."""
    rates = load_yaml("rates.yaml")["rates"]
    free = [name for name in rates if not name.startswith(BY_LAW)]
    for name, dated in profile.planning.items():
        path = ("planning", name)
        if name.startswith(BY_LAW) and name in rates:
            reader.fault(path, f"'{name}' is set by law, not by a payer", nearest(name, free))
        elif name not in rates:
            reader.fault(path, f"no planning value '{name}'", nearest(name, free))
        elif dated.unit != rates[name]["unit"]:
            reader.fault((*path, "unit"), f"the unit {dated.unit} is not that of {name}", rates[name]["unit"])
        for day, one in dated.values.items():
            if one.value is not None and not isinstance(one.value, Decimal):
                reader.fault((*path, "values", str(day)), "a planning value is a number, or null")


def _claimed_twice(profiles: dict[str, PayerProfile]) -> list[Fault]:
    """Return a fault for each payer id or type code that two profiles claim."""
    faults = []
    owners: dict[tuple[str, str], str] = {}
    for profile in profiles.values():
        for key in ("coverage_payer_ids", "coverage_type_codes"):
            for code in getattr(profile.matches, key):
                owner = owners.setdefault((key, code.casefold()), profile.id)
                if owner != profile.id:
                    where = f"{profile.path}: matches.{key}"
                    faults.append(Fault(where, f"'{code}' is matched by {owner} already"))
    return faults


def check_rule_packs(payers: Payers, packs: Packs) -> list[Fault]:
    """Return a fault for each rule pack that a profile asks for and that isn't there, or is too old.

    And for each cause of denial that it has a rate for and that no pack knows.
    """
    faults = []
    for profile in payers.profiles.values():
        for place, wanted in enumerate(profile.rule_packs):
            match = _PACK_WANTED.fullmatch(wanted)
            where = f"{profile.path}: rule_packs[{place}]"
            pack = packs.packs.get(match[1]) if match else None
            if match is None or pack is None:
                faults.append(Fault(where, f"no rule pack '{wanted}'", nearest(wanted, packs.packs)))
            elif match[2] and _version(pack.version) < _version(match[2]):
                faults.append(
                    Fault(where, f"the rule pack {pack.id} is {pack.version}", f"asked for {wanted}")
                )
        for cause in profile.cause_denial_rates:
            if cause not in packs.denial_causes:
                hint = nearest(cause, sorted(packs.denial_causes))
                faults.append(Fault(f"{profile.path}: cause_denial_rates", f"no cause '{cause}'", hint))
    return faults


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
