"""What a reviewer and a caller should know about the parameters of `main`."""

from .findings import shown
from .signature import find_main, ignored


def check(source, signature, findings):
    """Notes parameters that callers are told too little about.  signature: of signature.infer()."""
    args = find_main(source.tree).args
    for argument in (*args.posonlyargs, *args.args, *args.kwonlyargs):
        if ignored(argument.arg):
            continue
        if argument.annotation is None:
            findings.add("untyped-parameter", argument, f"{shown(argument.arg)} has no type")
        schema = signature.schema["properties"].get(argument.arg, {})
        if schema.get("description") == f"Parameter: {argument.arg}":
            findings.add("undescribed-parameter", argument, f"{shown(argument.arg)} has no description")
    if args.vararg is not None:
        findings.add("ignored-parameter", args.vararg, f"*{shown(args.vararg.arg)} is always empty")
