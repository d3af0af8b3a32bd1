"""A stream of residents is dropped by its last part, not by the day on which it was opened."""

from django.db import migrations, models

import dinghai_platform.core.clock


class Migration(migrations.Migration):
    """When a stream was opened or its last part came. Of one from before that was not kept: it
    counts as touched now, so that none is dropped that is still being filled."""

    dependencies = (("residents", "0023_overtaken_certificates"),)
    operations = (
        migrations.AddField("liststream", "touched_at", models.DateTimeField(
            default=dinghai_platform.core.clock.now, editable=False)),
    )
