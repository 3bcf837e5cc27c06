"""Settings that hold for the whole suite, in the checkout and against the wheel."""

from hypothesis import settings

# Example-based and property-based tests alike must give the same answer twice, also on a busy machine.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")
