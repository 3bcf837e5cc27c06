"""A store to try the program with: a feed, an account for each role, and a day of work told by nobody real.

Everything that is said of a patient comes from the feed. What the people of the demonstration do goes through the same
door and the same guards as real work; who they are is :mod:`discharge.api.demo.staff`.
"""

from __future__ import annotations

from discharge.api.demo.clock import DemoClock
from discharge.api.demo.staff import Person, people_of
from discharge.api.demo.store import Demo, DemoAsked, open_demo

__all__ = ["Demo", "DemoAsked", "DemoClock", "Person", "open_demo", "people_of"]
