import re
import time
import uuid

PROMISE = "a poison job is given up"
FAULT = "a job that kills the process that works on it, again and again"
PROMISED = "<= 3 deaths, then dead with its reason"
LEASE_S = 3  # tests.live sets JOB_LEASE_S
BEGIN = """
import os
from uuid import UUID
from apps.agents import registry as tools
from apps.agents.models import Agent, Run, ToolGrant
from apps.agents.tools.base import Tool
from apps.accounts.models import User
from apps.core.tenancy import tenant_context
from apps.jobs import registry, services, worker
from apps.providers.types import ToolSpec
from apps.tenants.hosts import tenant_for_slug
acme = tenant_for_slug("acme")
class Poison:
    def work(self, claim): print("DIES", flush=True); os._exit(0)
    def cancel(self, claim): pass
    def bury(self, claim, reason): print("BURIED", reason)
registry.register("poison", Poison())
"""
ENQUEUE = """
with tenant_context(acme): services.enqueue(kind="poison", queue="poison", object_id=UUID("{key}"))
"""
WORK = """
with tenant_context(None): worker.drain("poison")
"""


def prove(live, is_full):
    rounds, most, reasons = (5 if is_full else 1), 0, 0
    for _ in range(rounds):
        _alone(live, ENQUEUE.format(key=uuid.uuid4()))
        deaths, reason = _until_buried(live)
        most = max(most, deaths)
        reasons += f"died {deaths} times" in reason
    return f"{most} deaths at most, {reasons} of {rounds} with a reason", 0 < most <= 3 and reasons == rounds


def _until_buried(live):
    """Let one process after another take the job up; return how many it killed, and why it was given up."""
    deaths = 0
    for _ in range(8):
        told = _alone(live, WORK)
        buried = re.search(r"BURIED (.*)", told)
        if buried:
            return deaths, buried[1]
        deaths += "DIES" in told
        time.sleep(LEASE_S + 0.5)
    return deaths, ""


def _alone(live, text):
    """Run code in a process of its own, which it may end; return what it printed."""
    return live.manage("shell", "-v0", "-c", BEGIN + text)
