package policytable

import "slices"

// readNode reads a node of a body; child finds its children.
func (t *Table) readNode(content []any, child func(any) node) node {
	if len(content) == 0 {
		malformed("an empty node")
	}
	switch form := asText(content[0]); form {
	case "k":
		n := &kindNode{path: t.path(asTuple(content, 10)[1])}
		for i, c := range content[2:] {
			n.children[i] = child(c)
		}
		return n
	case "b":
		return &boolNode{t.path(asTuple(content, 5)[1]), child(content[2]), child(content[3]), child(content[4])}
	case "n":
		return t.readNumberNode(asTuple(content, 5), child)
	case "s":
		n := &textNode{t.path(asTuple(content, 5)[1]), map[string]node{}, child(content[3]), child(content[4])}
		for _, item := range asList(content[2]) {
			pair := asTuple(item, 2)
			n.children[asText(pair[0])] = child(pair[1])
		}
		if len(n.children) != len(asList(content[2])) {
			malformed("a text twice")
		}
		return n
	case "t":
		n := &testNode{path: t.path(asTuple(content, 6)[1]), test: t.condition(content[2])}
		for i, c := range content[3:] {
			n.children[i] = child(c)
		}
		return n
	default:
		malformed("a node %.40q", form)
		return nil
	}
}

func (t *Table) readNumberNode(content []any, child func(any) node) node {
	n := &numberNode{path: t.path(content[1]), otherwise: child(content[4])}
	for i, b := range asList(content[2]) {
		n.bounds = append(n.bounds, asNumber(b))
		if i > 0 && n.bounds[i-1].compare(n.bounds[i]) >= 0 {
			malformed("bounds that do not ascend")
		}
	}
	for _, c := range asTuple(content[3], 2*len(n.bounds)+1) {
		n.children = append(n.children, child(c))
	}
	return n
}

// unlessOther is otherwise, unless v is what JSON does not have.
func unlessOther(v any, otherwise node) node {
	if kindOf(v) == isOther {
		return nil
	}
	return otherwise
}

// kindNode goes on by the kind of the value.
type kindNode struct {
	path     *path
	children [8]node // missing, null, false, true, number, string, array, object
}

func (n *kindNode) next(call *Call) node {
	v := n.path.of(call)
	switch k := kindOf(v); k {
	case isMissing, isNull:
		return n.children[k]
	case isBoolean:
		return n.children[2+ordinal(v.(bool))]
	case isOther:
		return nil
	default:
		return n.children[k+1] // booleans have two children
	}
}

// boolNode goes on by false and true.
type boolNode struct {
	path               *path
	no, yes, otherwise node
}

func (n *boolNode) next(call *Call) node {
	switch v := n.path.of(call).(type) {
	case bool:
		if v {
			return n.yes
		}
		return n.no
	default:
		return unlessOther(v, n.otherwise)
	}
}

// numberNode goes on by the interval or the bound where a number lies.
type numberNode struct {
	path      *path
	bounds    []number
	children  []node // below the first bound, at it, between it and the second, …
	otherwise node
}

func (n *numberNode) next(call *Call) node {
	v := n.path.of(call)
	if x, ok := numberOf(v); ok {
		i, equal := slices.BinarySearchFunc(n.bounds, x, number.compare)
		return n.children[2*i+ordinal(equal)]
	}
	return unlessOther(v, n.otherwise)
}

// textNode goes on by the text that a string equals.
type textNode struct {
	path            *path
	children        map[string]node
	rest, otherwise node
}

func (n *textNode) next(call *Call) node {
	switch v := n.path.of(call).(type) {
	case string:
		if child, ok := n.children[v]; ok {
			return child
		}
		return n.rest
	default:
		return unlessOther(v, n.otherwise)
	}
}

// testNode goes on by the truth value of a test.
type testNode struct {
	path     *path
	test     condition
	children [3]node // false, undefined, true
}

func (n *testNode) next(call *Call) node {
	if t := n.test(n.path.of(call)); t != notJSON {
		return n.children[t]
	}
	return nil
}
