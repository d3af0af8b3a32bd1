"""Papers of a list are made anew once its certificates stand otherwise; a certificate that stands
twice in a list of changes is changed once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """What the papers were made of, and one more reason for which a change is void."""

    dependencies = (("residents", "0021_streams"),)
    operations = (
        migrations.RemoveConstraint("paperorder", "residents_papers_once"),
        migrations.AddField("paperorder", "standing", models.CharField(blank=True, max_length=80)),
        migrations.AddConstraint("paperorder", models.UniqueConstraint(
            fields=("enrolment", "language", "standing"), name="residents_papers_once")),
        migrations.AlterField("change", "state", models.PositiveSmallIntegerField(
            choices=[(1, "Stands"), (2, "Void: the certificate was changed meanwhile"),
                     (3, "Void: the certificate stands in the list before")], default=1)),
    )
