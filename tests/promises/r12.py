import threading
import uuid

from tests.promises.load import retry

PROMISE = "a request that is sent twice is done once"
FAULT = "the same key 50 times at once, then again, then with another text; as somebody else"
PROMISED = "1 run a key, the same answer, 409 for another text"


def prove(live, is_full):
    keys = 20 if is_full else 3
    runs = replayed = refused = errors = 0
    with live.api() as api, live.api(login="jonas") as other:
        agent = api.get("/api/v1/agents/").json()[0]["id"]
        for _ in range(keys):
            key = uuid.uuid4().hex
            answers = _at_once(live, agent, key, 50)
            made = {answer.json()["run"] for answer in answers if answer.status_code == 202}
            errors += sum(answer.status_code not in (202, 409) for answer in answers)
            runs += live.sql("SELECT count(*) FROM agents_run WHERE idempotency_key = %s", key, schema="t_acme")[0][0]
            again, changed = _ask(api, agent, key), _ask(api, agent, key, "Something else?")
            replayed += again.status_code == 202 and made == {again.json()["run"]}
            refused += changed.status_code == 409
            errors += _ask(other, agent, key).json()["run"] in made
    reached = f"{runs} runs of {keys} keys, {replayed} replayed, {refused} refused, {errors} errors"
    return reached, runs == replayed == refused == keys and not errors


def _ask(api, agent, key, text="How many days of leave?"):
    return api.post(f"/api/v1/agents/{agent}/chat", json={"text": text}, headers={"Idempotency-Key": key})


def _at_once(live, agent, key, count):
    """Send the same request as often at once; whoever is put off, since the service is full (R8), sends it again."""
    answers, start = [], threading.Barrier(count)
    token = live.token()

    def send():
        with live.http(Authorization=f"Bearer {token}") as client:
            start.wait(30)
            answers.append(retry(lambda: _ask(client, agent, key)))

    threads = [threading.Thread(target=send) for _ in range(count)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return answers
