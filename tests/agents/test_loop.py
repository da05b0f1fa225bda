"""The loop names the next step from the facts alone."""

from dataclasses import replace

from apps.agents.loop import next_step
from apps.agents.types import Brief, CallModel, CallTool, Finish, GiveUp, ModelAnswered, ToolReturned
from apps.providers.types import ChatMessage, ToolCall

BRIEF = Brief("Be brief.", (ChatMessage("user", "Hi"), ChatMessage("assistant", "Hello")), "How?", 5)
SEARCH = ToolCall("1", "search_knowledge", "{}")


def test_a_run_begins_with_the_model_and_its_history():
    step = next_step(BRIEF, [])
    assert isinstance(step, CallModel) and step.may_use_tools
    assert [m.role for m in step.messages] == ["system", "user", "assistant", "user"]


def test_open_tool_calls_come_first_and_one_by_one():
    other = ToolCall("2", "search_knowledge", "{}")
    facts = [ModelAnswered("", (SEARCH, other))]
    assert next_step(BRIEF, facts) == CallTool(SEARCH)
    assert next_step(BRIEF, [*facts, ToolReturned("1", "{}")]) == CallTool(other)


def test_the_result_goes_back_to_the_model():
    step = next_step(BRIEF, [ModelAnswered("", (SEARCH,)), ToolReturned("1", '{"a":1}')])
    assert isinstance(step, CallModel)
    assert step.messages[-1] == ChatMessage("tool", '{"a":1}', tool_call_id="1")


def test_an_answer_without_calls_finishes_with_all_that_was_written():
    facts = [ModelAnswered("Let me look.", (SEARCH,)), ToolReturned("1", "{}"), ModelAnswered("Found.")]
    assert next_step(BRIEF, facts) == Finish("Let me look.\n\nFound.")


def test_the_last_step_may_not_call_tools_again():
    facts = [
        ModelAnswered("", (SEARCH,)),
        ToolReturned("1", "{}"),
        ModelAnswered("", (ToolCall("2", "x", ""),)),
        ToolReturned("2", "{}"),
    ]
    step = next_step(BRIEF, facts)
    assert isinstance(step, CallModel) and not step.may_use_tools


def test_model_that_only_wants_tools_is_given_up_and_not_obeyed():
    facts = []
    for number in range(20):
        step = next_step(replace(BRIEF, max_steps=4), facts)
        if isinstance(step, CallModel):
            facts.append(ModelAnswered("", (ToolCall(f"c{number}", "search", "{}"),)))
        elif isinstance(step, CallTool):
            facts.append(ToolReturned(step.call.id, "{}"))
        else:
            break
    assert isinstance(step, GiveUp) and sum(isinstance(fact, ModelAnswered) for fact in facts) == 3
    wrote = [*facts[:-1], ModelAnswered("This is what I know.", (ToolCall("c", "search", "{}"),))]
    assert next_step(replace(BRIEF, max_steps=4), wrote) == Finish("This is what I know.")
