"""What a reviewer and a caller should know about the parameters of `main`."""

from .findings import shown
from .signature import find_main, ignored


def check(source, signature, findings):
    """Notes parameters that callers are told too little about, or wrong.  signature: as callers see it."""
    args = find_main(source.tree).args
    named = [a for a in (*args.posonlyargs, *args.args, *args.kwonlyargs) if not ignored(a.arg)]
    properties = signature.schema.get("properties", {})
    for argument in named:
        schema = properties.get(argument.arg)
        if not isinstance(schema, dict):
            continue
        if schema.get("description") == f"Parameter: {argument.arg}":  # an inferred schema's own words
            findings.add("undescribed-parameter", argument, f"{shown(argument.arg)} has no description")
        if argument.annotation is None and schema.get("type") == "string":
            findings.add("untyped-parameter", argument, f"{shown(argument.arg)} has no type")
    if args.vararg is not None:
        findings.add("ignored-parameter", args.vararg, f"*{shown(args.vararg.arg)} is always empty")
    if "INPUT_SCHEMA" in {getattr(node, "id", None) for node in source.nodes}:
        _compare(args, named, signature, findings)


def _compare(args, named, signature, findings):
    """An author's own schema may promise what main does not take, or leave out what it needs."""
    names = {argument.arg for argument in named}
    if args.kwarg is None:
        for name in signature.schema.get("properties", {}):
            if name not in names:
                findings.add("schema-mismatch", signature.line, f"main has no parameter {shown(name)}")
    positional = args.posonlyargs + args.args
    needed = positional[: len(positional) - len(args.defaults)]
    needed += [a for a, default in zip(args.kwonlyargs, args.kw_defaults) if default is None]
    for argument in needed:
        if argument in named and argument.arg not in signature.schema.get("required", []):
            text = f"{shown(argument.arg)} has no default, and the schema does not require it"
            findings.add("schema-mismatch", argument, text)
