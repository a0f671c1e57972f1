package policytable

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// kind is the kind of a value, numbered as the children of a "k" node, but for booleans, which are one kind.
type kind int

const (
	isMissing kind = iota
	isNull
	isBoolean
	isNumber
	isString
	isArray
	isObject
	isOther // what JSON does not have: NaN, infinity, any type that encoding/json does not decode into any
)

// missing is the value of a path that leads nowhere.
type missing struct{}

func kindOf(v any) kind {
	switch v := v.(type) {
	case missing:
		return isMissing
	case nil:
		return isNull
	case bool:
		return isBoolean
	case string:
		return isString
	case []any:
		return isArray
	case map[string]any:
		return isObject
	case float64, json.Number:
		if _, ok := numberOf(v); ok {
			return isNumber
		}
	}
	return isOther
}

// path leads to a value of a call.
type path struct {
	root  string // "args", "context", "server" or "tool"
	steps []step
}

// step is a key of an object, or an index of an array where index is 0 or more.
type step struct {
	key   string
	index int
}

func readPath(v any) path {
	items := asList(v)
	if len(items) == 0 {
		malformed("a path without a root")
	}
	if root := asOneOf(items[0], "args", "context", "call"); root != "call" {
		return path{root, readSteps(items[1:])}
	}
	return path{asOneOf(asTuple(v, 2)[1], "server", "tool"), nil}
}

func readSteps(items []any) []step {
	steps := make([]step, len(items))
	for i, item := range items {
		if key, ok := item.(string); ok {
			steps[i] = step{key, -1}
		} else {
			steps[i] = step{"", asCount(item)}
		}
	}
	return steps
}

// of is the value at the path, missing{} if there is none.
func (p *path) of(call *Call) any {
	switch p.root {
	case "args":
		return follow(call.Arguments, p.steps)
	case "context":
		return follow(call.Context, p.steps)
	case "server":
		if call.Server == nil {
			return missing{}
		}
		return *call.Server
	default:
		return call.Tool
	}
}

// follow is the value at the end of the steps. What JSON does not have ends the path where it stands.
func follow(value any, steps []step) any {
	for _, s := range steps {
		switch inside := value.(type) {
		case map[string]any:
			v, ok := inside[s.key]
			if s.index >= 0 || !ok {
				return missing{}
			}
			value = v
		case []any:
			if s.index < 0 || s.index >= len(inside) {
				return missing{}
			}
			value = inside[s.index]
		default:
			if kindOf(value) == isOther {
				return value
			}
			return missing{}
		}
	}
	return value
}

// length is the number of code points, elements or members, and whether the value has one.
func length(v any) (int, bool) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), true
	case []any:
		return len(v), true
	case map[string]any:
		return len(v), true
	}
	return 0, false
}

// compare orders a value and a constant of the same kind. ok is false where the kinds differ.
func compare(v, constant any) (order int, ok bool) {
	switch c := constant.(type) {
	case string:
		if s, ok := v.(string); ok {
			return strings.Compare(s, c), true // the order of UTF-8 is that of code points
		}
	case number:
		if n, ok := numberOf(v); ok {
			return n.compare(c), true
		}
	case bool:
		if b, ok := v.(bool); ok {
			return ordinal(b) - ordinal(c), true
		}
	}
	return 0, false
}

func ordinal(b bool) int {
	if b {
		return 1
	}
	return 0
}
