package policytable

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Why a limit cannot be reserved. The call must be denied.
var (
	ErrScope  = errors.New("the call's context lacks what a limit counts by")
	ErrAmount = errors.New("what a limit adds up is not a number")
)

// Limit is a limit as data for a counter service.
type Limit struct {
	Rule, Policy, Counter, Reason string
	Max                           json.Number
	// Window is second, minute, hour, day, week or month, or else a number of seconds as text, which Seconds has too (0 for a name).
	Window  string
	Seconds int
	Sliding bool
	Scope   []string
	// Step is what each call adds where no path leads to an amount.
	Step int

	sum             *path
	optional, whole bool
}

// Reservation is one counter to increment. A call is admitted when the counter, after adding Amount, is at most Max.
type Reservation struct {
	// Key names the counter. Its items are to be kept apart: joined with a separator that a scope value may hold, two could look alike.
	Key         []string
	Amount, Max json.Number
	Limit       *Limit
}

// readLimit reads the limit of a rule.
func readLimit(content map[string]any, rule Decision) *Limit {
	l := &Limit{
		Rule: rule.Rule, Reason: rule.Reason, Counter: asText(content["counter"]), Max: asNumber(content["max"]).json(),
		Sliding: asBool(content["sliding"]), Step: asCount(content["step"]),
		optional: asBool(content["optional"]), whole: asBool(content["whole"]),
	}
	if _, named := content["window"].(string); named {
		l.Window = asOneOf(content["window"], "second", "minute", "hour", "day", "week", "month")
	} else if l.Seconds = asCount(content["window"]); l.Seconds == 0 {
		malformed("a window of no time")
	} else {
		l.Window = strconv.Itoa(l.Seconds)
	}
	for _, name := range asList(content["scope"]) {
		l.Scope = append(l.Scope, asOneOf(name, "grant", "session", "agent", "user", "server", "global"))
	}
	if content["sum"] != nil {
		sum := readPath(content["sum"])
		l.sum = &sum
	}
	return l
}

// Reservation is what to reserve for one call. The error is ErrScope or ErrAmount; the call must then be denied.
func (l *Limit) Reservation(call Call) (Reservation, error) {
	key := []string{l.Policy, l.Counter, l.Window}
	for _, name := range l.Scope {
		if name == "global" {
			continue
		}
		value, _ := call.Context[name].(string)
		if name == "server" {
			value = ""
			if call.Server != nil {
				value = *call.Server
			}
		}
		if value == "" {
			return Reservation{}, fmt.Errorf("%w: limit %q counts by %s", ErrScope, l.Rule, name)
		}
		key = append(key, name+"="+value)
	}
	amount := json.Number(strconv.Itoa(l.Step))
	if l.sum != nil {
		n, ok := l.add(l.sum.of(&call))
		if !ok {
			return Reservation{}, fmt.Errorf("%w: limit %q", ErrAmount, l.Rule)
		}
		amount = n.json()
	}
	return Reservation{Key: key, Amount: amount, Max: l.Max, Limit: l}, nil
}

// add is what the value at the path of a sum adds.
func (l *Limit) add(v any) (number, bool) {
	if k := kindOf(v); l.optional && (k == isMissing || k == isNull) {
		return number{}, true
	}
	n, ok := numberOf(v)
	if ok && l.whole {
		n = n.truncated()
	}
	return n, ok
}
