"""The fact catalogue, and facts taken from the chart for all stays at once.

``catalogue()`` lists what can be said of a stay; ``extract(chart, as_of=..., zone=...)`` says it, as a
:class:`FactTable` with a column per fact and the chart rows behind each value. What is not charted is unknown.
"""

from discharge.facts.chartrows import EvidenceRow
from discharge.facts.extraction import extract
from discharge.facts.listing import Fact, FactType, catalogue, groups
from discharge.facts.table import FactTable

__all__ = ["EvidenceRow", "Fact", "FactTable", "FactType", "catalogue", "extract", "groups"]
