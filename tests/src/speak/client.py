"""Calls the system as a Python program would: grpcio, and stubs generated from the proto."""

import importlib
import json
import pkgutil
import sys

import grpc
from google.protobuf import json_format, message_factory
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def module_of(package, service):
    """The generated module that declares the service: a package has as many as it has files."""
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if found.name.endswith("_pb2"):
            module = importlib.import_module(f"{package}.{found.name}")
            if service in module.DESCRIPTOR.services_by_name:
                return module
    raise LookupError(f"no file of {package} declares {service}")


def error(failure):
    told = {
        "code": failure.code().name,
        "message": failure.details(),
        "reason": "",
        "domain": "",
        "metadata": {},
        "violations": [],
        "retry_after": None,
        "words": None,
    }
    status = rpc_status.from_call(failure)
    for detail in status.details if status else []:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            told.update(reason=info.reason, domain=info.domain, metadata=dict(info.metadata))
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest()
            detail.Unpack(bad)
            told["violations"] = [
                {"field": violation.field, "description": violation.description}
                for violation in bad.field_violations
            ]
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            told["retry_after"] = retry.retry_delay.ToNanoseconds() / 1e9
        elif detail.Is(error_details_pb2.LocalizedMessage.DESCRIPTOR):
            words = error_details_pb2.LocalizedMessage()
            detail.Unpack(words)
            told["words"] = words.message
    return told


def call(channel, language, wanted):
    service_name, method_name = wanted["path"].strip("/").split("/")
    package, service = service_name.rsplit(".", 1)
    messages = module_of(package, service)
    stubs = importlib.import_module(messages.__name__ + "_grpc")
    method = messages.DESCRIPTOR.services_by_name[service].methods_by_name[method_name]
    request = message_factory.GetMessageClass(method.input_type)()
    json_format.ParseDict(wanted["request"], request)
    metadata = [("accept-language", language)]
    if wanted["token"]:
        metadata.append(("authorization", "Bearer " + wanted["token"]))
    stub = getattr(stubs, service + "Stub")(channel)
    try:
        answer = getattr(stub, method_name)(request, metadata=metadata, timeout=20)
    except grpc.RpcError as failure:
        return {"error": error(failure)}
    return {"answer": json_format.MessageToDict(answer, always_print_fields_with_no_presence=True)}


job = json.load(sys.stdin)
with grpc.insecure_channel(job["target"]) as channel:
    json.dump([call(channel, job["language"], wanted) for wanted in job["calls"]], sys.stdout)
