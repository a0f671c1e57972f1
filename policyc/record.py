"""Slotted dataclasses whose methods are written when they are first called, not when their class is defined.

`dataclasses` compiles every method of every class on import: 0.6 ms a class with Python 3.11, 0.1 s for the classes that a cold
`policyc lint` meets, most of which it never makes an instance of and hardly any of which it prints. `record` gives the same frozen,
slotted, comparable classes for a few microseconds each, and compiles a method at its first call. Type checkers see a
dataclass (PEP 681).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, field, replace
from typing import Any, TypeVar, dataclass_transform, overload

__all__ = ["field", "record", "replace"]

C = TypeVar("C", bound=type)


@overload
def record(cls: C, /) -> C: ...
@overload
def record(*, frozen: bool = True, eq: bool = True) -> Callable[[C], C]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: Any = None, /, *, frozen: bool = True, eq: bool = True) -> Any:
    """Make a class a record of its annotated attributes.

    `frozen`: assigning raises AttributeError. `eq`: compared (and, when frozen, hashed) by the fields that `field(compare=False)`
    does not leave out; otherwise by identity. `field(init=False)` fields are set by `__post_init__`.
    """

    def decorate(plain: type) -> type:
        return _slotted(plain, frozen, eq)

    return decorate if cls is None else decorate(cls)


def _slotted(plain: type, frozen: bool, eq: bool) -> type:
    """The class made anew with slots, with stand-ins for the methods that are written at first use."""
    body = dict(plain.__dict__)
    own: dict[str, Field[Any]] = {}
    for name, annotation in body.get("__annotations__", {}).items():
        if str(annotation).startswith("ClassVar"):
            continue
        default = body.pop(name, MISSING)
        own[name] = spec = default if isinstance(default, Field) else field(default=default)
        spec.name = name
    body.pop("__dict__", None)
    body.pop("__weakref__", None)
    body["__slots__"] = tuple(own)
    body["__dataclass_fields__"] = own  # what dataclasses.replace asks for
    body["__match_args__"] = tuple(n for n, f in own.items() if f.init)
    body.setdefault("__qualname__", plain.__qualname__)
    names = ["__init__", "__repr__", *(["__eq__"] if eq else []), *(["__hash__"] if eq and frozen else [])]
    wanted = [n for n in names if n not in plain.__dict__ or (n == "__hash__" and plain.__dict__[n] is None)]
    if eq and not frozen:
        body["__hash__"] = None
    if frozen:
        body["__setattr__"], body["__delattr__"] = _refuse, _refuse
    made = type(plain)(plain.__name__, plain.__bases__, body)
    for name in wanted:
        setattr(made, name, _stand_in(made, name, frozen))
    _mend_super(plain, made)
    return made


def _mend_super(plain: type, made: type) -> None:
    """Point the `__class__` cells of methods that use `super()` at the class made anew."""
    for value in made.__dict__.values():
        for cell in getattr(value, "__closure__", None) or ():
            if cell.cell_contents is plain:
                cell.cell_contents = made


def _refuse(self: object, name: str, *value: object) -> None:
    raise AttributeError(f"cannot assign to field {name!r}")


def _stand_in(cls: Any, name: str, frozen: bool) -> Callable[..., Any]:
    """A method that puts the real one in its own place, and calls it."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        written = _written(cls, name, frozen)
        written.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, written)
        return written(self, *args, **kwargs)

    return method


def _written(cls: Any, name: str, frozen: bool) -> Any:
    fields: dict[str, Field[Any]] = cls.__dataclass_fields__
    scope: dict[str, Any] = {f"_set_{name}": getattr(cls, name).__set__ for name in fields}
    mine, theirs = (f"({''.join(f'{who}.{n},' for n, f in fields.items() if f.compare)})" for who in ("self", "other"))
    if name == "__init__":
        text = _init(fields, frozen, hasattr(cls, "__post_init__"), scope)
    elif name == "__repr__":
        shown = ", ".join(f"{n}={{self.{n}!r}}" for n, f in fields.items() if f.repr)
        text = ["def __repr__(self):", f"    return f'{{type(self).__qualname__}}({shown})'"]
    elif name == "__eq__":
        text = [
            "def __eq__(self, other):",
            "    if other.__class__ is not self.__class__:",
            "        return NotImplemented",
        ]
        text += [f"    return {mine} == {theirs}"]
    else:
        text = ["def __hash__(self):", f"    return hash({mine})"]
    exec("\n".join(text), scope)
    return scope[name]


def _init(fields: dict[str, Field[Any]], frozen: bool, post: bool, scope: dict[str, Any]) -> list[str]:
    """The lines of `__init__`."""
    parameters, lines = [], []
    for name, spec in fields.items():
        value = name
        if spec.default is not MISSING:
            scope[f"_default_{name}"] = spec.default
            parameter = f"{name}=_default_{name}"
        elif spec.default_factory is not MISSING:
            scope[f"_make_{name}"] = spec.default_factory
            scope["_missing"] = MISSING
            parameter, value = f"{name}=_missing", f"_make_{name}() if {name} is _missing else {name}"
        else:
            parameter = name
        if not spec.init:
            if parameter == name:
                continue
            value = parameter.split("=")[1] if spec.default is not MISSING else f"_make_{name}()"
        elif spec.init:
            parameters.append(parameter)
        lines.append(f"    _set_{name}(self, {value})" if frozen else f"    self.{name} = {value}")
    if post:
        lines.append("    self.__post_init__()")
    return [f"def __init__(self, {', '.join(parameters)}):", *(lines or ["    pass"])]
