"""`python -m deploy.contracts [--check]`: write the promises that others build on, or see that they hold.

contracts/schemas/ gets the JSON Schema of every event, AsyncAPI 3 of the topics, OpenAPI 3.1 of each service
and the gateway's GraphQL schema; docs/problems/ a page for each refusal. All of it is committed, so a
change of a promise is seen in review; `--check` exits 1 where the files and the code differ.
"""

import argparse
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI

from contracts.events import eligibility, facilities, payments, registry
from contracts.events.base import Event, MonthFactsClosed
from contracts.problems import PROBLEMS
from contracts.topics import MONTH_FACTS_CLOSED, PUBLIC_PAYMENTS, TOPICS, Topic
from deploy.local import keys
from gateway.export import sdl
from libs.common.kernel.sharding import SHARDS

_ROOT = Path(__file__).parents[1]
_SCHEMAS = Path("contracts/schemas")
_PROBLEMS = Path("docs/problems")
SERVICES = ("registry", "eligibility", "payments", "facilities")
_AGENCIES = {"examples": ["970405", "VNPOST"]}
_MODULES = (registry, facilities, eligibility, payments)


def files() -> dict[Path, str]:
    """Every generated file: its path below the root, and its text."""
    made = {_SCHEMAS / "gateway.graphql": sdl(), _SCHEMAS / "asyncapi.json": _json(_asyncapi())}
    for topic in (*TOPICS, PUBLIC_PAYMENTS):
        for name in topic.types:
            made[_SCHEMAS / "events" / f"{name}.json"] = _json(_event(name).model_json_schema())
    made[_SCHEMAS / "events" / f"{MONTH_FACTS_CLOSED}.json"] = _json(MonthFactsClosed.model_json_schema())
    for service in SERVICES:
        made[_SCHEMAS / "openapi" / f"{service}.json"] = _json(unconnected_app(service).openapi())
    for code in PROBLEMS:
        made[_PROBLEMS / f"{code}.md"] = _problem_page(code)
    made[_PROBLEMS / "README.md"] = _problem_index()
    return made


def _event(name: str) -> type[Event]:
    for module in _MODULES:
        found = vars(module).get(name)
        if isinstance(found, type) and issubclass(found, Event):
            return found
    raise AssertionError(f"no model of the event {name} in contracts/events")


def _asyncapi() -> dict[str, Any]:
    messages: dict[str, Any] = {MONTH_FACTS_CLOSED: _message(MONTH_FACTS_CLOSED)}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for topic in (*TOPICS, PUBLIC_PAYMENTS):
        messages.update({name: _message(name) for name in topic.types})
        channels[topic.name] = {
            "address": topic.name,
            "title": f"{topic.publisher} to {', '.join(topic.consumers) or 'integrators'}",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _told_on(topic)},
            "bindings": {"kafka": {"partitions": SHARDS}},
        }
        operations[f"{topic.publisher}.publishes.{topic.name}"] = _operation(topic)
    channels[PUBLIC_PAYMENTS.name]["parameters"] = {
        "paying_agency": {
            "description": "The partner's own code: a bank's BIN or a post office's.",
            **_AGENCIES,
        }
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "An Sinh events",
            "version": "1",
            "description": "CloudEvents 1.0 in Kafka's binary mode; key = aggregate id; at least once.",
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _told_on(topic: Topic) -> tuple[str, ...]:
    """The types of a topic's events: no month is closed on what goes outward only."""
    return topic.types if topic is PUBLIC_PAYMENTS else (*topic.types, MONTH_FACTS_CLOSED)


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": ["ce_id", "ce_type", "ce_source", "ce_specversion", "ce_time"],
            "properties": {
                "ce_id": {"type": "string", "format": "uuid"},
                "ce_type": {"const": name},
                "ce_source": {"type": "string"},
                "ce_specversion": {"const": "1.0"},
                "ce_time": {"type": "string", "format": "date-time"},
                "ce_logepoch": {"type": "string", "description": "Incarnation of the publisher's log."},
            },
        },
        "payload": {"$ref": f"events/{name}.json"},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    channel = f"#/channels/{topic.name}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in _told_on(topic)],
    }


def unconnected_app(service: str) -> FastAPI:
    """The service as its own factory builds it, with keys made up for the occasion and no database."""
    made = keys.generate()
    url = "postgresql://nobody@127.0.0.1/none"
    name = service.upper()
    environment = {
        f"ANSINH_DATABASE_URL_{name}": url,
        f"ANSINH_DATABASE_URL_{name}_MIGRATOR": url,
        f"ANSINH_DATABASE_URL_{name}_BULK": url,
        f"ANSINH_FIELD_KEY_{name}": made.field_key[service],
        f"ANSINH_BLIND_INDEX_KEY_{name}": made.blind_index_key[service],
        "ANSINH_SIGNING_KEYS": made.signing_keys,
        **{f"ANSINH_SEAL_PRIVATE_{to.upper()}": key for to, key in made.seal_private.items()},
        **{f"ANSINH_SEAL_PUBLIC_{to.upper()}": key for to, key in made.seal_public.items()},
    }
    with patch.dict(os.environ, environment):
        made_app: FastAPI = importlib.import_module(f"services.{service}.wiring").app()
    return made_app


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _problem_page(code: str) -> str:
    problem = PROBLEMS[code]
    return (
        f"# {problem.title_vi} · {problem.title_en}\n\n"
        f"| | |\n|---|---|\n| code | `{problem.code}` |\n| HTTP status | {problem.status} |\n\n"
        "The answer's `detail` says what was wrong and what to do next; `errors`, where it stands, names "
        "each field by its path. No answer repeats what was sent.\n\n"
        "`detail` cho biết sai ở đâu và cần làm gì tiếp; `errors`, nếu có, chỉ từng trường theo đường dẫn. "
        "Không câu trả lời nào lặp lại dữ liệu đã gửi.\n"
    )


def _problem_index() -> str:
    rows = "\n".join(
        f"| [`{p.code}`]({p.code}.md) | {p.status} | {p.title_vi} | {p.title_en} |" for p in PROBLEMS.values()
    )
    return (
        "# Problems\n\nEvery refusal is problem+json (RFC 9457) with one of these codes. Written from "
        "contracts/problems.py by `make contracts`.\n\n"
        f"| code | status | tiếng Việt | English |\n|---|---|---|---|\n{rows}\n"
    )


def _stale(made: dict[Path, str]) -> list[str]:
    there = {
        path.relative_to(_ROOT)
        for folder in (_SCHEMAS, _PROBLEMS)
        for path in (_ROOT / folder).rglob("*")
        if path.is_file() and path.name != "__init__.py"
    }
    changed = [path for path, text in made.items() if path not in there or (_ROOT / path).read_text() != text]
    return sorted(str(path) for path in {*changed, *(there - set(made))})


def main() -> None:
    parser = argparse.ArgumentParser(description="Write contracts/schemas and docs/problems from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where they differ")
    asked = parser.parse_args()
    made = files()
    stale = _stale(made)
    if asked.check:
        if stale:
            sys.exit(
                "Differ from the code; run `make contracts` and look at the change:\n" + "\n".join(stale)
            )
        return
    for gone in stale:
        (_ROOT / gone).unlink(missing_ok=True)
    for path, text in made.items():
        (_ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (_ROOT / path).write_text(text)
    print(f"{len(made)} files, {len(stale)} changed")


if __name__ == "__main__":
    main()
