package policytable

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A table's content is taken apart by the functions below, which trust nothing. Where something does not fit the format they panic with
// a malformation, and wellFormed, around every use of them, makes an error of it.

type malformation string

func (m malformation) Error() string { return "the table does not fit its format: " + string(m) }

func malformed(format string, args ...any) {
	panic(malformation(fmt.Sprintf(format, args...)))
}

// wellFormed runs a function that reads a part of the table. The error is a malformation.
func wellFormed(read func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			m, ok := r.(malformation)
			if !ok {
				panic(r)
			}
			err = m
		}
	}()
	read()
	return nil
}

// decoded is the value of one line.
func decoded(line []byte) any {
	v, err := decodeLine(line)
	if err != nil {
		malformed("%v", err)
	}
	return v
}

func asObject(v any) map[string]any {
	o, ok := v.(map[string]any)
	if !ok {
		malformed("%T where an object was expected", v)
	}
	return o
}

func asList(v any) []any {
	l, ok := v.([]any)
	if !ok {
		malformed("%T where an array was expected", v)
	}
	return l
}

// asTuple is an array of so many items.
func asTuple(v any, items int) []any {
	l := asList(v)
	if len(l) != items {
		malformed("%d items where %d were expected", len(l), items)
	}
	return l
}

func asText(v any) string {
	s, ok := v.(string)
	if !ok {
		malformed("%T where text was expected", v)
	}
	return s
}

// asTextOrNull is text, empty for null.
func asTextOrNull(v any) string {
	if v == nil {
		return ""
	}
	return asText(v)
}

func asOneOf(v any, known ...string) string {
	s := asText(v)
	if !slices.Contains(known, s) {
		malformed("%.40q where one of %q was expected", s, known)
	}
	return s
}

func asBool(v any) bool {
	b, ok := v.(bool)
	if !ok {
		malformed("%T where true or false was expected", v)
	}
	return b
}

// asInt is an integer, written without fraction and exponent.
func asInt(v any) int {
	n, ok := v.(json.Number)
	i, err := strconv.Atoi(string(n))
	if !ok || err != nil {
		malformed("%.40v where an integer was expected", v)
	}
	return i
}

// asCount is an integer of 0 or more.
func asCount(v any) int { return asIndex(v, math.MaxInt) }

// asIndex is an integer from 0 to below end.
func asIndex(v any, end int) int {
	i := asInt(v)
	if i < 0 || i >= end {
		malformed("%d where a number from 0 to below %d was expected", i, end)
	}
	return i
}

func asNumber(v any) number {
	n, ok := numberOf(v)
	if !ok {
		malformed("%.40v where a number was expected", v)
	}
	return n
}

// asConstant is a value to compare with: a string, a number or a boolean.
func asConstant(v any) any {
	switch kindOf(v) {
	case isString, isBoolean:
		return v
	case isNumber:
		return asNumber(v)
	}
	malformed("%T where a constant was expected", v)
	return nil
}
