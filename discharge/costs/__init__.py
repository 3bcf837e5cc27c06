"""What care costs, for three purses: payer, patient and hospital.

Payment formulas (:mod:`inpatient`, :mod:`snf`, :mod:`home`, :mod:`outpatient`, :mod:`sharing`) are plain functions
of Decimals that reproduce the worked examples of the payment rules to the cent. :mod:`stay` says what a stay pays
and what one more day costs; :mod:`horizon` prices a destination over a common horizon.
"""
