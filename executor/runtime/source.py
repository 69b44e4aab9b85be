"""A parsed source text, prepared for looking at: every node with its parent and its function.

Nothing here recurses: the nesting of a hostile source is only bounded by the parser.
"""

import ast

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*FUNCTIONS, ast.ClassDef)
_UNSEEN = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


class Source:
    """nodes: in source order.  text: as given; tree: of ast.parse()."""

    def __init__(self, text, tree):
        self.text = text
        self.tree = tree
        self.nodes = []
        self._parents = {}
        self._functions = {}
        self._walk()
        self.imports = self._imports()

    def _walk(self):
        stack = [(self.tree, None, None)]
        while stack:
            node, parent, function = stack.pop()
            self.nodes.append(node)
            self._parents[node] = parent
            self._functions[node] = function
            inner = node if isinstance(node, FUNCTIONS) else function
            children = [c for c in ast.iter_child_nodes(node) if not isinstance(c, _UNSEEN)]
            stack += [(child, node, inner) for child in reversed(children)]

    def parent(self, node):
        return self._parents[node]

    def function(self, node):
        """The innermost function or lambda around the node; None at module level."""
        return self._functions[node]

    def functions(self, node):
        """All functions around the node, innermost first."""
        while (node := self._functions[node]) is not None:
            yield node

    def at_top(self, node):
        """True for what runs when the module is loaded, class bodies left out."""
        while (node := self._parents[node]) is not None:
            if isinstance(node, _SCOPES):
                return False
        return True

    def inside(self, node):
        """The nodes below `node`, those of functions and classes defined in it left out."""
        stack = list(ast.iter_child_nodes(node))
        while stack:
            child = stack.pop()
            yield child
            if not isinstance(child, _SCOPES):
                stack += ast.iter_child_nodes(child)

    def _imports(self):
        """Local name -> dotted name, of every import in the source, wherever it stands."""
        found = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for item in node.names:
                    found[item.asname or item.name.partition(".")[0]] = (
                        item.name if item.asname else item.name.partition(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom):
                for item in node.names:
                    found[item.asname or item.name] = f"{node.module or ''}.{item.name}"
        return found

    def dotted(self, node):
        """`a.b.c` as a string, with import aliases resolved; "" for anything but names with dots."""
        parts = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or len(parts) > 20:
            return ""
        parts.append(self.imports.get(node.id, node.id))
        return ".".join(reversed(parts))
