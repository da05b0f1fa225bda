import json

PROMISE = "the audit shows what was done to it"
FAULT = "changed, taken out, swapped, cut off behind the guards"
PROMISED = "every one found at the exact row"
TRIES = """
import json, random
from django.db import connection, transaction
from apps.tenants.hosts import tenant_for_slug
from apps.core.tenancy import tenant_context
from apps.audit import chain
from apps.audit.actions import SEEN
from apps.audit.models import AuditEvent, AuditHead
from apps.audit.services.trail import record

generator = random.Random(15)

class Undo(Exception):
    pass

def run(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, parameters)

def change(seq, last):
    column = generator.choice(["actor_name", "actor_id", "action", "target_id", "target_name", "correlation_id"])
    run(f"UPDATE audit_auditevent SET {column} = {column} || 'x' WHERE seq = %s", seq)
    return seq

def detail(seq, last):
    run("UPDATE audit_auditevent SET after = '{\\"forged\\": true}' WHERE seq = %s", seq)
    return seq

def moment(seq, last):
    run("UPDATE audit_auditevent SET at = at + interval '1 microsecond' WHERE seq = %s", seq)
    return seq

def take_out(seq, last):
    run("DELETE FROM audit_auditevent WHERE seq = %s", seq)
    return seq

def swap(seq, last):
    run("UPDATE audit_auditevent SET seq = -1 WHERE seq = %s", seq)
    run("UPDATE audit_auditevent SET seq = %s WHERE seq = %s", seq, seq + 1)
    run("UPDATE audit_auditevent SET seq = %s WHERE seq = -1", seq + 1)
    return seq

def cut(seq, last):
    run("DELETE FROM audit_auditevent WHERE seq >= %s", seq)
    return seq

with tenant_context(tenant_for_slug("acme")):
    for n in range(200):
        record(SEEN, actor=None, after={"n": n})
    last = AuditHead.objects.get().seq
    whole, found, missed = list(chain.verify()) == [], 0, []
    for n in range(COUNT):
        kind = generator.choice([change, detail, moment, take_out, swap, cut])
        try:
            with transaction.atomic():
                wanted = kind(generator.randint(1, last - 1), last)
                faults = list(chain.verify())
                found += bool(faults) and faults[0].seq == wanted
                if not faults or faults[0].seq != wanted:
                    missed.append((kind.__name__, wanted, str(faults[:2])))
                raise Undo
        except Undo:
            pass
    refused = 0
    for statement in ("UPDATE audit_auditevent SET actor_name = ''", "DELETE FROM audit_auditevent", "TRUNCATE audit_auditevent", "UPDATE audit_audithead SET seq = 0"):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
        except Exception as error:
            refused += "append-only" in str(error)
    print(json.dumps({"whole": whole, "found": found, "missed": missed[:3], "refused": refused, "events": last}))
"""


def prove(live, is_full):
    count = 1_000 if is_full else 100
    code = TRIES.replace("COUNT", str(count)).replace("SEEN", "AUDIT_READ")
    result = json.loads(live.code(code).splitlines()[-1])
    reached = f"{result['found']} of {count}, {result['refused']} of 4 writes refused {result['missed'] or ''}"
    return reached, result["whole"] and result["found"] == count and result["refused"] == 4
