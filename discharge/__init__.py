"""Medical necessity, denial risk and discharge planning for hospital stays, from dated and cited rules."""

__version__ = "0.1.0"
