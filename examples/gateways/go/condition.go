package policytable

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// truth is the value of a test; notJSON where it met what JSON does not have, so that the call is denied.
type truth int

const (
	isFalse truth = iota
	undefined
	isTrue
	notJSON
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// condition is a test of the table: the truth value of an operand, which may be missing{}.
type condition func(operand any) truth

const deepest = 200 // most arrays in arrays that a quantifier goes through, and deepest nesting of a guard

func readTruth(v any) truth { return truth(asIndex(v, 3)) }

// readCondition reads [op, value, missing, mistyped, length, quantifier, inner].
func readCondition(line any) condition {
	t := asTuple(line, 7)
	op, value, absent, mistyped := asText(t[0]), t[1], readTruth(t[2]), readTruth(t[3])
	var test condition
	switch op {
	case "exists":
		test = exists
	case "is":
		test = is(asOneOf(value, "string", "number", "boolean", "array", "object", "null", "integer"))
	case "prints":
		test = prints(asText(value), absent)
	case "lookup":
		test = lookup(value, absent)
	default:
		test = ordinary(readJudge(op, value), absent, mistyped, asBool(t[4]))
	}
	inner := asList(t[6])
	if t[5] == nil {
		return test
	}
	every := asOneOf(t[5], "every", "some") == "every"
	if op == "exists" || op == "is" {
		absent, mistyped = isFalse, isFalse
	}
	return quantified(test, every, absent, mistyped, inner, deepest)
}

// quantified judges the value at the path inner of each element of an array.
func quantified(test condition, every bool, absent, mistyped truth, inner []any, deep int) condition {
	if deep == 0 {
		malformed("more than %d arrays in arrays", deepest)
	}
	if cut := slices.Index(inner, nil); cut >= 0 {
		test = quantified(test, every, absent, mistyped, inner[cut+1:], deep-1)
		inner = inner[:cut]
	}
	steps := readSteps(inner)
	return func(operand any) truth {
		array, ok := operand.([]any)
		if !ok {
			return unlessArray(kindOf(operand), absent, mistyped)
		}
		least, greatest := isTrue, isFalse
		for _, element := range array {
			result := test(follow(element, steps))
			least, greatest = min(least, result), max(greatest, result)
		}
		if every && greatest != notJSON {
			return least
		}
		return greatest
	}
}

func unlessArray(k kind, absent, mistyped truth) truth {
	switch k {
	case isMissing, isNull:
		return absent
	case isOther:
		return notJSON
	}
	return mistyped
}

func exists(operand any) truth {
	if kindOf(operand) == isOther {
		return notJSON
	}
	return truthOf(operand != any(missing{}))
}

func is(name string) condition {
	wanted := map[string]kind{
		"string": isString, "number": isNumber, "integer": isNumber, "boolean": isBoolean, "array": isArray, "object": isObject,
		"null": isNull,
	}[name]
	return func(operand any) truth {
		k := kindOf(operand)
		if k == isOther {
			return notJSON
		}
		if name == "integer" && k == isNumber {
			n, _ := numberOf(operand)
			return truthOf(n.isInteger())
		}
		return truthOf(k == wanted)
	}
}

func lookup(value any, absent truth) condition {
	known := map[string]truth{}
	for _, item := range asList(value) {
		pair := asTuple(item, 2)
		known[asText(pair[0])] = readTruth(pair[1])
	}
	return func(operand any) truth {
		switch kindOf(operand) {
		case isMissing, isNull:
			return absent
		case isOther:
			return notJSON
		case isString:
			if t, ok := known[operand.(string)]; ok {
				return t
			}
		}
		return undefined
	}
}

// judge judges an operand that is neither missing nor null. ok is false where its type does not fit.
type judge func(operand any) (result truth, ok bool)

func ordinary(judge judge, absent, mistyped truth, ofLength bool) condition {
	return func(operand any) truth {
		switch kindOf(operand) {
		case isMissing, isNull:
			return absent
		case isOther:
			return notJSON
		}
		if ofLength {
			n, ok := length(operand)
			if !ok {
				return mistyped
			}
			operand = number{double: float64(n)}
		}
		if result, ok := judge(operand); ok {
			return result
		}
		return mistyped
	}
}

func readJudge(op string, value any) judge {
	switch op {
	case "<":
		return ordered(value, func(order int) bool { return order < 0 })
	case "<=":
		return ordered(value, func(order int) bool { return order <= 0 })
	case ">":
		return ordered(value, func(order int) bool { return order > 0 })
	case ">=":
		return ordered(value, func(order int) bool { return order >= 0 })
	case "==":
		return ordered(value, func(order int) bool { return order == 0 })
	case "!=":
		return ordered(value, func(order int) bool { return order != 0 })
	case "in":
		return among(asList(value), true)
	case "not in":
		return among(asList(value), false)
	case "contains":
		return contains(asConstant(value))
	case "starts_with":
		return ofText(asText(value), strings.HasPrefix)
	case "ends_with":
		return ofText(asText(value), strings.HasSuffix)
	case "like":
		pattern := readGlob(asText(value))
		return func(operand any) (truth, bool) {
			s, ok := operand.(string)
			return truthOf(ok && pattern.matches(s)), ok
		}
	case "matches":
		return matches(asText(value))
	}
	malformed("an operator %.40q", op)
	return nil
}

func ordered(value any, holds func(order int) bool) judge {
	constant := asConstant(value)
	return func(operand any) (truth, bool) {
		order, ok := compare(operand, constant)
		return truthOf(holds(order)), ok
	}
}

// among judges whether the operand is one of the constants of its own kind.
func among(values []any, wanted bool) judge {
	texts := map[string]bool{}
	var others []any // few
	for _, value := range values {
		if s, ok := asConstant(value).(string); ok {
			texts[s] = true
		} else {
			others = append(others, asConstant(value))
		}
	}
	return func(operand any) (truth, bool) {
		if s, ok := operand.(string); ok {
			return truthOf(texts[s] == wanted), len(texts) > 0
		}
		found, comparable := false, false
		for _, constant := range others {
			order, ok := compare(operand, constant)
			comparable = comparable || ok
			found = found || ok && order == 0
		}
		return truthOf(found == wanted), comparable
	}
}

func contains(constant any) judge {
	return func(operand any) (truth, bool) {
		switch operand := operand.(type) {
		case []any:
			return truthOf(slices.ContainsFunc(operand, func(element any) bool {
				order, ok := compare(element, constant)
				return ok && order == 0
			})), true
		case string:
			part, ok := constant.(string)
			return truthOf(ok && strings.Contains(operand, part)), ok
		}
		return isFalse, false
	}
}

func ofText(value string, holds func(s, value string) bool) judge {
	return func(operand any) (truth, bool) {
		s, ok := operand.(string)
		return truthOf(ok && holds(s, value)), ok
	}
}

// matches searches a regular expression; Go's are RE2's. Text that is not UTF-8 is in no regular language.
func matches(pattern string) judge {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		malformed("%v", err)
	}
	return func(operand any) (truth, bool) {
		s, ok := operand.(string)
		if ok && !utf8.ValidString(s) {
			return undefined, true
		}
		return truthOf(ok && expression.MatchString(s)), ok
	}
}
