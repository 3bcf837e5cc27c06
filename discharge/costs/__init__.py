"""What care costs, for three purses: payer, patient and hospital.

Payment formulas (:mod:`inpatient`, :mod:`transfer`, :mod:`irf`, :mod:`ltch`, :mod:`snf`, :mod:`home`, :mod:`hospice`,
:mod:`outpatient`, :mod:`partb`, :mod:`ambulance`, :mod:`dme`, :mod:`sharing`) are plain functions of Decimals over
dated rates (:mod:`rates`, :mod:`drugprices`) that reproduce the worked examples of the payment rules to the cent;
:mod:`priced` is how they show their steps. :mod:`stay` says what a stay pays and what one more day costs.

:mod:`services` lists what a destination takes over a common horizon, :mod:`settle` who pays it (:mod:`terms`,
:mod:`member`), :mod:`horizon` puts the price together from what :mod:`inputs` reads of a stay; :mod:`further` prices
more hospital days, :mod:`waiting` compares waiting with leaving, and :mod:`seen` shows the rates behind amounts.
"""
