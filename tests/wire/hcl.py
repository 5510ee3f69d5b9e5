"""What the Terraform module makes of its inputs, as far as no provider is needed: the expressions that it uses, evaluated.

What only AWS or the provider knows, an ARN or a URL, is `<aws_sqs_queue.this.arn>`, so that texts can be compared.
An expression of another kind, or a function that is not listed here, fails.
"""
import json
import pathlib
import re

import tree_sitter
import tree_sitter_hcl

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))
BINARY = {"==": lambda a, b: a == b, "!=": lambda a, b: a != b, "&&": lambda a, b: a and b, "||": lambda a, b: a or b}


def parse(text):
    """The tree of a file."""
    return PARSER.parse(text.encode()).root_node


def found(pattern, text):
    """`regexall`: the groups of each place, or the whole of it if there are none."""
    return [list(match.groups()) or match[0] for match in re.finditer(pattern, text)]


FUNCTIONS = {
    "compact": lambda words: [word for word in words if word],
    "contains": lambda words, word: word in words,
    "file": lambda path: pathlib.Path(path).read_text(),
    "join": lambda between, words: between.join(words),
    "jsonencode": lambda value: value,
    "merge": lambda *maps: {key: value for one in maps for key, value in one.items()},
    "regex": lambda pattern, text: found(pattern, text)[0],
    "regexall": found,
    "replace": lambda text, old, new: text.replace(old, new),
    "startswith": lambda text, start: text.startswith(start),
    "strcontains": lambda text, part: part in text,
    "toset": lambda words: {word: word for word in words},
}


class Made:
    """A resource or a data source: its own attributes where it has them, and a name in brackets for all else."""

    def __init__(self, address, attributes):
        self.address, self.attributes = address, attributes

    def get(self, name):
        """One attribute."""
        return self.attributes.get(name, f"<{self.address}.{name}>")


class Module:
    """The module with some inputs. `known` has what data sources tell, by address and attribute."""

    def __init__(self, folder, known, **inputs):
        self.known, self.resources, self.data, self.outputs = known, {}, {}, {}
        self.locals, self.blocks, defaults, self.checks = {}, [], {}, []
        for path in sorted(folder.glob("*.tf")):
            for block in children(parse(path.read_text()), "body", "block"):
                kind, *labels = words(block)
                if kind == "locals":
                    self.locals.update(attributes(block))
                elif kind == "variable":
                    defaults.update({labels[0]: node for name, node in attributes(block).items() if name == "default"})
                    self.checks += [(labels[0], check) for check in children(block, "body", "block")]
                elif kind in ("resource", "data", "output"):
                    self.blocks.append((kind, labels, block))
        self.scope = {"path": {"module": str(folder)}, "var": {}}
        self.scope["var"].update({name: self.value(node, {}) for name, node in defaults.items()}, **inputs)
        for kind, labels, block in self.blocks:
            made = {"resource": self.resources, "data": self.data}.get(kind)
            if made is not None:
                made[".".join(labels)] = self.instances(kind, labels, block)

    def refusals(self):
        """What the module says against its inputs."""
        checked = [(name, attributes(check)) for name, check in self.checks]
        return [self.value(check["error_message"], {}) for _, check in checked if not self.holds(check["condition"])]

    def holds(self, condition):
        """Whether a condition holds; what cannot be evaluated within `can` does not."""
        try:
            return self.value(condition, {})
        except IndexError:
            return False

    def instances(self, kind, labels, block):
        """A resource, or a list or a map of them."""
        given = attributes(block)
        address = ("data." if kind == "data" else "") + ".".join(labels)
        if "count" in given:
            return [self.one(f"{address}[{n}]", block, {}) for n in range(self.value(given["count"], {}))]
        if "for_each" in given:
            each = self.value(given["for_each"], {})
            return {key: self.one(f'{address}["{key}"]', block, {"each": {"key": key, "value": value}})
                    for key, value in each.items()}
        return self.one(address, block, {})

    def one(self, address, block, scope):
        """One instance."""
        return Made(address, {**self.known.get(address, {}), **self.body(block, scope)})

    def body(self, block, scope):
        """The attributes and blocks of a block; blocks of one kind are a list."""
        made = {name: self.value(node, scope) for name, node in attributes(block).items()
                if name not in ("count", "for_each", "depends_on")}
        for inner in children(block, "body", "block"):
            kind, *labels = words(inner)
            if kind == "dynamic":
                each = self.value(attributes(inner)["for_each"], scope)
                [content] = children(inner, "body", "block")
                made.setdefault(labels[0], []).extend(
                    self.body(content, {**scope, labels[0]: {"value": value}}) for value in each)
            else:
                made.setdefault(kind, []).append(self.body(inner, scope))
        return made

    def named(self, name, scope):
        """What a name at the head of a reference stands for."""
        if name in scope or name in self.scope:
            return {**self.scope, **scope}[name]
        if name == "local":
            return {key: Later(lambda node=node: self.value(node, {})) for key, node in self.locals.items()}
        kinds = {}
        for kind, labels, block in self.blocks:
            if kind == ("data" if name == "data" else "resource") and name in ("data", labels[0]):
                make = Later(lambda given=(kind, labels, block): self.instances(*given))
                (kinds.setdefault(labels[0], {}) if name == "data" else kinds)[labels[1]] = make
        assert kinds, f"nothing is named {name}"
        return kinds

    def value(self, node, scope):
        """The value of an expression."""
        return self.of(node.children if node.type == "expression" else [node], scope)

    def of(self, nodes, scope):
        """The value of a primary expression, and of what is taken out of it by `.name` and `[index]`."""
        nodes = [node for node in nodes if node.type not in ("(", ")", "comment")]
        head, *rest = nodes
        made = getattr(self, f"of_{head.type}")(head, scope)
        for part in rest:
            if part.type == "get_attr":
                made = taken(made, text(part.named_children[0]))
            else:
                made = taken(made, self.value(part.named_children[0].named_children[0], scope))
        return made

    def of_expression(self, node, scope):
        """In brackets."""
        return self.value(node, scope)

    def of_variable_expr(self, node, scope):
        """A name."""
        return self.named(text(node), scope)

    def of_literal_value(self, node, scope):
        """A number, a word, a text."""
        return self.of_quoted_template(node.named_children[0], scope) if '"' in text(node) else json.loads(text(node))

    def of_template_expr(self, node, scope):
        """A text with values in it."""
        return self.of_quoted_template(node.named_children[0], scope)

    def of_quoted_template(self, node, scope):
        """The parts of a text, one after the other. The grammar has no node for a part that is only spaces."""
        raw, made, at = node.text, "", 1
        for part in children(node, "template_interpolation"):
            made += json.loads(f'"{raw[at:part.start_byte - node.start_byte].decode()}"')
            made += str(self.value(part.named_children[1], scope))
            at = part.end_byte - node.start_byte
        return made + json.loads(f'"{raw[at:-1].decode()}"')

    def of_collection_value(self, node, scope):
        """A list or a map. The key of a map is a word, or an expression in brackets."""
        [collection] = node.named_children
        parts = collection.named_children
        if collection.type == "tuple":
            return [self.value(part, scope) for part in parts if part.type == "expression"]
        pairs = [part.named_children for part in parts if part.type == "object_elem"]
        return {text(key).strip('"'): self.value(value, scope) for key, value in pairs}

    def of_conditional(self, node, scope):
        """One of two; the other is not looked at."""
        condition, chosen, other = node.named_children
        return self.value(chosen if self.value(condition, scope) else other, scope)

    def of_operation(self, node, scope):
        """Two values and what stands between them, or one and what stands before it."""
        [inner] = node.named_children
        if inner.type == "unary_operation":
            sign, *operand = inner.children
            return {"!": lambda value: not value, "-": lambda value: -value}[text(sign)](self.of(operand, scope))
        at = next(number for number, part in enumerate(inner.children) if not part.is_named)
        left, right = inner.children[:at], inner.children[at + 1:]
        return BINARY[text(inner.children[at])](self.of(left, scope), self.of(right, scope))

    def of_function_call(self, node, scope):
        """One of the functions above, or `can`."""
        name, *arguments = node.named_children
        given = [part for part in arguments[0].named_children if part.type == "expression"]
        if text(name) == "can":
            try:
                self.value(given[0], scope)
            except IndexError:
                return False
            return True
        return FUNCTIONS[text(name)](*(self.value(part, scope) for part in given))

    def of_for_expr(self, node, scope):
        """A list or a map out of another one."""
        [inner] = node.named_children
        intro, *parts = [part for part in inner.named_children if part.type in ("for_intro", "expression")]
        *names, collection = intro.named_children
        names = [text(name) for name in names]
        over = self.value(collection, scope)
        pairs = over.items() if isinstance(over, dict) else enumerate(over)
        scopes = [{**scope, **dict(zip(names, pair if len(names) == 2 else pair[1:]))} for pair in pairs]
        if inner.type == "for_tuple_expr":
            return [self.value(parts[0], one) for one in scopes]
        return {self.value(parts[0], one): self.value(parts[1], one) for one in scopes}


class Later:  # pylint: disable=too-few-public-methods
    """A value that is made when somebody asks for it."""

    def __init__(self, make):
        self.make = make


def taken(value, name):
    """One member of a value."""
    member = value.get(name) if isinstance(value, Made) else value[name]
    return member.make() if isinstance(member, Later) else member


def text(node):
    """What stands there."""
    return node.text.decode()


def children(node, *kinds):
    """The nodes of the last kind below nodes of the kinds before it."""
    nodes = [node]
    for kind in kinds:
        nodes = [child for one in nodes for child in one.named_children if child.type == kind]
    return nodes


def words(block):
    """The kind of a block and its labels."""
    return [text(part).strip('"') for part in block.named_children if part.type in ("identifier", "string_lit")]


def attributes(block):
    """The expression of each attribute of a block."""
    return {text(one.named_children[0]): one.named_children[1] for one in children(block, "body", "attribute")}
