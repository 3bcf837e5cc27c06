"""Providers that may take a patient: a directory, distances, networks, capabilities, capacity and the choice list.

A regional extract of CMS files ships; CMS's published files and a hospital's own list are read beside it. That nobody
is listed never means that nobody is there: it is unknown, unless the hospital says that its own list is complete.
"""

from __future__ import annotations

from discharge.providers.availability import availability
from discharge.providers.choice import ChoiceList, Listed, Order, choices
from discharge.providers.directory import load_directory, shipped_directory
from discharge.providers.geography import miles_between
from discharge.providers.model import (
    KINDS,
    NO_DIRECTORY,
    NOWHERE,
    Availability,
    Directory,
    DirectoryError,
    Kind,
    Place,
    Provider,
    Quality,
    Source,
)

__all__ = [
    "KINDS",
    "NOWHERE",
    "NO_DIRECTORY",
    "Availability",
    "ChoiceList",
    "Directory",
    "DirectoryError",
    "Kind",
    "Listed",
    "Order",
    "Place",
    "Provider",
    "Quality",
    "Source",
    "availability",
    "choices",
    "load_directory",
    "miles_between",
    "shipped_directory",
]
