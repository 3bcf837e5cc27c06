"""Rule packs: loading, checking and digests of ``rules/``."""

from discharge.packs.conclusions import KINDS, DenialCause, Payload
from discharge.packs.digest import check_versions, record_versions
from discharge.packs.load import load_packs, read_packs
from discharge.packs.model import Case, Conclusion, Criterion, Pack, Packs, Rule, RuleFile, RulePart
from discharge.packs.names import PAYER_CLASSES, STAGES, STATUSES, Vocabulary, nearest, shipped_vocabulary
from discharge.packs.scoretable import Score, ScoreItem

__all__ = [
    "KINDS",
    "PAYER_CLASSES",
    "STAGES",
    "STATUSES",
    "Case",
    "Conclusion",
    "Criterion",
    "DenialCause",
    "Pack",
    "Packs",
    "Payload",
    "Rule",
    "RuleFile",
    "RulePart",
    "Score",
    "ScoreItem",
    "Vocabulary",
    "check_versions",
    "load_packs",
    "nearest",
    "read_packs",
    "record_versions",
    "shipped_vocabulary",
]
