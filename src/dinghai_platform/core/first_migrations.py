"""An app's first tables, made in one step."""

from __future__ import annotations

from typing import Any

from django.db import migrations


class TablesAtOnce(migrations.Migration):
    """A migration that only makes models: all are known before the first table is made.

    Django builds every model of the site anew after each model that a migration adds, which takes
    most of the time of a first start. Each model is made with its indexes and constraints, so none
    needs the state between two of them.
    """

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """As Django does, but with the models of the end for each step."""
        before = project_state.clone()
        project_state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(self.app_label, project_state)
        for operation in self.operations:
            if collect_sql:
                schema_editor.collected_sql.append(f"-- {operation.describe()}")
            operation.database_forwards(self.app_label, schema_editor, before, project_state)
        return project_state
