"""Places and turns: tenant after tenant, nothing lost when somebody leaves, refusals as each protocol tells them."""

import asyncio
import json

import pytest

from apps.core import admission
from apps.core.admission import AdmissionGuard, Full, Turns


def scope(path="/api/v1/agents/", host=b"acme.localhost"):
    return {"type": "http", "path": path, "headers": [(b"host", host)]}


def run(test):
    asyncio.run(asyncio.wait_for(test, 5))


def test_turns_go_round_the_tenants():
    async def test():
        turns, order = Turns(places=1, waiting=8), []
        first = await turns.take("a")

        async def work(who, name):
            gate = await turns.take(who)
            order.append(name)
            gate()

        waiting = [asyncio.create_task(work(*each)) for each in (("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"))]
        await asyncio.sleep(0)
        first()
        await asyncio.gather(*waiting)
        assert order == ["a1", "b1", "a2", "a3"] and turns.free == 1

    run(test())


def test_one_tenant_cannot_take_all_the_room():
    async def test():
        turns = Turns(places=1, waiting=4)
        gate = await turns.take("a")
        waiting = [asyncio.create_task(turns.take("a")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Full) as own:
            await turns.take("a")
        last = asyncio.create_task(turns.take("b"))
        await asyncio.sleep(0)
        with pytest.raises(Full) as everybody:
            await turns.take("c")
        assert own.value.is_own and not everybody.value.is_own
        for _ in range(4):
            gate()
            done, _waits = await asyncio.wait([*waiting, last], return_when=asyncio.FIRST_COMPLETED)
            gate = next(iter(done)).result()
            waiting = [each for each in (*waiting, last) if each not in done]
            last = waiting.pop() if waiting else last
        gate()
        assert turns.free == 1

    run(test())


def test_tenant_is_known_by_the_host_the_header_or_the_key():
    """On the platform's host one organisation's programs must not take the turns of another's."""

    def who(**headers):
        return admission._who(
            {"headers": [(name.replace("_", "-").encode(), value) for name, value in headers.items()]}
        )

    host = {"host": b"localhost"}
    key = who(**host, authorization=b"Bearer gh_acme_abc_secret")
    assert key == who(**host, x_tenant=b"acme") != who(**host, authorization=b"Bearer gh_globex_abc_secret")
    assert who(**host) == who(**host, authorization=b"Bearer a.b.c") == "localhost"


def test_who_leaves_loses_no_place():
    """One goes while waiting, one in the moment in which it is given a place."""

    async def test():
        turns = Turns(places=1, waiting=4)
        gate = await turns.take("a")
        leaves, given = asyncio.create_task(turns.take("a")), asyncio.create_task(turns.take("b"))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0)
        gate()
        gate()  # for once
        given.cancel()
        await asyncio.sleep(0)
        assert turns.free == 1

    run(test())


def guarded(turns, application):
    guard, sent = AdmissionGuard(application, turns), []

    async def ask(**of):
        mine = []

        async def send(message):
            mine.append(message)

        await guard(scope(**of), None, send)
        sent.append(mine)
        return mine

    return ask


@pytest.mark.parametrize(
    ("path", "of"),
    [
        ("/api/v1/runs/", lambda body: json.loads(body)["type"].endswith("#too_many_requests")),
        ("/v1/models", lambda body: json.loads(body)["error"]["code"] == "too_many_requests"),
        ("/agents/", lambda body: b"<h1>There is too much to do" in body),
    ],
)
def test_refusal_says_when_to_come_back(path, of):
    async def test():
        turns, begun, end = Turns(places=1, waiting=1), [], asyncio.Event()

        async def application(scope, receive, send):
            begun.append(scope["path"])
            await end.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        ask = guarded(turns, application)
        tasks = [asyncio.create_task(ask()) for _ in range(2)]
        await asyncio.sleep(0)
        start, body = await ask(path=path)
        assert start["status"] == 429 and (b"retry-after", b"2") in start["headers"] and of(body["body"])
        assert (await ask(path="/agents/", host=b"globex.localhost"))[0]["status"] == 503
        assert len(begun) == 1
        free = asyncio.create_task(ask(path="/health/live"))
        await asyncio.sleep(0)
        assert begun[1:] == ["/health/live"]
        end.set()
        await asyncio.gather(*tasks, free)
        assert turns.free == 1

    run(test())


def test_stream_and_what_waits_for_others_hold_no_place(monkeypatch):
    monkeypatch.setattr(admission, "HOLD_S", 0.05)

    async def test():
        turns, end = Turns(places=1, waiting=2), asyncio.Event()

        async def application(scope, receive, send):
            if scope["path"] == "/stream":
                await send({"type": "http.response.start", "status": 200, "headers": []})
            await end.wait()

        ask = guarded(turns, application)
        stream = asyncio.create_task(ask(path="/stream"))
        await asyncio.sleep(0)
        assert turns.free == 1
        slow = asyncio.create_task(ask(path="/slow"))
        await asyncio.sleep(0)
        assert turns.free == 0
        await asyncio.sleep(0.1)
        assert turns.free == 1
        end.set()
        await asyncio.gather(stream, slow)
        assert turns.free == 1

    run(test())


def test_place_is_given_back_after_a_fault():
    async def test():
        turns = Turns(places=1, waiting=1)

        async def application(scope, receive, send):
            raise OSError("away")

        with pytest.raises(OSError, match="away"):
            await guarded(turns, application)()
        assert turns.free == 1

    run(test())
