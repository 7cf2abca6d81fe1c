#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the API's answers have the shape that its own OpenAPI document says?

Usage: conform.py SOCKET < CALLS, a call a line: METHOD PATH STATUS [BODY]
Makes each call, and judges status and body by the document. Prints what does not fit, and each route
that was never answered well. Needs python3-jsonschema.
"""
import http.client
import json
import re
import socket
import sys

import jsonschema


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


def call(path, method, target, body=None):
    c = Connection(path)
    c.request(method, target, body, {"Content-Type": "application/json"} if body is not None else {})
    r = c.getresponse()
    kind = r.getheader("Content-Type", "").split(";")[0]
    text = b"" if kind == "text/event-stream" else r.read()
    c.close()
    return r.status, kind, text


def find(doc, method, target):
    """The route, and its pattern."""
    path = target.split("?")[0]
    exact_first = sorted(doc["paths"].items(), key=lambda item: "{" in item[0])
    for pattern, methods in exact_first:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and method.lower() in methods:
            return pattern, methods[method.lower()]
    return None, None


def judge(doc, route, status, kind, text):
    answers = route["responses"]
    answer = answers.get(str(status), answers["default"] if status >= 400 else None)
    if answer is None:
        return f"status {status} is not described"
    if kind not in answer["content"]:
        return f"content type {kind} is not described"
    if kind != "application/json":
        return None
    schema = dict(answer["content"][kind]["schema"], components=doc["components"])
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    found = [f"{e.json_path}: {e.message}"[:300] for e in checker.iter_errors(json.loads(text))]
    return "; ".join(found[:5]) or None


def check_body(doc, route, body, status):
    """What was taken must have been allowed to be said."""
    if body is None or status >= 400:
        return None
    described = route.get("requestBody")
    if described is None:
        return "a body is not described" if body != "{}" else None
    schema = dict(described["content"]["application/json"]["schema"], components=doc["components"])
    found = list(jsonschema.Draft202012Validator(schema).iter_errors(json.loads(body)))
    return f"body: {found[0].message}" if found else None


def main():
    path, bad, seen = sys.argv[1], 0, set()
    doc = json.loads(call(path, "GET", "/api/v1/openapi.json")[2])
    for schema in doc["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for line in sys.stdin:
        if not line.strip() or line.startswith("#"):
            continue
        method, target, wanted, *body = line.split(None, 3)
        body = body[0].strip() if body else None
        target = target if target in ("/healthz", "/metrics") or target.startswith("/healthz?") else "/api/v1" + target
        pattern, route = find(doc, method, target)
        status, kind, text = call(path, method, target, body)
        wrong = "is in no route" if route is None else None
        if str(status) != wanted:
            wrong = f"status {status} instead of {wanted}: {text[:200]!r}"
        if not wrong:
            wrong = judge(doc, route, status, kind, text) or check_body(doc, route, body, status)
        if wrong:
            print(f"{method} {target}: {wrong}")
            bad += 1
        elif status < 400 or pattern == "/healthz":
            seen.add((method, pattern))
    for pattern, methods in doc["paths"].items():
        for method in methods:
            if (method.upper(), pattern) not in seen:
                print(f"{method.upper()} {pattern}: was never answered well")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
