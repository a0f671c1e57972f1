"""The messages of `envoy.service.auth.v3.Authorization`, as far as they are read and written here.

On the wire a message has the numbers of its fields and no names, so that a table of them is all it takes; unknown fields are skipped, as
Protocol Buffers have it. Maps are what they are on the wire, lists of pairs, and text that Envoy only passes on is read as bytes, because
a reader of `string` refuses what is not UTF-8. The classes are made in a pool of their own, beside Envoy's own where a process has both.
Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/auth/v3/external_auth.proto (and attribute_context.proto)
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

CHECK: Final = ("envoy.service.auth.v3.Authorization", "Check")
"""Service and method."""
_PACKAGE: Final = "policyc.ext_authz"
_SCALARS: Final = {
    "bytes": Field.TYPE_BYTES,
    "string": Field.TYPE_STRING,
    "int32": Field.TYPE_INT32,
    "int64": Field.TYPE_INT64,
}
_MESSAGES: Final[dict[str, dict[str, tuple[int, str]]]] = {
    "CheckRequest": {"attributes": (1, "AttributeContext")},
    "AttributeContext": {"request": (4, "Request"), "context_extensions": (10, "Pair*")},
    "Request": {"http": (2, "HttpRequest")},
    "HttpRequest": {
        "id": (1, "bytes"), "method": (2, "bytes"), "headers": (3, "Pair*"), "header_map": (13, "HeaderMap"),
        "size": (9, "int64"), "body": (11, "bytes"), "raw_body": (12, "bytes"),
    },
    "Pair": {"key": (1, "bytes"), "value": (2, "bytes")},
    "HeaderMap": {"headers": (1, "Header*")},
    "Header": {"key": (1, "bytes"), "value": (2, "bytes"), "raw_value": (3, "bytes")},
    "CheckResponse": {"status": (1, "Status"), "denied_response": (2, "Denied"), "ok_response": (3, "Ok")},
    "Status": {"code": (1, "int32"), "message": (2, "string")},
    "Denied": {"status": (1, "HttpStatus"), "headers": (2, "HeaderOption*"), "body": (3, "string")},
    "HttpStatus": {"code": (1, "int32")},
    "HeaderOption": {"header": (1, "Header"), "append_action": (3, "int32")},
    "Ok": {},
}  # fmt: skip
OVERWRITE: Final = 2
"""`append_action`: the header replaces one of its name."""


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="policyc/ext_authz.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            plain = kind.rstrip("*")
            made = message.field.add(name=field, number=number)
            made.label = Field.LABEL_REPEATED if kind.endswith("*") else Field.LABEL_OPTIONAL
            made.type = _SCALARS.get(plain, Field.TYPE_MESSAGE)
            if made.type == Field.TYPE_MESSAGE:
                made.type_name = f".{_PACKAGE}.{plain}"
    return file


_pool = DescriptorPool()
_pool.Add(_file())


def _class(name: str) -> Any:
    return GetMessageClass(_pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


CheckRequest: Any = _class("CheckRequest")
CheckResponse: Any = _class("CheckResponse")
