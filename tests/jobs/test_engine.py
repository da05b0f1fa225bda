"""Claims are fair and fenced; a checkpoint commits only for the owner."""

import threading
import uuid
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from apps.core.errors import Conflict, TooManyRequests
from apps.core.tenancy import public_context, tenant_context
from apps.jobs import engine, registry, services, worker
from apps.jobs.leases import LeaseKeeper
from apps.jobs.errors import JobCancelled, LostLease, RetryLater, TurnOver
from apps.jobs.models import Job, TenantQueue
from tests.conftest import _tenant


class Recorder:
    """A handler that notes what happened to it."""

    def __init__(self, work=None):
        self.log = []
        self._work = work

    def work(self, claim):
        self.log.append("work")
        if self._work:
            self._work(claim)
        with engine.settlement(claim, Job.State.SUCCEEDED):
            pass

    def cancel(self, claim):
        self.log.append("cancel")

    def bury(self, claim, reason):
        self.log.append(f"bury: {reason}")


@pytest.fixture
def handler(monkeypatch):
    def install(work=None):
        recorder = Recorder(work)
        monkeypatch.setitem(registry._handlers, "test", recorder)
        return recorder

    return install


def enqueue(**options):
    return services.enqueue(**{"kind": "test", "queue": "q", "object_id": uuid.uuid4()} | options)


def expire(job_id):
    with public_context(), connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_job SET lease_until = now() - interval '1 s' WHERE id = %s", [job_id])


def state(job_id):
    with public_context():
        return Job.objects.get(pk=job_id).state


def test_claim_takes_the_oldest_and_raises_the_fence(in_acme):
    first, _second = enqueue(), enqueue()
    claim = engine.claim("q", "me")
    assert (claim.job_id, claim.fence, claim.deaths) == (first, 1, 0)


def test_claim_prefers_the_tenant_with_the_fewest_running(acme, globex):
    with tenant_context(acme):
        for _ in range(3):
            enqueue()
    with tenant_context(globex):
        enqueue()
    order = [engine.claim("q", "me").tenant_id for _ in range(4)]
    assert order[:2] in ([acme.id, globex.id], [globex.id, acme.id])
    assert order[2:] == [acme.id, acme.id]


def test_long_job_goes_on_when_it_is_alone(in_acme):
    enqueue()
    claim = engine.claim("q", "me")
    with engine.turn(claim):
        pass
    assert state(claim.job_id) == Job.State.RUNNING


def test_long_job_stands_back_for_what_others_have_due(acme, globex, handler, work):
    taken = []

    def in_turns(claim):
        taken.append(claim.job_id)
        if claim.job_id == long and taken.count(long) == 1:
            with tenant_context(globex):
                others.extend(enqueue() for _ in range(3))
            with engine.turn(claim):
                pass
            pytest.fail("it went on beside the others")

    recorder, others = handler(in_turns), []
    with tenant_context(acme):
        long = enqueue()
    work("q")
    assert taken == [long, *others, long]
    assert (state(long), len(recorder.log)) == (Job.State.SUCCEEDED, 5)


def test_long_job_goes_on_beside_one_that_stands_back(acme, globex):
    with tenant_context(acme):
        waiting = enqueue(priority=engine.BEHIND)
    with tenant_context(globex):
        enqueue()
        claim = engine.claim("q", "me")
        assert claim.tenant_id == globex.id
        with engine.turn(claim):
            pass
        with public_context():
            Job.objects.filter(pk=waiting).update(not_before=timezone.now() - timedelta(seconds=61))
        with pytest.raises(TurnOver), engine.turn(claim):
            pass
    assert engine.claim("q", "me").job_id == waiting


def test_long_job_stands_back_for_a_minute_at_most(acme, globex):
    with tenant_context(acme):
        long = enqueue()
    first = engine.claim("q", "me")
    with tenant_context(globex):
        other, last = enqueue(), enqueue()
    with tenant_context(acme), pytest.raises(TurnOver), engine.turn(first):
        pass
    assert engine.claim("q", "me").job_id == other
    with public_context():
        Job.objects.filter(pk=long).update(not_before=timezone.now() - timedelta(seconds=61))
    assert engine.claim("q", "me").job_id == long  # globex has one running, and waited less
    assert engine.claim("q", "me").job_id == last


def test_claim_stops_at_the_tenants_cap(in_acme):
    enqueue(), enqueue()
    with public_context():
        TenantQueue.objects.filter(queue="q").update(cap=1)
    assert engine.claim("q", "me") is not None
    assert engine.claim("q", "me") is None


def test_expired_lease_is_taken_over_and_the_old_owner_cannot_write(in_acme):
    job_id = enqueue()
    old = engine.claim("q", "frozen")
    expire(job_id)
    new = engine.claim("q", "awake")
    assert (new.job_id, new.fence, new.deaths) == (job_id, 2, 1)
    with pytest.raises(LostLease), engine.checkpoint(old):
        pytest.fail("the late write was let in")
    with engine.checkpoint(new):
        pass


def test_note_on_the_way_forgets_no_death(in_acme):
    job_id = enqueue()
    engine.claim("q", "dies")
    expire(job_id)
    with engine.checkpoint(engine.claim("q", "me"), is_progress=False):
        pass
    with public_context():
        assert Job.objects.get(pk=job_id).deaths == 1


def test_checkpoint_forgets_deaths(in_acme):
    job_id = enqueue()
    engine.claim("q", "a")
    expire(job_id)
    with engine.checkpoint(engine.claim("q", "b")):
        pass
    with public_context():
        assert Job.objects.get(pk=job_id).deaths == 0


def test_same_dedupe_key_gives_one_job(in_acme):
    assert enqueue(dedupe_key="x") == enqueue(dedupe_key="x")
    assert enqueue(dedupe_key="x") != enqueue(dedupe_key="y")


def test_full_queue_is_refused_with_a_time(in_acme, settings):
    settings.JOB_TENANT_QUEUE_LIMIT = 2
    enqueue(), enqueue()
    with pytest.raises(TooManyRequests) as refusal:
        enqueue()
    assert refusal.value.retry_after_s == 60


def test_rollback_takes_the_job_with_it(in_acme):
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue()
        1 / 0
    assert engine.claim("q", "me") is None


def test_worker_finishes_a_job_inside_its_tenant(in_acme, handler, work):
    seen = []
    from apps.core.tenancy import current_tenant

    recorder = handler(lambda claim: seen.append(current_tenant().slug))
    job_id = enqueue()
    assert work("q") == 1
    assert (recorder.log, seen, state(job_id)) == (["work"], ["acme"], "succeeded")


def test_process_works_on_one_job_at_a_time_that_died_twice(in_acme):
    jobs = [enqueue() for _ in range(2)]
    for _ in range(2):
        for job in [engine.claim("q", "dies"), engine.claim("q", "dies")]:
            expire(job.job_id)
    fresh = enqueue()

    first = engine.claim("q")
    assert (first.job_id, first.deaths) == (jobs[0], 2)
    assert engine.claim("q").job_id == fresh, "the other one waits, and holds nobody up"
    assert engine.claim("q") is None and not engine.has_due("q")
    with engine.checkpoint(first):
        pass
    assert engine.claim("q").job_id == jobs[1], "progress is no suspect's"


def test_fourth_death_on_one_step_buries_the_job(in_acme, handler, work):
    recorder = handler()
    job_id = enqueue()
    for _ in range(4):
        engine.claim("q", "victim")
        expire(job_id)
    work("q")
    assert recorder.log == ["bury: The worker died 4 times on the same step."]
    assert state(job_id) == "dead"


def test_cancelled_job_is_settled_without_work(in_acme, handler, work):
    recorder = handler()
    object_id = uuid.uuid4()
    job_id = enqueue(object_id=object_id)
    assert services.cancel(object_id=object_id, kind="test")
    work("q")
    assert (recorder.log[-1], state(job_id)) == ("cancel", "cancelled")


def test_checkpoint_of_a_cancelled_job_raises(in_acme):
    object_id = uuid.uuid4()
    enqueue(object_id=object_id)
    claim = engine.claim("q", "me")
    services.cancel(object_id=object_id, kind="test")
    with pytest.raises(JobCancelled), engine.checkpoint(claim):
        pytest.fail("the step was stored")


def test_retry_later_queues_again_and_gives_up_after_four(in_acme, handler, work):
    def fail(claim):
        raise RetryLater("The provider is away.", delay_s=0)

    recorder = handler(fail)
    job_id = enqueue()
    for _ in range(6):
        work("q")
    assert recorder.log == ["work"] * 4 + ["bury: The provider is away."]
    assert state(job_id) == "dead"


def test_unexpected_error_waits_before_the_next_try(in_acme, handler, work):
    handler(lambda claim: 1 / 0)
    job_id = enqueue()
    assert work("q") == 1
    with public_context():
        job = Job.objects.get(pk=job_id)
    assert (job.state, job.attempts) == ("queued", 1)
    assert "ZeroDivisionError" in job.error
    assert job.not_before > job.created_at


def test_revive_needs_an_ended_job(in_acme, handler, work, admin_user):
    handler()
    object_id = uuid.uuid4()
    enqueue(object_id=object_id)
    with pytest.raises(Conflict):
        services.revive(actor=admin_user, object_id=object_id, kind="test")
    work("q")
    services.revive(actor=admin_user, object_id=object_id, kind="test")
    assert work("q") == 1


def test_parked_job_is_held_by_nobody_until_resumed(in_acme, handler, work):
    object_id = uuid.uuid4()
    enqueue(object_id=object_id)
    with engine.parking(engine.claim("q", "me")):
        pass
    assert engine.claim("q", "me") is None
    services.resume(object_id=object_id, kind="test")
    assert engine.claim("q", "me").object_id == object_id


def test_parked_job_wakes_when_its_time_has_come(in_acme, handler, work):
    recorder = handler()
    enqueue()
    with engine.parking(engine.claim("q", "me"), until=timezone.now() + timedelta(hours=1)):
        pass
    assert work("q") == 0
    with public_context():
        Job.objects.update(wake_at=timezone.now() - timedelta(seconds=1))
    assert work("q") == 1
    assert recorder.log == ["work"]


def test_jobs_of_other_tenants_cannot_be_cancelled(acme, globex):
    object_id = uuid.uuid4()
    with tenant_context(acme):
        enqueue(object_id=object_id)
    with tenant_context(globex):
        assert services.cancel(object_id=object_id, kind="test") is False


# -- leases ----------------------------------------------------------------------------------------------------------


def lease_of(job_id):
    with public_context():
        return Job.objects.get(pk=job_id).lease_until


def test_checkpoint_renews_the_lease_and_the_end_lets_it_go(in_acme):
    job = enqueue()
    claim = engine.claim("q", "me")
    expire(job)
    with engine.checkpoint(claim):
        pass
    assert lease_of(job) > timezone.now()
    with engine.settlement(claim, Job.State.SUCCEEDED):
        pass
    assert lease_of(job) is None


def test_leases_are_renewed_while_another_job_is_in_its_checkpoint(committed):
    """A checkpoint may wait long for a budget that everybody takes from; the other leases of its worker must not wait with it."""
    acme = _tenant("acme")
    with tenant_context(acme):
        jobs = [enqueue(queue="leases") for _ in range(3)]
        claims = [engine.claim("leases", "me") for _ in jobs]
    busy, free, foreign = claims
    keeper = LeaseKeeper()
    before = lease_of(free.job_id)
    taken = replace(foreign, fence=foreign.fence - 1, lost=threading.Event())  # somebody else has claimed it since
    try:
        with psycopg.connect(**_parameters()) as other:
            other.execute("SELECT 1 FROM jobs_job WHERE id = %s FOR UPDATE", [busy.job_id])
            renewing = threading.Thread(target=keeper._renew, args=([busy, free, taken],), daemon=True)
            renewing.start()
            renewing.join(5)
            assert not renewing.is_alive(), "the renewal waits for the checkpoint"
        assert lease_of(free.job_id) > before
        assert [claim.lost.is_set() for claim in (busy, free, taken)] == [False, False, True]
    finally:
        keeper._connection.close()
        with public_context():
            Job.objects.filter(queue="leases").delete()
            TenantQueue.objects.filter(queue="leases").delete()


def _parameters():
    found = connection.get_connection_params()
    wanted = {key: value for key, value in found.items() if key in {"dbname", "user", "password", "host", "port"}}
    return {**wanted, "options": "-c search_path=public"}
