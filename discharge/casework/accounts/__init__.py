"""Accounts, and all by which somebody is known: passwords, sessions, tokens, one-time links; and who read what.

=========== ======================================================================================
rights      permissions by role, the only place
model       Account, Token, Session
limits      lengths, counts and times, from ``reference/sign_in.yaml``
passwords   argon2id
people      add, change and disable accounts; each change is an event of the system stream
signin      a login and a password -> an account, with a lock after failures
sessions    a browser's sign-in;  tokens: a machine's;  links: one-time links
access      the access log
=========== ======================================================================================

Functions take the moment (``now``) and a connection in a transaction; those that hash a password or decide by
themselves whether to write take the store. No secret is ever kept, logged or put into an event: only hashes are kept.
"""
