"""Answers to the requests of the Agent2Agent protocol, as its official SDK calls them, for one person at one address."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NoReturn

from a2a.server.context import ServerCallContext
from a2a.server.events.event_queue import Event
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types import (
    AgentCard,
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
)
from a2a.utils.errors import (
    A2AError,
    ContentTypeNotSupportedError,
    InternalError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

from apps.accounts.models import User
from apps.agents.live import follow
from apps.agents.models import Run
from apps.core.database.pool import release_connection
from apps.core.errors import DomainError
from apps.core.models import is_storable
from apps.core.sockets import query
from apps.protocols.agent_to_agent import tasks, telling


@dataclass(frozen=True)
class Tasks(RequestHandler):
    """The tasks of one person; `name` is the agent whose address it is, empty where the one that fits is asked."""

    tenant: Any
    person: User
    name: str
    address: str

    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task | Message:
        run, place = await self._begun(params.message)
        if not params.configuration.return_immediately:
            await query(release_connection)
            async with aclosing(follow(self.tenant, run.pk)) as events:
                async for event in events:
                    if event is not None and event.kind == "approval":
                        break  # people decide here, perhaps tomorrow: whoever asked looks again
            run = await self._fresh(run)
        return await query(telling.task_of, run, place)

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        run, place = await self._begun(params.message)
        async for event in self._told(run, place):
            yield event

    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        run = await self._found(params.id)
        if run.is_final:
            raise UnsupportedOperationError("The task has ended: there is nothing to wait for. Get it instead.")
        place = (await query(tasks.contexts_of, [run])).get(run.pk, "")
        async for event in self._told(run, place):
            yield event

    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
        run = await self._found(params.id)
        place = (await query(tasks.contexts_of, [run])).get(run.pk, "")
        wants_history = not params.HasField("history_length") or params.history_length > 0
        return await query(lambda: telling.task_of(run, place, history=wants_history))

    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        most = min(params.page_size or 50, tasks.MOST_LISTED)
        if most < 1:
            raise InvalidParamsError("pageSize: at least 1.")
        asked: dict[str, Any] = {
            "context": params.context_id,
            "states": telling.states_behind(params.status),
            "after": params.page_token,
        }
        page, total, following = await self._asked(lambda: tasks.listed(self.person, self.name, most=most, **asked))
        places = await query(tasks.contexts_of, page)
        has = {"history": params.history_length > 0, "artifacts": params.include_artifacts}
        rows = await query(lambda: [telling.task_of(run, places.get(run.pk, ""), **has) for run in page])
        return ListTasksResponse(tasks=rows, next_page_token=following, page_size=most, total_size=total)

    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task | None:
        run = await self._found(params.id)
        if run.is_final:
            raise TaskNotCancelableError("The task has ended.")
        stopped = await self._asked(lambda: tasks.stop(actor=self.person, run=run))
        place = (await query(tasks.contexts_of, [run])).get(run.pk, "")
        return await query(telling.task_of, stopped, place)

    async def on_get_extended_agent_card(
        self, params: GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> AgentCard:
        return await self._asked(lambda: telling.card(self.tenant, self.address, tasks.askable(self.person, self.name)))

    async def on_create_task_push_notification_config(self, params: Any, context: Any) -> TaskPushNotificationConfig:
        _no_push()

    async def on_get_task_push_notification_config(self, params: Any, context: Any) -> TaskPushNotificationConfig:
        _no_push()

    async def on_list_task_push_notification_configs(self, params: Any, context: Any) -> Any:
        _no_push()

    async def on_delete_task_push_notification_config(self, params: Any, context: Any) -> None:
        _no_push()

    async def _begun(self, message: Message) -> tuple[Run, str]:
        if message.task_id:
            raise UnsupportedOperationError("Tasks take no further messages. Send it with the contextId alone.")
        if any(part.WhichOneof("content") != "text" for part in message.parts):
            raise ContentTypeNotSupportedError("Only parts of text are taken.")
        said = {"text": "\n\n".join(part.text for part in message.parts), "context": message.context_id}
        if not is_storable(said) or not is_storable(message.message_id):
            raise InvalidParamsError("A text holds a character that cannot be stored.")
        asked: dict[str, Any] = {"actor": self.person, "name": self.name, "key": message.message_id, **said}
        run = await self._asked(lambda: tasks.begin(**asked))
        return run, (await query(tasks.contexts_of, [run])).get(run.pk, "")

    async def _told(self, run: Run, place: str) -> AsyncGenerator[Event, None]:
        """Tell the task as it stands, the answer piece by piece, then the whole with its citations and how it ended."""
        yield await query(lambda: telling.task_of(run, place, artifacts=False))
        await query(release_connection)
        has_begun, is_working = False, run.state == Run.State.RUNNING
        async with aclosing(follow(self.tenant, run.pk)) as events:
            async for event in events:
                if event is None or event.kind == "end":
                    continue
                if not is_working:
                    is_working = True
                    begun = await self._fresh(run)
                    if not begun.is_final:  # one that is over by now tells so at the end
                        yield await query(telling.status, begun, place)
                if event.kind in ("text", "discard"):
                    text = event.data["d" if event.kind == "text" else "text"]
                    if text or has_begun:
                        yield telling.piece(str(run.pk), place, text, append=has_begun and event.kind == "text")
                        has_begun = True
        run = await self._fresh(run)
        if run.answer:
            yield await query(telling.whole, run, place)
        yield await query(telling.status, run, place)

    async def _found(self, key: str) -> Run:
        return await self._asked(lambda: tasks.found(self.person, key, self.name))

    async def _fresh(self, run: Run) -> Run:
        return await query(Run.objects.select_related("agent").get, pk=run.pk)

    async def _asked(self, function: Callable[[], Any]) -> Any:
        """Call one of ours; what is wrong becomes an error of the protocol."""
        try:
            return await query(function)
        except DomainError as error:
            raise _as_told(error) from error


def _as_told(error: DomainError) -> A2AError:
    words, data = str(error.message), {"code": error.code}
    if retry_after_s := getattr(error, "retry_after_s", None):
        return InternalError(words, {**data, "retryAfterSeconds": retry_after_s})
    if error.status == 404 and error.field == "id":
        return TaskNotFoundError(words, data)
    return InvalidParamsError(words, data)


def _no_push() -> NoReturn:
    raise PushNotificationNotSupportedError("Follow a task with SubscribeToTask, or have a webhook told of all runs.")
