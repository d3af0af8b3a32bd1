"""The database's own guards of the books: balanced, sealed, append-only, one tenant's alone.

An entry is written open, its postings follow, and sealing it is the one change it ever sees.
SQLite checks the balance when it is sealed; PostgreSQL does too, and at the end of the
transaction it also refuses an entry that was left open. Its functions run as the owner of the
tables, so that row-level security hides nothing from them.
"""

from django.db import migrations

from dinghai_platform.core.database_guards import VendorSQL, append_only, row_security

SEALED_COLUMNS = (
    "id", "tenant_id", "created_at", "number", "effective_date", "narrative_code", "narrative",
    "source_type", "source_id", "idempotency_key", "content_hash", "reverses_id",
    "members_count", "members_root", "total_fen", "created_by_id",
)
SIDE_SUM = (
    "(SELECT COALESCE(SUM(amount_fen), 0) FROM ledger_posting"
    " WHERE entry_id = {entry} AND side = '{side}')"
)
LINES = "(SELECT COUNT(*) FROM ledger_posting WHERE entry_id = {entry})"
FOREIGN = (
    "EXISTS (SELECT 1 FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
    " WHERE p.entry_id = {entry} AND (p.tenant_id <> {tenant} OR a.tenant_id <> {tenant}))"
)
PAIR_COLUMNS = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in SEALED_COLUMNS)
PG_COLUMNS = " OR ".join(
    f"OLD.{name}{'::text' if name == 'narrative' else ''} IS DISTINCT FROM"
    f" NEW.{name}{'::text' if name == 'narrative' else ''}"
    for name in SEALED_COLUMNS
)


def unbalanced(row: str) -> str:
    """The condition under which an entry must not be sealed."""
    entry, tenant = f"{row}.id", f"{row}.tenant_id"
    debit = SIDE_SUM.format(entry=entry, side="debit")
    credit = SIDE_SUM.format(entry=entry, side="credit")
    return (
        f"{debit} <> {credit} OR {debit} <> {row}.total_fen"
        f" OR {LINES.format(entry=entry)} < 2 OR {FOREIGN.format(entry=entry, tenant=tenant)}"
    )


def refuse(name: str, event: str, condition: str, said: str) -> str:
    """A trigger of SQLite that refuses when the condition holds."""
    return (
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition}"
        f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
    )


SQLITE = (
    refuse("ledger_entry_opens", "INSERT ON ledger_journalentry", "NEW.sealed",
           "a journal entry is written open and then sealed"),
    refuse("ledger_entry_no_delete", "DELETE ON ledger_journalentry", "1",
           "ledger_journalentry is append-only"),
    refuse("ledger_entry_no_change", "UPDATE ON ledger_journalentry",
           f"OLD.sealed OR NOT NEW.sealed OR {PAIR_COLUMNS}",
           "a journal entry is never changed: reverse it"),
    refuse("ledger_entry_seals", "UPDATE ON ledger_journalentry",
           f"NOT OLD.sealed AND ({unbalanced('NEW')})",
           "the journal entry does not balance"),
    refuse("ledger_posting_open", "INSERT ON ledger_posting",
           "(SELECT sealed FROM ledger_journalentry WHERE id = NEW.entry_id)",
           "the journal entry is sealed"),
)

POSTGRESQL = (
    f"""
    CREATE FUNCTION ledger_guard_entry() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    BEGIN
      IF TG_OP = 'INSERT' THEN
        IF NEW.sealed THEN
          RAISE EXCEPTION 'a journal entry is written open and then sealed'
            USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
      END IF;
      IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'ledger_journalentry is append-only' USING ERRCODE = 'restrict_violation';
      END IF;
      IF OLD.sealed OR NOT NEW.sealed OR {PG_COLUMNS} THEN
        RAISE EXCEPTION 'a journal entry is never changed: reverse it'
          USING ERRCODE = 'restrict_violation';
      END IF;
      IF {unbalanced("NEW")} THEN
        RAISE EXCEPTION 'the journal entry does not balance' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER ledger_entry_guard BEFORE INSERT OR UPDATE OR DELETE ON ledger_journalentry"
    " FOR EACH ROW EXECUTE FUNCTION ledger_guard_entry()",
    "CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON ledger_journalentry"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_entry()",
    """
    CREATE FUNCTION ledger_guard_posting() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    BEGIN
      IF (SELECT sealed FROM ledger_journalentry WHERE id = NEW.entry_id) THEN
        RAISE EXCEPTION 'the journal entry is sealed' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER ledger_posting_open BEFORE INSERT ON ledger_posting"
    " FOR EACH ROW EXECUTE FUNCTION ledger_guard_posting()",
    f"""
    CREATE FUNCTION ledger_check_entry() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DECLARE entry ledger_journalentry;
    BEGIN
      SELECT * INTO entry FROM ledger_journalentry WHERE id = NEW.id;
      IF NOT entry.sealed OR {unbalanced("entry")} THEN
        RAISE EXCEPTION 'the journal entry was left open or does not balance'
          USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$
    """,
    "CREATE CONSTRAINT TRIGGER ledger_entry_complete AFTER INSERT ON ledger_journalentry"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_entry()",
)


class Migration(migrations.Migration):
    """Triggers and policies of the ledger's tables."""

    dependencies = (("ledger", "0001_initial"), ("core", "0002_guards"))
    operations = (
        VendorSQL(sqlite=SQLITE, postgresql=POSTGRESQL),
        append_only("ledger_posting"),
        row_security("ledger_account"),
        row_security("ledger_journalentry"),
        row_security("ledger_posting"),
    )
