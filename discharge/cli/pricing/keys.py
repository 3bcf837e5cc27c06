"""The `key=value` words of `discharge price`: what they may be, and every fault in them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeAlias

from discharge.errors import UsageError

Kind: TypeAlias = Literal["number", "count", "yes", "word", "words"]
MOST, MOST_COUNT = Decimal(1_000_000_000), Decimal(3650)
YES = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Key:
    """One key. ``least`` and ``most`` bound a number; ``choices`` are the words allowed, in any case."""

    name: str
    kind: Kind
    meaning: str
    default: str | None = None
    is_required: bool = False
    least: Decimal | None = Decimal(0)
    most: Decimal | None = None
    choices: tuple[str, ...] = ()

    @property
    def greatest(self) -> Decimal:
        """The most that a number may be: beyond it no amount is meant."""
        return self.most if self.most is not None else MOST_COUNT if self.kind == "count" else MOST

    @property
    def told(self) -> str:
        """What may be given, for the listing."""
        shape = {"number": "a number", "count": "a whole number", "yes": "yes or no"}.get(self.kind, "a word")
        if self.choices:
            shape = " | ".join(self.choices)
        elif self.kind == "words":
            shape = "words with commas"
        end = " (required)" if self.is_required else f" (default {self.default})" if self.default else ""
        return f"{self.meaning}: {shape}{end}"


@dataclass(frozen=True)
class Values:
    """What was given, checked; asking for a key that was not given and has no default answers None.

    ``typed`` are the keys that were given, not those that stand by default.
    """

    given: Mapping[str, Decimal | int | bool | str | tuple[str, ...]]
    typed: frozenset[str] = field(default_factory=frozenset)

    def number(self, name: str) -> Decimal:
        found = self.maybe_number(name)
        return Decimal(0) if found is None else found

    def maybe_number(self, name: str) -> Decimal | None:
        found = self.given.get(name)
        return found if isinstance(found, Decimal) else None

    def count(self, name: str) -> int:
        return self.maybe_count(name) or 0

    def maybe_count(self, name: str) -> int | None:
        found = self.given.get(name)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def yes(self, name: str) -> bool:
        return self.given.get(name) is True

    def maybe_yes(self, name: str) -> bool | None:
        found = self.given.get(name)
        return found if isinstance(found, bool) else None

    def word(self, name: str) -> str:
        return self.maybe_word(name) or ""

    def maybe_word(self, name: str) -> str | None:
        found = self.given.get(name)
        return found if isinstance(found, str) else None

    def words(self, name: str) -> tuple[str, ...]:
        found = self.given.get(name)
        return found if isinstance(found, tuple) else ()

    def has(self, name: str) -> bool:
        return name in self.given

    def refuse(self, names: Sequence[str], reason: str) -> None:
        """Refuse keys that were given and that what else was given leaves without effect.

        Raises:
            ValueError: names them, with the reason.
        """
        idle = [name for name in names if name in self.typed]
        if idle:
            raise ValueError(f"{', '.join(idle)}: {reason}")


def read_values(kind: str, keys: Sequence[Key], pairs: Sequence[str], *more: str) -> Values:
    """Read ``key=value`` words. ``more`` are faults found elsewhere, to be told with those found here.

    Raises:
        UsageError: names every fault: unknown and repeated keys, values that can't be, required keys not given.
    """
    table = {key.name: key for key in keys}
    faults, given = [*more], dict[str, str]()
    for pair in pairs:
        name, sign, text = pair.partition("=")
        name = name.replace("-", "_")
        if not sign:
            faults.append(f"'{pair}' is not key=value")
        elif name not in table:
            faults.append(f"no key '{name}'{_meant(name, table)}")
        elif name in given:
            faults.append(f"{name} is given twice")
        else:
            given[name] = text
    values: dict[str, Decimal | int | bool | str | tuple[str, ...]] = {}
    for name, key in table.items():
        chosen = given.get(name, key.default)
        if chosen is None:
            if key.is_required:
                faults.append(f"{name} is missing: {key.told}")
            continue
        read = _read(key, chosen.strip())
        if read is None:
            faults.append(f"{name}={chosen}: {_wanted(key)}")
        else:
            values[name] = read
    if faults:
        faults.append(f"keys of {kind}: " + ", ".join(table))
        raise UsageError("\n  ".join([f"`discharge price {kind}`:", *faults]))
    return Values(values, frozenset(given))


def _read(key: Key, text: str) -> Decimal | int | bool | str | tuple[str, ...] | None:
    if key.kind == "yes":
        return YES.get(text.lower())
    if key.kind in ("number", "count"):
        return _number(key, text)
    if key.kind == "words":
        words = tuple(_chosen(key, word.strip()) for word in text.split(",") if word.strip())
        wrong = key.choices and any(word not in key.choices for word in words)
        return None if wrong or not words else words
    text = _chosen(key, text)
    return None if (key.choices and text not in key.choices) or not text else text


def _chosen(key: Key, word: str) -> str:
    """Return the choice that a word in other letters means, else the word itself."""
    return next((one for one in key.choices if one.lower() == word.lower()), word)


def _number(key: Key, text: str) -> Decimal | int | None:
    try:
        number = Decimal(text.replace("_", "").removeprefix("$"))
    except InvalidOperation:
        return None
    if not number.is_finite() or (key.least is not None and number < key.least):
        return None
    if number > key.greatest:
        return None
    if key.kind == "number":
        return number
    return int(number) if number == number.to_integral_value() else None


def _wanted(key: Key) -> str:
    if key.choices:
        return "one of " + ", ".join(key.choices)
    if key.kind == "yes":
        return "yes or no"
    if key.kind in ("word", "words"):
        return "a word"
    whole = "a whole number" if key.kind == "count" else "a number"
    low = "" if key.least is None else f" from {key.least}"
    high = f"{'' if low else ' up'} to {key.greatest}"
    return f"write {whole}{low}{high}, with a point and no thousands sign"


def _meant(name: str, table: Mapping[str, Key]) -> str:
    from discharge.packs.names import nearest

    hint = nearest(name, table)
    return f"; {hint}" if hint.startswith("did") else ""
