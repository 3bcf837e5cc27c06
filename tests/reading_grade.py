"""Flesch-Kincaid grade by textstat, without the pronouncing dictionary that textstat would fetch from the network.

Syllables are counted by groups of vowels, which for plain words is right or one too many.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from unittest import mock

_VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    letters = re.sub(r"[^a-z]", "", word.lower())
    count = len(_VOWELS.findall(letters))
    if count > 1 and letters.endswith("e") and not letters.endswith(("le", "ee", "ye", "ie")):
        count -= 1
    if count > 1 and letters.endswith("ed") and not letters.endswith(("ted", "ded")):
        count -= 1
    return max(count, 1)


class _Dictionary(dict):
    """What textstat expects of the dictionary: for each word a list of phones, those with a digit being syllables."""

    def __missing__(self, word):
        return [["1"] * syllables(word)]


@contextmanager
def _without_download():
    # The module of this name is hidden behind the function of the same name, so it is patched by its import path.
    import importlib

    module = importlib.import_module("textstat.backend.counts._count_syllables")
    with mock.patch.object(module, "get_cmudict", lambda lang: _Dictionary()):
        yield


def grade(text: str) -> float:
    """Grade of US schools that a text asks for."""
    import textstat  # brings scipy along: not while tests are collected

    with _without_download():
        return float(textstat.flesch_kincaid_grade(text))
