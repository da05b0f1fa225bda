"""The official client of the Agent2Agent protocol, unchanged, hands tasks to agents of the running product."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from uuid import uuid4

import anyio
import httpx
import pytest
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import (
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskState,
)
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from google.protobuf.json_format import MessageToDict

from tests.live import wait_for
from tests.standin.server import calls, says

pytestmark = pytest.mark.browser
SCOPES = ["agents:read", "agents:write"]
DONE = TaskState.TASK_STATE_COMPLETED


@pytest.fixture
def use(live, key):
    """Have a function of a connected client run; `path` is the agent's, empty for the organisation's."""

    def run(function, path="", streaming=True, **about):
        async def connected():
            headers = {"Authorization": f"Bearer {key(**({'scopes': SCOPES} | about))}"}
            async with httpx.AsyncClient(headers=headers, timeout=60, trust_env=False) as wire:
                base = f"http://localhost:{live.port}"
                card = await A2ACardResolver(wire, f"{base}/a2a/{path}" if path else base).get_agent_card()
                client = ClientFactory(ClientConfig(streaming=streaming, httpx_client=wire)).create(card)
                return await function(client, card)

        with ThreadPoolExecutor(1) as apart:  # Playwright has a loop of its own in this thread
            return apart.submit(anyio.run, connected).result()

    return run


def question(text="How many days of annual leave do I get?", *, wait=True, **about):
    message = Message(message_id=str(uuid4()), role=Role.ROLE_USER, parts=[Part(text=text)]) if text else Message()
    for name, value in about.items():
        if name == "parts":
            del message.parts[:]
            message.parts.extend(value)
        else:
            setattr(message, name, value)
    return SendMessageRequest(message=message, configuration=SendMessageConfiguration(return_immediately=not wait))


async def answers(client, request):
    return [each async for each in client.send_message(request)]


def texts(artifact):
    return "".join(part.text for part in artifact.parts)


def cited(artifact):
    return [
        row["document"]
        for part in artifact.parts
        if part.HasField("data")
        for row in MessageToDict(part)["data"]["citations"]
    ]


def test_task_with_its_answer_and_what_it_cites(use):
    async def talk(client, card):
        [answer] = await answers(client, question())
        task = answer.task
        return card, task, await client.get_task(GetTaskRequest(id=task.id))

    card, task, again = use(talk, "handbook-guide", streaming=False)
    assert card.name == "Handbook guide" and card.capabilities.streaming
    assert task.status.state == DONE and task.context_id
    assert "28 days" in texts(task.artifacts[0]) and cited(task.artifacts[0]) == ["Staff handbook.pdf"]
    assert again.history[0].parts[0].text.startswith("How many days") and again.artifacts == task.artifacts


def test_task_is_told_while_it_is_worked_on(use, vendor):
    words = [f"word{n} " for n in range(12)]
    vendor.script(says("", tokens=words, delay_s=0.05))

    async def talk(client, card):
        return await answers(client, question("Hello?"))

    first, *rest = use(talk, "handbook-guide")
    pieces = [each.artifact_update for each in rest if each.HasField("artifact_update")]
    states = [each.status_update.status.state for each in rest if each.HasField("status_update")]
    assert first.HasField("task") and not first.task.artifacts
    assert states[-1] == DONE and set(states[:-1]) <= {TaskState.TASK_STATE_WORKING}
    assert len(pieces) > 3 and pieces[-1].last_chunk and not pieces[-1].append
    shown = ""
    for piece in pieces[:-1]:
        shown = shown + texts(piece.artifact) if piece.append else texts(piece.artifact)
    assert shown.strip() == texts(pieces[-1].artifact).strip() == "".join(words).strip()


def test_context_goes_on_and_the_same_message_is_one_task(use, vendor):
    vendor.script(says("First."), says("Second."))

    async def talk(client, card):
        asked = question("One?")
        [one] = await answers(client, asked)
        [same] = await answers(client, asked)
        [two] = await answers(client, question("Two?", context_id=one.task.context_id))
        listed = await client.list_tasks(
            ListTasksRequest(context_id=one.task.context_id, page_size=1, include_artifacts=True)
        )
        rest = await client.list_tasks(
            ListTasksRequest(context_id=one.task.context_id, page_size=1, page_token=listed.next_page_token)
        )
        done = await client.list_tasks(ListTasksRequest(context_id=one.task.context_id, status=DONE))
        return one.task, same.task, two.task, listed, rest, done

    one, same, two, listed, rest, done = use(talk, "handbook-guide", streaming=False)
    assert one.id == same.id != two.id and two.context_id == one.context_id
    assert [task.id for task in listed.tasks] == [two.id] and texts(listed.tasks[0].artifacts[0]) == "Second."
    assert [task.id for task in rest.tasks] == [one.id] and not rest.next_page_token and not rest.tasks[0].artifacts
    assert listed.total_size == 2 and len(done.tasks) == 2


def test_organisation_has_the_fitting_agent_answer_and_says_to_keys_which_there_are(use, live):
    async def talk(client, card):
        [answer] = await answers(client, question())
        return card, answer.task, await client.get_extended_agent_card(GetExtendedAgentCardRequest())

    card, task, extended = use(talk, streaming=False)
    assert [skill.id for skill in card.skills] == ["ask"] and "Handbook" not in str(card)
    assert "Handbook guide" in {skill.name for skill in extended.skills}
    assert task.status.state == DONE and "28 days" in texts(task.artifacts[0])
    with live.http() as anybody:
        assert anybody.get("/.well-known/agent-card.json").status_code == 200
        assert anybody.get("/a2a/handbook-guide/.well-known/agent-card.json").status_code == 401
        assert anybody.post("/a2a", json={}).status_code == 401


def test_task_goes_on_when_nobody_waits_is_followed_again_and_stopped(use, vendor):
    vendor.script(says("", tokens=["slow "] * 100, delay_s=0.2))

    async def talk(client, card):
        seen, stopped = [], None
        async with aclosing(client.send_message(question("Hello?"))) as stream:
            begun = await anext(stream)
        async for each in client.subscribe(SubscribeToTaskRequest(id=begun.task.id)):
            seen.append(each)
            if each.HasField("artifact_update") and stopped is None:
                stopped = await client.cancel_task(CancelTaskRequest(id=begun.task.id))
        with pytest.raises(TaskNotCancelableError):
            await client.cancel_task(CancelTaskRequest(id=begun.task.id))
        with pytest.raises(UnsupportedOperationError):
            [each async for each in client.subscribe(SubscribeToTaskRequest(id=begun.task.id))]
        return begun.task, seen

    begun, seen = use(talk, "handbook-guide")
    assert begun.status.state in (TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING)
    assert seen[-1].status_update.status.state == TaskState.TASK_STATE_CANCELED


def test_who_does_not_want_to_wait_gets_the_task_at_once(use, vendor):
    vendor.script(says("Later.", delay_s=1.0))

    async def talk(client, card):
        [begun] = await answers(client, question("Hello?", wait=False))
        task = begun.task
        while task.status.state != DONE:
            await anyio.sleep(0.2)
            task = await client.get_task(GetTaskRequest(id=task.id, history_length=0))
        return begun.task, task

    begun, task = use(talk, "handbook-guide", streaming=False)
    assert begun.status.state in (TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING)
    assert texts(task.artifacts[0]) == "Later." and not task.history


def test_what_waits_for_people_keeps_nobody_waiting(use, live, vendor):
    vendor.script(calls("calculate", {"expression": "6*7"}), says("It is 42."))
    with live.api() as api:
        agent = next(a for a in api.get("/api/v1/agents/").json() if a["name"] == "Handbook guide")["id"]
        tools = f"/api/v1/agents/{agent}/tools"
        assert api.put(tools, json={"tools": [{"tool": "calculate", "consent": "always"}]}).status_code == 200

        async def ask(client, card):
            [begun] = await answers(client, question("What is 6*7?"))
            return begun.task

        task = use(ask, "handbook-guide", streaming=False)
        assert task.status.state == TaskState.TASK_STATE_WORKING and task.status.message.parts[0].text == "Waiting"
        waits = next(row for row in api.get("/api/v1/approvals/").json()["results"] if row["run"] == task.id)
        decided = api.post(f"/api/v1/approvals/{waits['id']}/approve", json={"digest": waits["digest"]})
        assert decided.status_code in (200, 202), decided.text
        wait_for(lambda: api.get(f"/api/v1/runs/{task.id}").json()["state"] == "succeeded")
        assert api.put(tools, json={"tools": []}).status_code == 200


def test_what_cannot_be_is_told_as_the_protocol_does(use):
    async def talk(client, card):
        [mine] = await answers(client, question())
        for request, error in (
            (question(parts=[Part(url="https://example.com/a.pdf")]), ContentTypeNotSupportedError),
            (question(" "), InvalidParamsError),
            (question("a\0b"), InvalidParamsError),
            (question(context_id=str(uuid4())), InvalidParamsError),
            (question(task_id=mine.task.id), UnsupportedOperationError),
        ):
            with pytest.raises(error):
                await answers(client, request)
        for page in ("x", "2026-01-01|x", "2026-01-01T00:00:00+00:00|x"):
            with pytest.raises(InvalidParamsError):
                await client.list_tasks(ListTasksRequest(page_token=page))
        return mine.task.id

    mine = use(talk, "handbook-guide", streaming=False)

    async def look(client, card):
        for key in (mine, str(uuid4()), "x"):
            with pytest.raises(TaskNotFoundError):
                await client.get_task(GetTaskRequest(id=key))
        return await client.list_tasks(ListTasksRequest())

    others = use(look, "handbook-guide", login="jonas")
    assert mine not in {task.id for task in others.tasks}


def test_clients_of_the_former_version_are_answered(live, key):
    headers = {"Authorization": f"Bearer {key(scopes=SCOPES)}"}
    said = {"messageId": str(uuid4()), "role": "user", "kind": "message", "parts": [{"kind": "text", "text": "Leave?"}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": {"message": said}}
    with live.http(**headers) as client:
        told = client.post("/a2a/handbook-guide", json=body).json()
        assert told["result"]["kind"] == "task" and told["result"]["status"]["state"] == "completed"
        body["method"] = "tasks/get"
        body["params"] = {"id": told["result"]["id"]}
        assert client.post("/a2a/handbook-guide", json=body).json()["result"]["id"] == told["result"]["id"]
        assert client.post("/a2a/nobody", json=body).status_code == 404
    reading = {"Authorization": f"Bearer {key(scopes=['agents:read'])}"}
    with live.http(**reading) as client:
        assert client.post("/a2a/handbook-guide", json=body).status_code == 403
