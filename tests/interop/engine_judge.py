"""AWS's own service models as the judge of what is on the wire: replies of the
engine and requests of sagetop. The models are those under SAGETOP_TEST_MODELS
(<service>/service-2.json.gz), else the ones that botocore brings along.

Stricter than an SDK: a member that the model does not know, a missing required
one, a wrong type, a value outside an enumeration, a pattern or a limit are all
problems."""
import gzip
import json
import os
import re
import xml.etree.ElementTree as ET

import botocore.loaders
import botocore.model
import botocore.validate

# What every service's front end may answer, whatever the operation declares.
COMMON_ERRORS = {
    "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "IncompleteSignature",
    "IncompleteSignatureException", "InternalFailure", "InvalidClientTokenId", "InvalidSignatureException",
    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "RequestTimeTooSkewed",
    "SerializationException", "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "ThrottlingException",
    "UnknownOperationException", "UnrecognizedClientException", "ValidationError", "ValidationException",
}
# Documented in prose, not in the model.
S3_ERRORS = {
    "NoSuchBucket", "NoSuchKey", "NoSuchUpload", "BucketAlreadyOwnedByYou", "BucketNotEmpty", "InvalidPart",
    "InvalidPartOrder", "EntityTooSmall", "InvalidRange", "InvalidArgument", "InvalidRequest", "InvalidBucketName",
    "PreconditionFailed", "NotModified", "BadDigest", "InvalidAccessKeyId", "AuthorizationHeaderMalformed",
    "MalformedXML", "MethodNotAllowed", "XAmzContentSHA256Mismatch", "304", "404", "403", "400", "412",
}
# Members and values that the service has and an older botocore does not know yet.
NEWER = {"CompressionType", "SecondaryStatus", "TotalHits", "logGroupArn", "logGroupClass", "Pending"}
SERVICE_OF = {"cloudwatch-logs": "logs", "eventbridge": "events", "application-auto-scaling": "application-autoscaling",
              "sagemaker-runtime": "sagemaker-runtime"}


def load(service):
    """The model, and whether it is the one of the installed botocore."""
    folder = os.environ.get("SAGETOP_TEST_MODELS")
    path = os.path.join(folder, service, "service-2.json.gz") if folder else ""
    if os.path.exists(path):
        with gzip.open(path) as f:
            return json.load(f), False
    return botocore.loaders.Loader().load_service_model(service, "service-2"), True


class Model:
    def __init__(self, service):
        self.service = service
        self.raw, self.is_older = load(service)
        self.shapes = self.raw["shapes"]
        self.botocore = botocore.model.ServiceModel(self.raw, service)

    def operation(self, name):
        return self.raw["operations"].get(name)

    # --- JSON ---------------------------------------------------------------------------
    def check(self, shape_name, value, path, problems, iso_times=False):
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if kind == "structure":
            self.check_structure(shape, value, path, problems, iso_times)
        elif kind == "list":
            if not isinstance(value, list):
                return problems.append(f"{path}: {value!r} is no list")
            self.check_limits(shape, len(value), path, problems)
            for i, item in enumerate(value):
                self.check(shape["member"]["shape"], item, f"{path}[{i}]", problems, iso_times)
        elif kind == "map":
            if not isinstance(value, dict):
                return problems.append(f"{path}: {value!r} is no map")
            self.check_limits(shape, len(value), path, problems)
            for key, item in value.items():
                self.check(shape["key"]["shape"], key, f"{path}<{key}>", problems, iso_times)
                self.check(shape["value"]["shape"], item, f"{path}.{key}", problems, iso_times)
        else:
            self.check_scalar(shape, value, path, problems, iso_times)

    def check_structure(self, shape, value, path, problems, iso_times):
        if not isinstance(value, dict):
            return problems.append(f"{path}: {value!r} is no structure")
        if shape.get("document"):
            return
        for name in shape.get("required", []):
            if name not in value:
                problems.append(f"{path}: {name} is missing")
        for name, item in value.items():
            if name not in shape["members"]:
                if name in NEWER and self.is_older:
                    continue
                problems.append(f"{path}: unknown member {name}")
            else:
                self.check(shape["members"][name]["shape"], item, f"{path}.{name}", problems, iso_times)

    def check_scalar(self, shape, value, path, problems, iso_times):
        kind = shape["type"]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        good = {"string": isinstance(value, str), "boolean": isinstance(value, bool),
                "integer": is_number and float(value).is_integer(), "long": is_number and float(value).is_integer(),
                "float": is_number, "double": is_number, "blob": isinstance(value, str),
                "timestamp": isinstance(value, str) if iso_times else is_number}[kind]
        if not good:
            return problems.append(f"{path}: {value!r} is no {kind}")
        if kind == "string":
            self.check_limits(shape, len(value), path, problems)
            if "enum" in shape and value not in shape["enum"] and not (self.is_older and value in NEWER):
                problems.append(f"{path}: {value!r} is not in the enumeration")
            if "pattern" in shape and not matches(shape["pattern"], value):
                problems.append(f"{path}: {value!r} does not match {shape['pattern']}")
        elif kind in ("integer", "long", "float", "double"):
            self.check_limits(shape, value, path, problems)

    @staticmethod
    def check_limits(shape, n, path, problems):
        if "min" in shape and n < shape["min"] or "max" in shape and n > shape["max"]:
            problems.append(f"{path}: {n} is not in {shape.get('min')}..{shape.get('max')}")

    # --- XML ----------------------------------------------------------------------------
    def from_xml(self, shape_name, element, path, problems, flattened=False):
        """An element's content as the JSON that `check` judges."""
        shape = self.shapes[shape_name]
        kind = shape["type"]
        if kind == "structure":
            return self.structure_from_xml(shape, element, path, problems)
        if kind == "list":
            items = [element] if flattened else list(element)
            return [self.from_xml(shape["member"]["shape"], e, path, problems) for e in items]
        if kind == "map":
            return {e.find(q(e, "key")).text: e.find(q(e, "value")).text for e in element}
        text = element.text or ""
        try:
            if kind in ("integer", "long"):
                return int(text)
            if kind in ("float", "double"):
                return float(text)
            if kind == "boolean":
                return {"true": True, "false": False}[text]
            if kind == "timestamp" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text):
                problems.append(f"{path}: {text!r} is no time")
        except (KeyError, ValueError):
            problems.append(f"{path}: {text!r} is no {kind}")
        return text

    def structure_from_xml(self, shape, element, path, problems):
        members = {}
        for name, member in shape["members"].items():
            target = self.shapes[member["shape"]]
            flat = target["type"] == "list" and (target.get("flattened") or member.get("flattened"))
            tag = member.get("locationName") or (flat and target["member"].get("locationName")) or name
            members[tag] = name, member["shape"], flat
        value = {}
        for child in element:
            tag = child.tag.split("}")[-1]
            if tag not in members:
                problems.append(f"{path}: unknown element {tag}")
                continue
            name, target, flat = members[tag]
            got = self.from_xml(target, child, f"{path}.{name}", problems, flat)
            if flat:
                value.setdefault(name, []).extend(got)
            else:
                value[name] = got
        return value

    # --- replies ------------------------------------------------------------------------
    def check_reply(self, operation_name, status, headers, body):
        problems = []
        operation = self.operation(operation_name)
        if not operation:
            return [f"unknown operation {operation_name}"]
        content_type = headers.get("content-type", "")
        if status >= 300:
            return self.check_error(operation, content_type, headers, body)
        if self.service == "s3":
            self.check_s3_reply(operation, body, problems)
        elif "json" in content_type:
            if "output" in operation:
                self.check(operation["output"]["shape"], json.loads(body or b"{}"), operation_name, problems)
            elif body:
                problems.append(f"{operation_name}: has no output, yet a body")
        else:
            self.check_query_reply(operation, body, problems)
        return problems

    def check_query_reply(self, operation, body, problems):
        root = ET.fromstring(body)
        name = operation["name"]
        if root.tag.split("}")[-1] != f"{name}Response":
            problems.append(f"{name}: the root element is {root.tag}")
        if root.find(q(root, "ResponseMetadata")) is None:
            problems.append(f"{name}: no ResponseMetadata")
        if "output" in operation:
            wrapper = operation["output"]["resultWrapper"]
            result = root.find(q(root, wrapper))
            if result is None:
                return problems.append(f"{name}: no {wrapper}")
            value = self.from_xml(operation["output"]["shape"], result, name, problems)
            self.check(operation["output"]["shape"], value, name, problems, iso_times=True)

    def check_s3_reply(self, operation, body, problems):
        name = operation["name"]
        output = operation.get("output")
        if not output or not body:
            return
        shape = self.shapes[output["shape"]]
        payload = shape.get("payload")
        if payload and self.shapes[shape["members"][payload]["shape"]]["type"] == "blob":
            return
        root = ET.fromstring(body)
        if payload:
            shape = self.shapes[shape["members"][payload]["shape"]]
        inner = dict(shape, members={n: m for n, m in shape["members"].items() if "location" not in m})
        value = self.structure_from_xml(inner, root, name, problems)
        self.check_structure(dict(inner, required=[]), value, name, problems, iso_times=True)

    def check_error(self, operation, content_type, headers, body):
        name = operation["name"]
        if not body and headers.get("x-amz-request-id"):
            return []  # a HEAD
        if "json" in content_type:
            error = json.loads(body)
            code = error.get("__type", "").split("#")[-1]
            if not (error.get("message") or error.get("Message")):
                return [f"{name}: the error has no message: {error}"]
        else:
            root = ET.fromstring(body)
            codes = [e.text for e in root.iter() if e.tag.split("}")[-1] == "Code"]
            code = codes[0] if codes else ""
        declared = {self.shapes[e["shape"]].get("error", {}).get("code", e["shape"]) for e in
                    operation.get("errors", [])} | {e["shape"] for e in operation.get("errors", [])}
        if code in declared | COMMON_ERRORS or self.service == "s3" and code in S3_ERRORS:
            return []
        return [f"{name}: the error {code} is not one of {sorted(declared)}"]

    # --- requests -----------------------------------------------------------------------
    def check_request(self, operation_name, value):
        operation = self.operation(operation_name)
        if not operation:
            return [f"unknown operation {operation_name}"]
        if "input" not in operation:
            return [f"{operation_name}: takes no input"] if value else []
        problems = []
        self.check(operation["input"]["shape"], value, operation_name, problems)
        report = botocore.validate.ParamValidator().validate(
            without(value, NEWER) if self.is_older else value,
            self.botocore.operation_model(operation_name).input_shape)
        if report.has_errors():
            problems.append(f"{operation_name}: {report.generate_report()}")
        return problems


def without(value, names):
    if isinstance(value, dict):
        return {k: without(v, names) for k, v in value.items() if k not in names}
    return [without(v, names) for v in value] if isinstance(value, list) else value


def q(element, name):
    return element.tag[:element.tag.index("}") + 1] + name if element.tag.startswith("{") else name


def matches(pattern, text):
    try:
        return re.fullmatch(pattern, text, re.DOTALL) is not None
    except re.error:
        return True  # \p{L} and the like: not Python's


class Judge:
    """Listens to a client; `problems` is what its replies did wrong."""

    def __init__(self):
        self.models, self.problems, self.seen = {}, [], {}

    def model(self, service):
        if service not in self.models:
            self.models[service] = Model(service)
        return self.models[service]

    def watch(self, client):
        client.meta.events.register("response-received", self.judge)
        return client

    def judge(self, event_name, response_dict, **_):
        _, service, operation = event_name.split(".")
        service = SERVICE_OF.get(service, service)
        if response_dict is None:
            return
        self.seen[f"{service}:{operation}"] = self.seen.get(f"{service}:{operation}", 0) + 1
        body = response_dict["body"]
        headers = {k.lower(): v for k, v in response_dict["headers"].items()}
        found = self.model(service).check_reply(operation, response_dict["status_code"], headers,
                                                body if isinstance(body, bytes) else b"")
        self.problems += [f"{service}: {p}" for p in found]
