"""A store on each kind of database for every test that asks for one."""

from storekit import (  # noqa: F401 - fixtures
    _postgresql_template,
    _shared,
    _sqlite_template,
    database,
    new_database,
    new_module_database,
    now,
    postgresql,
    store,
)
