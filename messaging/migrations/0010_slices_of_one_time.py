import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import F, Q

# Whose audience is being written meanwhile is asked about as soon as the first of a slice is due,
# by the gate, which puts off the others.
ONE_TIME = """
    ALTER TABLE messaging_audienceslice
        ALTER COLUMN send_after TYPE timestamptz USING COALESCE(send_after[1], now())
"""
MANY_TIMES = """
    ALTER TABLE messaging_audienceslice
        ALTER COLUMN send_after TYPE timestamptz[]
        USING array_fill(send_after, ARRAY[cardinality(subscriber_ids)])
"""
# What is looked at in the end would keep the table from being changed any more.
GIVE_IDS = """
    SET CONSTRAINTS ALL IMMEDIATE;
    UPDATE messaging_audienceslice d SET message_ids = ARRAY(
        SELECT nextval(pg_get_serial_sequence('messaging_message', 'id'))
        FROM generate_series(1, cardinality(d.subscriber_ids)));
    SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_asked_by_statement")]

    operations = [
        migrations.RemoveConstraint(
            model_name="audienceslice", name="everyone_in_a_slice_has_a_time"
        ),
        migrations.RunSQL(
            ONE_TIME,
            MANY_TIMES,
            state_operations=[
                migrations.AlterField("audienceslice", "send_after", models.DateTimeField())
            ],
        ),
        migrations.AddField(
            model_name="audienceslice",
            name="message_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(GIVE_IDS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="audienceslice",
            constraint=models.CheckConstraint(
                name="everyone_in_a_slice_has_an_id",
                condition=Q(subscriber_ids__len=F("message_ids__len")),
            ),
        ),
    ]
