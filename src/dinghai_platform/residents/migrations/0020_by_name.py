"""Names are looked for within a tenant, in the order of certificate numbers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """An index that gives a page of a frequent name without sorting all who bear it."""

    dependencies = (("residents", "0011_change_guards"),)
    operations = (
        migrations.RemoveIndex("certificate", "residents_by_name"),
        migrations.AddIndex("certificate", models.Index(
            fields=("masked_name", "tenant", "id"), name="residents_by_name")),
    )
