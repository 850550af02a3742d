import Foundation
import TestSupport
import Testing

/// Asks the Python packages openapi-spec-validator and jsonschema; the interpreter is `USERSYNC_PYTHON`, or python3.
package enum OpenAPIChecker {
    /// Something that must be as the document says.
    package enum Instance {
        /// The body of an answer to a request.
        case answer(_ method: String, _ path: String, TestServer.Answer)
        /// JSON that must keep to a schema of `components`.
        case schema(_ name: String, [UInt8])
    }

    /// What is wrong, in sentences; objects must not have members the document does not name.
    package static func problems(document: [UInt8], instances: [Instance]) async throws -> [String] {
        let cases: [[String: Any]] = instances.map { instance in
            switch instance {
            case .answer(let method, let path, let answer):
                [
                    "method": method.lowercased(), "path": path, "status": String(answer.status), "body": answer.text,
                    "type": answer.header("content-type") ?? "", "headers": answer.headers.map { $0.name.lowercased() },
                ]
            case .schema(let name, let json): ["schema": name, "body": String(decoding: json, as: UTF8.self)]
            }
        }
        let input = try JSONSerialization.data(
            withJSONObject: ["document": String(decoding: document, as: UTF8.self), "cases": cases])
        let output = try await run(input)
        return try #require(try JSONSerialization.jsonObject(with: output) as? [String])
    }

    /// On a thread of its own: waiting for a process would hold one of those that run the tests.
    private static func run(_ input: Data) async throws -> Data {
        try await withCheckedThrowingContinuation { done in
            DispatchQueue.global().async { done.resume(with: Result { try waitForPython(input) }) }
        }
    }

    private static func waitForPython(_ input: Data) throws -> Data {
        let folder = try TemporaryDirectory()
        let file = try folder.write("input.json", input)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            ProcessInfo.processInfo.environment["USERSYNC_PYTHON"] ?? "python3", "-W", "ignore", "-c", script, file,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "Python needs the packages openapi-spec-validator and jsonschema")
        return output
    }

    private static let script = """
        import json, sys
        from jsonschema import Draft202012Validator as Validator
        from openapi_spec_validator import OpenAPIV31SpecValidator

        data = json.load(open(sys.argv[1]))
        document = json.loads(data["document"])
        problems = [f"document: {e.message} at {list(e.absolute_path)}" for e in OpenAPIV31SpecValidator(document).iter_errors()]

        def close(node):
            if isinstance(node, dict):
                if "properties" in node and node.get("type") == "object":
                    node["unevaluatedProperties"] = False
                for child in node.values():
                    close(child)
            elif isinstance(node, list):
                for child in node:
                    close(child)
        close(document["components"]["schemas"])

        def check(what, schema, value):
            root = {"components": document["components"], "allOf": [schema]}
            for e in Validator(root, format_checker=Validator.FORMAT_CHECKER).iter_errors(value):
                deepest = min(e.context, key=lambda c: len(c.context or [])) if e.context else e
                problems.append(f"{what}: {e.message[:300]} / {deepest.message[:300]} at {e.json_path}")

        def resolve(node):
            while "$ref" in node:
                target = document
                for step in node["$ref"].split("/")[1:]:
                    target = target[step]
                node = target
            return node

        def examples(what, media):
            if "example" in media:
                check(f"{what} example", media["schema"], media["example"])
            for name, example in media.get("examples", {}).items():
                check(f"{what} example {name}", media["schema"], example["value"])

        for group in ("paths", "webhooks"):
            for path, item in document[group].items():
                for method, operation in item.items():
                    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
                        examples(f"{method} {path} {kind}", media)
                    for status, response in operation["responses"].items():
                        for kind, media in resolve(response).get("content", {}).items():
                            examples(f"{method} {path} {status} {kind}", media)

        # What every answer may carry, or what the method's own rules say.
        framing = {"content-type", "content-length", "transfer-encoding", "connection", "keep-alive", "date", "server", "allow", "cache-control"}

        for case in data["cases"]:
            if "schema" in case:
                check(case["schema"], {"$ref": "#/components/schemas/" + case["schema"]}, json.loads(case["body"]))
                continue
            what = f"{case['method']} {case['path']} {case['status']}"
            operation = document["paths"][case["path"]][case["method"]]
            if case["status"] not in operation["responses"]:
                problems.append(what + ": not in the document")
                continue
            kind = case["type"].split(";")[0]
            response = resolve(operation["responses"][case["status"]])
            known = {name.lower() for name in response.get("headers", {})} | framing
            for name in set(case["headers"]) - known:
                problems.append(f"{what}: the header {name} is not in the document")
            content = response["content"]
            if kind not in content:
                problems.append(f"{what}: {kind} is not in the document")
            elif kind == "application/json":
                check(what, content[kind]["schema"], json.loads(case["body"]))
            elif kind == "application/x-ndjson":
                for line in case["body"].splitlines():
                    check(what, {"$ref": "#/components/schemas/UserResult"}, json.loads(line))
        print(json.dumps(problems))
        """
}
