import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


# Whoever is selected and not written yet stays selected.
SLICES = """
    INSERT INTO messaging_audienceslice (campaign_id, position, subscriber_ids, send_after)
    SELECT campaign_id, position / 10000, array_agg(subscriber_id ORDER BY position),
        array_agg(send_after ORDER BY position)
    FROM messaging_audiencemember GROUP BY campaign_id, position / 10000
"""
# A receipt that came in before named its text by the secret alone.
REFERENCES = """
    UPDATE messaging_receipt r SET reference = COALESCE(r.message_id,
        (SELECT m.id FROM messaging_message m WHERE m.receipt_token = r.reference), 0)
        || '.' || r.reference
"""


class Migration(migrations.Migration):

    dependencies = [
        ('consent', '0003_purposes_stay'),
        ('messaging', '0005_one_token_index'),
        ('subscribers', '0002_people_stay'),
    ]

    operations = [
        migrations.RenameField(model_name='receipt', old_name='receipt_token', new_name='reference'),
        migrations.AlterField(model_name='receipt', name='reference', field=models.CharField(max_length=41)),
        migrations.RunSQL(REFERENCES, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='AudienceSlice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.IntegerField()),
                ('subscriber_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('send_after', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None)),
                ('campaign', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='messaging.campaign')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('campaign', 'position'), name='audience_slice_once'), models.CheckConstraint(condition=models.Q(('subscriber_ids__len', models.F('send_after__len'))), name='everyone_in_a_slice_has_a_time')],
            },
        ),
        migrations.RunSQL(SLICES, migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name='message',
            name='one_text_per_campaign_and_person',
        ),
        migrations.RemoveConstraint(
            model_name='message',
            name='receipt_token_once',
        ),
        migrations.RemoveIndex(
            model_name='message',
            name='messaging_m_subscri_06556c_idx',
        ),
        migrations.AlterField(
            model_name='message',
            name='campaign',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='messaging.campaign'),
        ),
        migrations.AlterField(
            model_name='message',
            name='consent_event',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.consentevent'),
        ),
        migrations.AlterField(
            model_name='message',
            name='purpose',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consent.purpose'),
        ),
        migrations.AlterField(
            model_name='message',
            name='sender',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='messaging.sender'),
        ),
        migrations.AlterField(
            model_name='message',
            name='subscriber',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='texts', to='subscribers.subscriber'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('permitted_at__isnull', False)), fields=['subscriber', 'permitted_at'], name='text_permitted_to_person'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='campaign_with_texts_is_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n            IF EXISTS (SELECT 1 FROM messaging_message WHERE campaign_id = OLD.id) THEN\n                RAISE EXCEPTION 'campaign % has texts', OLD.id\n                    USING ERRCODE = 'foreign_key_violation';\n            END IF;\n            RETURN NULL;\n        ", hash='0878cf29fa6cfa83802aa02bf6186fa80d20f9c6', operation='DELETE', pgid='pgtrigger_campaign_with_texts_is_never_deleted_0e561', table='messaging_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='refers_to_what_is_there', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE refused bigint;', func="\n    PERFORM 1 FROM messaging_campaign\n        WHERE id IN (SELECT campaign_id FROM born) ORDER BY id FOR KEY SHARE;\n\n    SELECT b.id INTO refused FROM born b\n    LEFT JOIN messaging_campaign k ON k.id = b.campaign_id\n        AND k.sender_id = b.sender_id AND k.purpose_id = b.purpose_id\n    WHERE b.campaign_id IS NOT NULL AND k.id IS NULL LIMIT 1;\n\n        IF refused IS NOT NULL THEN\n            RAISE EXCEPTION 'message % refers to a campaign of another sender or purpose, or to none', refused\n                USING ERRCODE = 'foreign_key_violation';\n        END IF;\n    \n    SELECT b.id INTO refused FROM born b\n    LEFT JOIN subscribers_subscriber s ON s.id = b.subscriber_id\n    LEFT JOIN messaging_sender f ON f.id = b.sender_id\n    LEFT JOIN consent_purpose p ON p.id = b.purpose_id\n    LEFT JOIN consent_consentevent e ON e.id = b.consent_event_id\n    WHERE (b.campaign_id IS NULL OR b.state = 'withheld')\n      AND (s.id IS NULL OR f.id IS NULL OR p.id IS NULL AND b.purpose_id IS NOT NULL\n           OR e.id IS NULL AND b.consent_event_id IS NOT NULL) LIMIT 1;\n\n        IF refused IS NOT NULL THEN\n            RAISE EXCEPTION 'message % refers to what is not there', refused\n                USING ERRCODE = 'foreign_key_violation';\n        END IF;\n    RETURN NULL;", hash='98f7fe9917cb82a949cda3c4e2c99ebb0b18fef2', level='STATEMENT', operation='INSERT', pgid='pgtrigger_refers_to_what_is_there_17b18', referencing='REFERENCING NEW TABLE AS born ', table='messaging_message', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='refers_to_the_same_ever_after', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN ((OLD.campaign_id, OLD.subscriber_id, OLD.sender_id, OLD.purpose_id) IS DISTINCT FROM (NEW.campaign_id, NEW.subscriber_id, NEW.sender_id, NEW.purpose_id) OR OLD.consent_event_id IS DISTINCT FROM NEW.consent_event_id AND NOT (OLD.state = 'queued' AND NEW.state = 'submitting' AND NEW.campaign_id IS NOT NULL))", func='RAISE EXCEPTION \'pgtrigger: Cannot update of "campaign_id", "subscriber_id", "sender_id", "purpose_id", "consent_event_id" rows from % table\', TG_TABLE_NAME;', hash='7ce2972d3fca036450916dcb9d394aec976f9dc7', operation='UPDATE OF "campaign_id", "subscriber_id", "sender_id", "purpose_id", "consent_event_id"', pgid='pgtrigger_refers_to_the_same_ever_after_ce3bd', table='messaging_message', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='sender',
            trigger=pgtrigger.compiler.Trigger(name='sender_is_never_deleted', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;", hash='e3bdd0c3de3378c8c0c71f9367b689c5bf93a058', operation='DELETE', pgid='pgtrigger_sender_is_never_deleted_a5f22', table='messaging_sender', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('subscriber', 'campaign'), name='one_text_per_person_and_campaign'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.CheckConstraint(condition=models.Q(('reference__regex', '^[0-9]{1,18}\\.[-A-Za-z0-9_]{1,22}$')), name='reference_can_be_looked_up'),
        ),
        migrations.DeleteModel(
            name='AudienceMember',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='campaign',
            name='content_changes_only_in_draft',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='message',
            name='authority_at_birth',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='message',
            name='authority_on_leaving',
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='content_changes_only_in_draft', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN ((OLD.status <> 'draft' OR OLD.started_at IS NOT NULL) AND (OLD.purpose_id, OLD.subscriber_list_id, OLD.sender_id, OLD.useful_hours, OLD.fit_for_minors, OLD.created_by_id, OLD.justifications) IS DISTINCT FROM (NEW.purpose_id, NEW.subscriber_list_id, NEW.sender_id, NEW.useful_hours, NEW.fit_for_minors, NEW.created_by_id, NEW.justifications) OR OLD.status <> 'draft' AND NEW.status <> 'draft' AND (OLD.segment_id, OLD.segment_rule) IS DISTINCT FROM (NEW.segment_id, NEW.segment_rule))", func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='e00c5bb8d1327353e552de0577270e82bd215576', operation='UPDATE', pgid='pgtrigger_content_changes_only_in_draft_da184', table='messaging_campaign', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='authority_at_birth', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE refused bigint;', func="\n            SELECT b.id INTO refused FROM born b\n            WHERE b.campaign_id IS NOT NULL AND b.state <> 'withheld'\n              AND NOT EXISTS (\n    SELECT 1 FROM consent_consent c\n    WHERE c.subscriber_id = b.subscriber_id AND c.purpose_id = b.purpose_id\n      AND c.status = 'confirmed'\n      AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())\n      AND c.confirming_event_id = b.consent_event_id\n) LIMIT 1;\n            IF refused IS NOT NULL THEN\n                RAISE EXCEPTION 'message % has no standing consent', refused USING ERRCODE = 'YL001';\n            END IF;\n            RETURN NULL;\n        ", hash='2a0c2d9973963a1ae4bb13448979b22c4b504654', level='STATEMENT', operation='INSERT', pgid='pgtrigger_authority_at_birth_1b9a7', referencing='REFERENCING NEW TABLE AS born ', table='messaging_message', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='authority_on_leaving', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NEW.state = 'submitting' AND OLD.state <> 'submitting' AND NEW.campaign_id IS NOT NULL)", func="\n            IF NOT EXISTS (\n    SELECT 1 FROM consent_consent c\n    WHERE c.subscriber_id = NEW.subscriber_id AND c.purpose_id = NEW.purpose_id\n      AND c.status = 'confirmed'\n      AND (c.expires_at IS NULL OR c.expires_at > clock_timestamp())\n      AND c.confirming_event_id = NEW.consent_event_id\n) THEN\n                RAISE EXCEPTION 'message % has no standing consent', NEW.id USING ERRCODE = 'YL001';\n            END IF;\n            RETURN NEW;\n        ", hash='d84db7df6e085405065f5398954658d9eedc2303', operation='UPDATE OF "state"', pgid='pgtrigger_authority_on_leaving_c88a3', table='messaging_message', when='BEFORE')),
        ),
    ]
