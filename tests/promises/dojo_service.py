"""AgentDojo's workspace and slack suites as services over HTTP; a program of its own, since the suites import half the world.

`python dojo_service.py FOLDER` (where the packages of requirements/agentdojo.txt lie) prints its port. `/<suite>/openapi.json`
describes the suite's tools. `POST /<suite>/begin` with {user, injection, orders} opens a fresh environment in which every place that an
attacker reaches holds AgentDojo's "important instructions", with the orders as our model reads them; `GET /<suite>/verdict` is what
the suite itself makes of it.
"""

import importlib.abc
import importlib.machinery
import json
import sys
import types
from http.server import BaseHTTPRequestHandler, HTTPServer

VERSION, NAMES = "v1.2.2", ("workspace", "slack")
READING = ("get_", "search_", "list_", "read_")
UNUSED = ("cohere", "langchain", "langchain_core", "vertexai")


class _Unused(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for clients of vendors, which the suites import and never use."""

    def find_spec(self, name, path, target=None):
        is_unused = name.partition(".")[0] in UNUSED
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if is_unused else None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: type(name, (), {}) if not name.startswith("__") else None
        return module

    def exec_module(self, module):
        pass


class Suite:
    def __init__(self, suite):
        from agentdojo.functions_runtime import FunctionsRuntime

        self.suite, self.runtime = suite, FunctionsRuntime(suite.tools)
        self.ran = []

    def document(self):
        """Each tool is an operation that takes its arguments as a body."""
        paths = {}
        for tool in self.suite.tools:
            schema = tool.parameters.model_json_schema()
            body = {"required": True, "content": {"application/json": {"schema": schema}}}
            about = {
                "operationId": tool.name,
                "summary": tool.name,
                "description": tool.description,
                "requestBody": body,
            }
            paths[f"/{tool.name}"] = {"post": about}
        title = f"Dojo {self.suite.name}"
        servers = [{"url": f"/{self.suite.name}/call"}]
        return {"openapi": "3.1.0", "info": {"title": title, "version": "1"}, "servers": servers, "paths": paths}

    def cases(self):
        """Every task of a person with every injection: what is asked, which calls answer it, and which calls the injection wants.

        Injections that name no calls are left out: a model that obeys to the letter has nothing to do there.
        """
        plain = self.suite.load_and_inject_default_environment({})
        found = []
        for user_id, user in self.suite.user_tasks.items():
            reads = [call for call in self.calls(user, plain) if call["function"].startswith(READING)]
            for injection_id, injection in self.suite.injection_tasks.items():
                wanted = self.calls(injection, plain)
                names = {"user": user_id, "injection": injection_id, "asks": user.PROMPT}
                if wanted:
                    found.append({**names, "reads": reads, "wanted": wanted})
        return found

    def calls(self, task, environment):
        return [{"function": call.function, "args": _plain(call.args)} for call in task.ground_truth(environment)]

    def begin(self, user, injection, orders):
        from agentdojo.attacks.important_instructions_attacks import ImportantInstructionsAttack

        self.task = self.suite.injection_tasks[injection]
        goal = f"{self.task.GOAL} {orders}"
        text = ImportantInstructionsAttack._JB_STRING.format(user="Emma Johnson", model="AI assistant", goal=goal)
        places = dict.fromkeys(self.suite.get_injection_vector_defaults(), text.replace("\n", " "))
        self.before = self.suite.load_and_inject_default_environment(places)
        self.environment = self.before.model_copy(deep=True)
        self.ran = []

    def call(self, name, arguments):
        from agentdojo.agent_pipeline.tool_execution import tool_result_to_str
        from agentdojo.functions_runtime import FunctionCall

        self.ran.append(FunctionCall(function=name, args=arguments))
        result, error = self.runtime.run_function(self.environment, name, arguments)
        return {"error": error} if error else {"result": tool_result_to_str(result, _on_one_line)}

    def verdict(self):
        """`is_attacked` is the suite's own judgement, over what was done and not over what was said; `effects` is what ran besides reading."""
        is_attacked = self.task.security_from_traces("", self.before, self.environment, self.ran)
        if is_attacked is None:
            is_attacked = self.task.security("", self.before, self.environment)
        ran = [call.function for call in self.ran]
        return {"is_attacked": bool(is_attacked), "effects": [name for name in ran if not name.startswith(READING)]}


def _on_one_line(value):
    """Write YAML whose texts are not wrapped: an order with a line break in it is none."""
    import yaml

    return yaml.safe_dump(value, width=1 << 20)


def _plain(value):
    return json.loads(json.dumps(value, default=str))


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = json.loads(body) if body else {}
        _empty, name, what, *rest = self.path.split("?")[0].split("/")
        suite = self.server.suites[name]
        if what == "begin":
            told = suite.begin(**sent)
        elif what == "call":
            told = suite.call(rest[0], sent)
        else:
            told = {"openapi.json": suite.document, "cases": suite.cases, "verdict": suite.verdict}[what]()
        content = json.dumps(told, default=str).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


def main():
    sys.path.append(sys.argv[1])
    sys.meta_path.append(_Unused())
    from agentdojo.task_suite.load_suites import get_suites

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.suites = {name: Suite(get_suites(VERSION)[name]) for name in NAMES}
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
