"""Forms that write events: made from the payload's own fields and the words of ``reference/forms``.

A form names the kind of event; its entries are the payload's fields. What is sent goes through
:mod:`discharge.api.pages.sent` back into the payload, so a page that offers a kind needs words for it and nothing else.
"""

from __future__ import annotations

import types
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

from discharge.api.pages.words import words
from discharge.casework.events import KINDS, Clinician
from discharge.casework.events.base import Id, Text
from discharge.reference import load_tables

Shape = Literal["text", "area", "number", "date", "moment", "choice", "tick", "lines", "hidden"]
YES_NO = (("true", "Yes"), ("false", "No"))


@dataclass(frozen=True)
class Entry:
    """One entry of a form; ``name`` is its field of the payload, dotted within (``clinician.name``)."""

    name: str
    label: str
    shape: Shape
    hint: str = ""
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False

    @property
    def id(self) -> str:
        """Return a part of the entry's id; the form's own id comes before it."""
        return self.name.replace(".", "-")


@dataclass(frozen=True)
class Form:
    """A form that records one event of ``kind``; ``id`` tells it from others of the page."""

    id: str
    kind: str
    action: str
    back: str
    version: int | None
    title: str
    button: str
    help: str
    entries: tuple[Entry, ...]
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def seen(self) -> list[Entry]:
        """Return the entries that people fill in."""
        return [one for one in self.entries if one.shape != "hidden"]

    @property
    def hidden(self) -> list[Entry]:
        """Return the entries that the page fills in itself."""
        return [one for one in self.entries if one.shape == "hidden"]


@cache
def wordings() -> Mapping[str, Any]:
    """Return the words of every form, by kind of event."""
    found: dict[str, Any] = load_tables("forms")
    return found


def done_words(done: str | None) -> str | None:
    """Return what a page says after something was recorded; ``done`` is the kind, and the version after a dot."""
    kind = (done or "").partition(".")[0]
    found = wordings().get(kind)
    return None if found is None else str(found["done"])


def label(kind: str, name: str) -> str:
    """Return the label of an entry; of one without words of its own, its name as words."""
    told: Mapping[str, Any] = wordings().get(kind, {})
    fields: Mapping[str, Any] = {**(told.get("fields") or {}), "occurred_at": told.get("happened")}
    own = fields.get(name) or fields.get(name.partition(".")[0]) or {}
    return str(own.get("label", words(name.replace(".", " ")).capitalize()))


def form(
    kind: str,
    action: str,
    *,
    back: str,
    version: int | None,
    values: Mapping[str, object] | None = None,
    hide: Iterable[str] = (),
    choices: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    id: str | None = None,
    button: str | None = None,
    wording: str | None = None,
) -> Form:
    """Return the form of a kind of event.

    ``action`` is where it is sent, ``back`` the page to come back to (a path of ours, a #part too), ``version`` the
    case's as seen. ``values`` fills entries by field (datetimes: aware), those named in ``hide`` are sent unseen;
    ``choices`` gives a field the (value, label) pairs to choose from. Entries come in the order of the words' file;
    a field that the file does not name is sent only if ``values`` has it, or if it is an id still to be made.
    ``wording`` takes other words than the kind's own (``payer:asked``); the form is then sent under their name.
    """
    told, given = wordings()[wording or kind], dict(values or {})
    model = KINDS[kind]
    named: Mapping[str, Any] = told.get("fields") or {}
    hidden = set(hide)
    entries: list[Entry] = []
    for name in named:
        entries += _entries(model, name, named[name] or {}, given, name in hidden, (choices or {}).get(name))
    for name, one in model.model_fields.items():
        is_named = name in named or any(part.startswith(f"{name}.") for part in named)
        if name != "kind" and not is_named and (name in given or _is_new_id(one)):
            value = given.get(name, uuid.uuid4().hex)
            entries += [Entry(name, "", "hidden", value=each) for each in _texts(value)]
    if "happened" in told:  # when it happened, where that was earlier than it is written down
        asked = told["happened"]
        entries.append(Entry("occurred_at", str(asked["label"]), "moment", str(asked.get("hint", ""))))
    return Form(
        id=id or (wording or kind).replace("_", "-").replace(":", "-"),
        kind=wording or kind,
        action=action,
        back=back,
        version=version,
        title=str(told["title"]),
        button=button or str(told["button"]),
        help=str(told.get("help", "")),
        entries=tuple(entries),
    )


def _is_new_id(one: Any) -> bool:
    return bool(one.is_required()) and _is_id(one)


def _is_id(one: Any) -> bool:
    pattern = next((getattr(each, "pattern", None) for each in one.metadata), None)
    return one.annotation is str and pattern == get_args(Id)[1].pattern


def _longest(annotation: Any) -> int | None:
    """Return the most characters that a text may have."""
    if get_origin(annotation) is Annotated:
        found = (getattr(each, "max_length", None) for each in get_args(annotation)[1:])
        return next((each for each in found if each is not None), None)
    return next((each for each in map(_longest, get_args(annotation)) if each is not None), None)


def _entries(
    model: type[BaseModel],
    name: str,
    told: Mapping[str, Any],
    given: Mapping[str, object],
    is_hidden: bool,
    choices: Sequence[tuple[str, str]] | None,
) -> list[Entry]:
    """Return the entry of a field, or those of the parts of a clinician."""
    one = model.model_fields[name.partition(".")[0]]
    base, is_optional = plain(one.annotation)
    value = given.get(name)
    if is_hidden:  # what is known to be nothing is sent as such
        return [
            Entry(name, "", "hidden", value=each) for each in _texts(value) or [""] if name in given or each
        ]
    label, hint = str(told.get("label", words(name).capitalize())), str(told.get("hint", ""))
    required = one.is_required() or told.get("required") is True
    if base is Clinician and "." not in name:
        return _clinician(name, label, hint, value, required, told.get("required") is True)
    shape, options = _shape(one, base, is_optional, told, choices)
    return [
        Entry(
            name,
            label,
            shape,
            hint,
            "\n".join(_texts(value)) if shape == "lines" else next(iter(_texts(value)), ""),
            options,
            required and shape != "tick",
        )
    ]


def _clinician(
    name: str, label: str, hint: str, value: object, required: bool, needs_credentials: bool
) -> list[Entry]:
    known = value if isinstance(value, Clinician) else None
    return [
        Entry(f"{name}.name", label, "text", hint, known.name if known else "", (), required),
        Entry(
            f"{name}.credentials",
            f"{label}: credentials",
            "text",
            "MD, DO, RN, ...",
            (known.credentials or "") if known else "",
            required=needs_credentials,
        ),
    ]


def _shape(
    one: Any,
    base: Any,
    is_optional: bool,
    told: Mapping[str, Any],
    choices: Sequence[tuple[str, str]] | None,
) -> tuple[Shape, tuple[tuple[str, str], ...]]:
    """Return how a field is entered, and what there is to choose from."""
    if choices is not None:
        return "choice", tuple(choices)
    if "as" in told:
        return told["as"], ()
    if get_origin(base) is Literal:
        named = told.get("options") or {}
        return "choice", tuple((str(each), str(named.get(each, words(str(each))))) for each in get_args(base))
    if base is bool:
        return ("choice", YES_NO) if is_optional or one.is_required() else ("tick", ())
    simple: dict[Any, Shape] = {
        int: "number",
        float: "number",
        Decimal: "number",
        date: "date",
        datetime: "moment",
    }
    if base in simple:
        return simple[base], ()
    if get_origin(base) in (tuple, list):
        return "lines", ()
    own = (getattr(each, "max_length", None) for each in one.metadata)
    longest = next((each for each in own if each is not None), _longest(one.annotation))
    return ("area" if longest == get_args(Text)[1].max_length else "text"), ()


def plain(annotation: Any) -> tuple[Any, bool]:
    """Return a type without ``| None`` and metadata, and whether None was allowed."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if annotation is AwareDatetime:
        return datetime, False
    if get_origin(annotation) in (Union, types.UnionType):
        parts = get_args(annotation)
        rest = [each for each in parts if each is not type(None)]
        if len(rest) == 1:
            return plain(rest[0])[0], True
        return annotation, len(rest) < len(parts)
    return annotation, False


def _texts(value: object) -> list[str]:
    """Return a value as the texts that a form sends."""
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in _texts(each)]
    if isinstance(value, datetime):
        return [value.isoformat()]
    return [str(value)]
