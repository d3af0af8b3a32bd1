"""Row-level security of the catalogue's tables."""

from django.db import migrations

from dinghai_platform.core.database_guards import row_security


class Migration(migrations.Migration):
    """A tenant sees its own products and tables."""

    dependencies = (("catalogue", "0001_initial"),)
    operations = (
        row_security("catalogue_productversion", label="catalogue.productversion"),
        row_security("catalogue_feedtable", label="catalogue.feedtable"),
    )
