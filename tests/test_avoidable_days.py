"""The reasons of avoidable days, and the rule that flags them, keep in step."""

from __future__ import annotations

from discharge.packs import load_packs
from discharge.packs.tree import TextLeaf
from discharge.reference import load_yaml
from discharge.resources import data_folder

FILE = "level_of_care.delay"


def test_the_rule_asks_for_the_reasons_of_each_area():
    areas = load_yaml("avoidable_days.yaml")["areas"]
    criteria = load_packs(data_folder("rules"), with_cases=False).files[FILE].criteria
    for area, row in areas.items():
        tree = criteria[f"delay_{area}"].tree
        assert isinstance(tree, TextLeaf)
        assert set(tree.values) == set(row["reasons"]), area
        assert row["owner"] in {"case_manager", "social_work"}


def test_no_reason_stands_in_two_areas():
    table = load_yaml("avoidable_days.yaml")
    reasons = [reason for row in table["areas"].values() for reason in row["reasons"]]
    assert len(reasons) == len(set(reasons))
    assert "clinical" not in reasons
