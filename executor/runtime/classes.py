"""Schemas of the classes that a tool defines itself: TypedDict, dataclass, NamedTuple and Enum."""

import ast

from .names import enumeration, literal

_ENUMS = {"Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"}


def class_schema(annotations, node):
    """The schema of a ClassDef; {} when nothing is known about its values."""
    names = annotations.names
    bases = _bases(names, node)
    if bases & _ENUMS:
        return _enum(annotations, node)
    if "TypedDict" in bases:
        return _typed_dict(annotations, node)
    if "NamedTuple" in bases:
        return _named_tuple(annotations, node)
    if _is_dataclass(names, node):
        return _dataclass(annotations, node)
    return {}


def _parents(names, node):
    """The bases that are defined in the same source, nearest first."""
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in names.classes and base.id != node.name:
            yield names.classes[base.id]


def _bases(names, node):
    """Names of all bases, through classes of the same source."""
    found, open_, seen = set(), [node], set()
    while open_:
        node = open_.pop()
        if node.name not in seen:
            seen.add(node.name)
            found |= {names.last(base) for base in node.bases}
            open_ += _parents(names, node)
    return found


def _is_dataclass(names, node):
    return any(names.last(item) == "dataclass" for item in node.decorator_list)


def _enum(annotations, node):
    if _bases(annotations.names, node) & {"Flag", "IntFlag"}:
        return {"type": "integer"}  # any sum of its members
    values = []
    for item in node.body:
        target = item.targets[0] if isinstance(item, ast.Assign) else None
        if not isinstance(target, ast.Name) or target.id.startswith("_"):
            continue
        try:
            values.append(_member(annotations, node, target.id, item.value, values))
        except ValueError:
            return {}
    return enumeration(list(dict.fromkeys(values))) if values else {}


def _member(annotations, node, name, value, before):
    """A member's value; auto() counts on, and is the name in a StrEnum."""
    if not (isinstance(value, ast.Call) and annotations.names.last(value) == "auto"):
        made = literal(value)
        if isinstance(made, (list, dict)):
            raise ValueError("not a value that can be compared")
        return made
    if "StrEnum" in _bases(annotations.names, node):
        return name.lower()
    numbers = [item for item in before if isinstance(item, int)]
    return max(numbers, default=0) + 1


def _named_tuple(annotations, node):
    fields = _fields(node)
    required = sum(item.value is None for item in fields)
    schema = {"type": "array", "minItems": required, "maxItems": len(fields)}
    if fields:
        schema["prefixItems"] = [annotations.schema(item.annotation) for item in fields]
    return schema


def _fields(node):
    return [n for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]


def _wrapper(annotations, node):
    """ "Required", "NotRequired" or "ClassVar" when the annotation is wrapped in one, else None."""
    return annotations.names.last(node.value) if isinstance(node, ast.Subscript) else None


def _typed_dict(annotations, node):
    total = True
    for keyword in node.keywords:
        if keyword.arg == "total" and isinstance(keyword.value, ast.Constant):
            total = bool(keyword.value.value)
    properties, required = _inherited(annotations, node, _typed_dict)
    for item in _fields(node):
        name = item.target.id
        properties[name] = annotations.schema(item.annotation)
        wrapper = _wrapper(annotations, item.annotation)
        if name in required:
            required.remove(name)
        if wrapper == "Required" or (total and wrapper != "NotRequired"):
            required.append(name)
    return _object(properties, required, {})


def _dataclass(annotations, node):
    properties, required = _inherited(annotations, node, _dataclass)
    for item in _fields(node):
        name = item.target.id
        if _wrapper(annotations, item.annotation) == "ClassVar" or _hidden(annotations, item.value):
            continue
        properties[name] = annotations.schema(item.annotation)
        if name in required:
            required.remove(name)
        if item.value is None or not _has_default(annotations, item.value):
            required.append(name)
        else:
            _note_default(annotations, properties[name], item.value)
    return _object(properties, required, {"additionalProperties": False})


def _inherited(annotations, node, build):
    properties, required = {}, []
    for parent in reversed(list(_parents(annotations.names, node))):
        if parent.name in annotations._open:
            continue
        schema = annotations._expand(parent.name, lambda parent=parent: build(annotations, parent))
        properties.update(schema["properties"])
        required += [name for name in schema.get("required", []) if name not in required]
    return properties, required


def _call_to_field(annotations, value):
    return isinstance(value, ast.Call) and annotations.names.last(value) == "field"


def _has_default(annotations, value):
    if not _call_to_field(annotations, value):
        return True
    return any(keyword.arg in ("default", "default_factory") for keyword in value.keywords)


def _hidden(annotations, value):
    """field(init=False) is not for the caller to give."""
    if not _call_to_field(annotations, value):
        return False
    return any(k.arg == "init" and getattr(k.value, "value", True) is False for k in value.keywords)


def _note_default(annotations, schema, value):
    if _call_to_field(annotations, value):
        value = next((k.value for k in value.keywords if k.arg == "default"), None)
    try:
        schema["default"] = literal(value)
    except (ValueError, AttributeError, TypeError):
        pass


def _object(properties, required, extra):
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return {**schema, **extra}
