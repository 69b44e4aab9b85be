"""What the names at the top of a tool's source stand for, and which literals JSON can carry."""

import ast

_JSON_TYPE = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_MOST_BITS = 1024
_SUITES = ("body", "orelse", "finalbody", "handlers")


def statements(body):
    """Yields the module-level statements, those inside if, try and with included."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for suite in _SUITES:
            yield from statements(getattr(node, suite, None) or [])


class Names:
    """imports: local name -> real last name; classes: name -> ClassDef; aliases: name -> expression."""

    def __init__(self, tree):
        self.imports = {}
        self.classes = {}
        self.aliases = {}
        for node in statements(tree.body):
            self._learn(node)

    def _learn(self, node):
        if isinstance(node, ast.ImportFrom):
            for item in node.names:
                self.imports[item.asname or item.name] = item.name
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            if isinstance(node.targets[0], ast.Name):
                self.aliases[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            self.aliases[node.target.id] = node.value

    def last(self, node):
        """The last part of a (dotted) name, through import aliases: `t.Optional` -> "Optional"."""
        if isinstance(node, ast.Attribute):
            return node.attr
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, node.id)
        if isinstance(node, ast.Call):
            return self.last(node.func)
        return None


def literal(node):
    """The value of a literal expression that JSON can carry; raises ValueError for anything else."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return [literal(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if not all(isinstance(key, str) for key in keys) or len(set(keys)) != len(keys):
            raise ValueError("not a JSON object")
        return dict(zip(keys, map(literal, node.values)))
    value = ast.literal_eval(node)
    if not isinstance(value, (str, int, float, bool, type(None))):
        raise ValueError("not a JSON value")
    if isinstance(value, float) and value - value != 0:
        raise ValueError("not a JSON number")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise ValueError("a number beyond any use")
    return value


def enumeration(values):
    """`enum`, with `type` beside it, because clients show forms by type."""
    kinds = []
    for value in values:
        kind = _JSON_TYPE.get(type(value))
        if kind and kind not in kinds:
            kinds.append(kind)
    schema = {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
    schema["enum"] = values
    return schema
