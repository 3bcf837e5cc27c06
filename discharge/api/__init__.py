"""The programmatic door: FastAPI under ``/v1``. Thin: reads the clock, asks :mod:`discharge.casework`, answers."""
