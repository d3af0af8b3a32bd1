"""Whose loss an item is in a programme, and the figures of a decision that statistics count."""

import json

from django.db import migrations, models


def fill(apps, _schema_editor):
    """The figures of the decisions there are, from their own content."""
    from dinghai_platform.claims.reading import (
        contributions_of,
        gross_of,
        main_reason,
        presented_of,
    )

    records = apps.get_model("claims", "DecisionRecord")
    for row in records._base_manager.only("pk", "content").iterator(chunk_size=200):
        decision = json.loads(row.content)
        records._base_manager.filter(pk=row.pk).update(
            presented_fen=sum(presented_of(line) for line in decision["lines"]),
            gross_fen=gross_of(decision), contribution_fen=contributions_of(decision),
            main_reason=main_reason(decision))


class Migration(migrations.Migration):
    """Loss items name member and supplier; decisions keep what they presented, and why not paid."""

    dependencies = (("claims", "0004_interim_order"),)
    operations = (
        migrations.AddField(
            "lossitem", "member",
            models.CharField(blank=True, default="", max_length=60,
                             verbose_name="insured member"),
            preserve_default=False),
        migrations.AddField(
            "lossitem", "supplier",
            models.CharField(blank=True, default="", max_length=200, verbose_name="supplier"),
            preserve_default=False),
        migrations.AddField("decisionrecord", "presented_fen", models.BigIntegerField(default=0)),
        migrations.AddField("decisionrecord", "gross_fen", models.BigIntegerField(default=0)),
        migrations.AddField(
            "decisionrecord", "contribution_fen", models.BigIntegerField(default=0)),
        migrations.AddField(
            "decisionrecord", "main_reason",
            models.CharField(blank=True, default="", max_length=60), preserve_default=False),
        migrations.RunPython(fill, migrations.RunPython.noop),
    )
