"""Tables made at once are those that Django makes one after another."""

from __future__ import annotations

import pytest
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

from dinghai_platform.core.first_migrations import TablesAtOnce

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("app", ["ledger", "parks"])
def test_the_same_tables(app):
    loader = MigrationLoader(connection)
    key = (app, "0001_initial")
    migration = loader.graph.nodes[key]
    assert isinstance(migration, TablesAtOnce)

    def made(apply):
        state = loader.project_state(key, at_end=False)
        editor = connection.schema_editor(collect_sql=True, atomic=False)
        editor.deferred_sql = []  # what entering it does, besides asking for no open transaction
        state = apply(migration, state, editor, collect_sql=True)
        said = [*editor.collected_sql, *map(str, editor.deferred_sql)]
        return state, [one for one in said if not one.startswith("--")]

    at_once, one_by_one = made(type(migration).apply), made(migrations.Migration.apply)
    assert at_once[0] == one_by_one[0]
    assert len(at_once[1]) > len(migration.operations)
    assert sorted(at_once[1]) == sorted(one_by_one[1])


def test_every_first_migration_only_makes_models():
    """What else it did would be done with the models of its end."""
    first = [one for one in MigrationLoader(None).disk_migrations.values()
             if isinstance(one, TablesAtOnce)]
    assert len(first) > 10
    assert {type(step).__name__ for one in first for step in one.operations} == {"CreateModel"}
