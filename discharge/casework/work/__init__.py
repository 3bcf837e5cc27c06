"""What follows from a case's events, a review and a moment: clocks, authorizations, reviews due, queues, days lost.

Pure functions: state, review, payer profile and moment in, models out. Nothing here is kept; what is kept are events.
"""
