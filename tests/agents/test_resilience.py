"""What a run does when its model fails: the breaker, the models asked instead, the page told to discard."""

import pytest

from apps.agents.services import runs as services
from apps.providers import breaker
from apps.providers.models import Provider, ProviderModel
from apps.providers.registry import candidates
from tests.agents.test_runs import due_now, finished
from tests.standin.server import StandIn, fails, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def spare(scripted, agent):
    """A second provider, whose model is asked when the agent's own fails."""
    with StandIn() as server:
        provider = Provider.objects.create(name="Spare", kind="openai_compatible", base_url=server.url)
        agent.model.fallback = ProviderModel.objects.create(provider=provider, name="spare")
        agent.model.save()
        yield server


@pytest.fixture(autouse=True)
def closed_breakers(scripted, agent):
    breaker.reset(agent.model.provider)
    yield
    breaker.reset(agent.model.provider)


def asked(member, agent):
    return services.start_run(actor=member, agent=agent, question="Hello?")


@pytest.mark.parametrize("fault", [fails(503), fails(429), fails(401), fails(404), says("a b c", cut_after=2)])
def test_next_model_answers_at_once(member, agent, scripted, spare, work, fault):
    scripted.script(fault)
    spare.script(says("From the spare."))
    run = asked(member, agent)
    work("agents")
    assert (finished(run).state, run.answer) == ("succeeded", "From the spare.")
    [event] = run.events.all()
    assert (event.name, event.payload["provider"]) == ("spare", "Spare")
    assert len(scripted.asked) == 1


def test_half_an_answer_is_discarded_before_the_next_model_writes(member, agent, scripted, spare, work, monkeypatch):
    from apps.agents.runs.turn import Turn

    told = []
    kept = Turn.publish
    monkeypatch.setattr(
        Turn, "publish", lambda self, kind, **data: (told.append((kind, data)), kept(self, kind, **data))
    )
    scripted.script(says("one two three", cut_after=2))
    asked(member, agent)
    work("agents")
    assert [kind for kind, data in told].count("discard") == 2  # at the start, and after the break
    assert told[1] == ("discard", {"text": ""})


def test_refusal_is_not_taken_elsewhere(member, agent, scripted, spare, work):
    from tests.standin.server import raw

    chunk = '{"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}'
    scripted.script(raw(f"data: {chunk}", "data: [DONE]"))
    run = asked(member, agent)
    work("agents")
    assert (finished(run).state, len(spare.asked)) == ("failed", 0)
    assert "content filter" in run.error


def test_breaker_opens_after_five_and_the_spare_is_asked_alone(member, agent, scripted, spare, work):
    scripted.script(fails(500))
    for _ in range(7):
        run = asked(member, agent)
        work("agents")
        assert finished(run).state == "succeeded"
    assert len(scripted.asked) == 5
    seen = breaker.state_of(agent.model.provider)
    assert seen.state == "open" and 0 < seen.retry_in_s <= 30


def test_half_open_lets_one_try_and_closes_when_it_answers(agent, scripted, monkeypatch):
    provider = agent.model.provider
    for _ in range(5):
        with pytest.raises(breaker.TransientError), breaker.guarded(provider):
            raise breaker.TransientError
    with pytest.raises(breaker.Paused) as caught, breaker.guarded(provider):
        pass
    assert 0 < caught.value.retry_after_s <= 30
    now = breaker.time.time()
    monkeypatch.setattr(breaker.time, "time", lambda: now + 31)
    assert breaker.state_of(provider).state == "half_open"
    with breaker.guarded(provider):
        with pytest.raises(breaker.Paused), breaker.guarded(provider):
            pass
    assert breaker.state_of(provider).state == "closed"


def test_being_too_fast_opens_no_breaker(agent, scripted):
    for _ in range(9):
        with pytest.raises(breaker.RateLimited), breaker.guarded(agent.model.provider):
            raise breaker.RateLimited(retry_after_s=1)
    assert breaker.state_of(agent.model.provider).state == "closed"


def test_open_breaker_makes_the_run_wait_and_then_go_on(member, agent, scripted, work):
    for _ in range(5):
        with pytest.raises(breaker.TransientError), breaker.guarded(agent.model.provider):
            raise breaker.TransientError
    run = asked(member, agent)
    work("agents")
    assert finished(run).state in ("queued", "running", "waiting") and len(scripted.asked) == 0
    breaker.reset(agent.model.provider)
    due_now()
    work("agents")
    assert finished(run).state == "succeeded"


def test_chain_leaves_out_circles_and_providers_switched_off(agent, scripted, spare):
    first, second = agent.model, agent.model.fallback
    second.fallback = first
    second.save()
    assert candidates(first) == [first, second]
    Provider.objects.filter(pk=second.provider_id).update(is_active=False)
    assert candidates(first) == [first]


def test_provider_switched_off_is_told_at_once(member, agent, scripted, work):
    Provider.objects.filter(pk=agent.model.provider_id).update(is_active=False)
    run = asked(member, agent)
    work("agents")
    assert finished(run).state == "failed" and "switched off" in run.error and not scripted.asked
