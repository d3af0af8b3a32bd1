"""Migration operations: database triggers that keep rows from being changed or taken away."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation


class VendorSQL(Operation):
    """SQL that differs by database; nothing happens where a vendor has none, nor on the way back.

    It never asks for the models of its moment: Django would build them all anew for each one.
    """

    reduces_to_sql = False

    def __init__(self, *, sqlite: tuple[str, ...] = (), postgresql: tuple[str, ...] = ()) -> None:
        self.by_vendor = {"sqlite": sqlite, "postgresql": postgresql}

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            type(self).__name__,
            [],
            {"sqlite": self.by_vendor["sqlite"], "postgresql": self.by_vendor["postgresql"]},
        )

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The models stay as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Say each statement of the vendor."""
        for statement in self.by_vendor.get(schema_editor.connection.vendor, ()):
            # Through a bare cursor: a percent sign in a trigger's message is no parameter.
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Leave the guards: what is taken back takes its own tables with it."""

    def describe(self) -> str:
        """What `migrate --plan` says."""
        return "SQL of the database's own kind"


def append_only(table: str) -> VendorSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on a table."""
    said = f"{table} is append-only"
    return VendorSQL(
        sqlite=tuple(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
            for verb in ("UPDATE", "DELETE")
        ),
        postgresql=(
            f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{said}' USING ERRCODE = 'restrict_violation'; END $$",
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_append_only()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
        ),
    )


def row_security(
    table: str, *, shared_columns: tuple[str, ...] = (), shared_where: tuple[str, ...] = (),
    label: str = "",
) -> VendorSQL:
    """PostgreSQL's row-level security for a tenants' table; nothing on SQLite.

    ``shared_columns`` are the columns of organisations that see the row (as in
    `shared_through`), ``shared_where`` further SQL conditions for paths over other tables, and
    ``label`` ("claims.claim") opens the table to explicit shares. The owner of the tables is
    not bound (migrations and verification run as the owner); the site's own role is.
    """
    tenant = "current_setting('dinghai.tenant', true)"
    organisation = "current_setting('dinghai.organisation', true)"
    seen = [f"{tenant} = '*'", f"tenant_id::text = {tenant}"]
    seen += [f"{column}::text = {organisation}" for column in shared_columns]
    seen += [f"({condition})" for condition in shared_where]
    if label:
        seen.append(
            "EXISTS (SELECT 1 FROM core_share s"
            f" WHERE s.subject_type = '{label}' AND s.subject_id = {table}.id"
            f" AND s.organisation_id::text = {organisation})"
        )
    return VendorSQL(
        postgresql=(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_tenant ON {table} USING ({' OR '.join(seen)})",
        )
    )
