package policytable

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// prints judges whether fmt.Sprint of the operand, decoded without UseNumber, is value. It ends where the two differ, so it goes no deeper
// into what a caller sent than value is long.
func prints(value string, absent truth) condition {
	return func(operand any) truth {
		if kindOf(operand) == isMissing {
			return absent
		}
		rest := value
		result := consume(&rest, operand)
		if result == isTrue {
			return truthOf(rest == "")
		}
		return result
	}
}

// consume takes what v prints from the beginning of rest; isFalse where rest does not begin so.
func consume(rest *string, v any) truth {
	switch kindOf(v) {
	case isNumber:
		return take(rest, printedNumber(v))
	case isArray:
		return consumeArray(rest, v.([]any))
	case isObject:
		return consumeObject(rest, v.(map[string]any))
	case isOther:
		return notJSON
	}
	if s, ok := v.(string); ok {
		return take(rest, s)
	}
	return take(rest, fmt.Sprint(v)) // nil, true, false
}

func take(rest *string, text string) truth {
	after, found := strings.CutPrefix(*rest, text)
	*rest = after
	return truthOf(found)
}

func consumeArray(rest *string, array []any) truth {
	result := take(rest, "[")
	for i, element := range array {
		if i > 0 && result == isTrue {
			result = take(rest, " ")
		}
		if result == isTrue {
			result = consume(rest, element)
		}
	}
	if result == isTrue {
		result = take(rest, "]")
	}
	return result
}

func consumeObject(rest *string, object map[string]any) truth {
	result := take(rest, "map[")
	if result != isTrue {
		return result
	}
	for i, key := range slices.Sorted(maps.Keys(object)) {
		if i > 0 {
			result = take(rest, " ")
		}
		if result == isTrue {
			result = take(rest, key+":")
		}
		if result == isTrue {
			result = consume(rest, object[key])
		}
		if result != isTrue {
			return result
		}
	}
	return take(rest, "]")
}

// printedNumber prints a number as the double that encoding/json makes of it, zero without a sign.
func printedNumber(v any) string {
	double, _ := v.(float64)
	if text, ok := v.(json.Number); ok {
		double, _ = strconv.ParseFloat(string(text), 64) // infinite for an integer that no double is near to
	}
	if double == 0 {
		return "0"
	}
	return fmt.Sprint(double)
}
