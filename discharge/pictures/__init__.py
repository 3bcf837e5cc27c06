"""Pictures of a review, as SVG that a page and its PDF carry inside: cost comparison, waiting, length of stay.

Each is readable in black and white and tells its figures to a screen reader; a table gives the same figures in text.
"""

from discharge.pictures.costs import compared, cost_picture
from discharge.pictures.draw import Picture, Table
from discharge.pictures.stay import stay_picture
from discharge.pictures.waiting import marked, waiting_picture

__all__ = ["Picture", "Table", "compared", "cost_picture", "marked", "stay_picture", "waiting_picture"]
