package policytable

import "slices"

// ruleList is a body that is a list of rules: what a table has for a tool whose diagram would be too large.
type ruleList struct {
	denials, allows, approvals []guarded[*leaf]
	limits                     []guarded[*Limit]
	byDefault                  *leaf
}

// guarded is what holds where its guard does.
type guarded[T any] struct {
	guard guard
	then  T
}

// guard says whether a condition holds for a call; ok is false where it met what JSON does not have.
type guard func(call *Call) (holds, ok bool)

// readRuleList reads {"default": …, "rules": [denials, allows, approvals, limits]}.
func (p *policy) readRuleList(content map[string]any) node {
	groups := asTuple(content["rules"], 4)
	by := func(effect Effect) func(any) *leaf {
		return func(number any) *leaf {
			asIndex(number, p.end) // the default has no guard
			return p.leaf(effect, number, nil)
		}
	}
	return &ruleList{
		denials:   readGuarded(p, groups[0], by(Deny)),
		allows:    readGuarded(p, groups[1], by(Allow)),
		approvals: readGuarded(p, groups[2], by(Approve)),
		limits:    readGuarded(p, groups[3], p.limit),
		byDefault: &leaf{Decision{Effect: Effect(asOneOf(content["default"], "allow", "deny")), Policy: p.name}},
	}
}

func readGuarded[T any](p *policy, group any, then func(any) T) []guarded[T] {
	var all []guarded[T]
	for _, item := range asList(group) {
		pair := asTuple(item, 2)
		all = append(all, guarded[T]{p.table.readGuard(pair[1], deepest), then(pair[0])})
	}
	return all
}

func (t *Table) readGuard(v any, deep int) guard {
	if constant, ok := v.(bool); ok {
		return func(*Call) (bool, bool) { return constant, true }
	}
	items := asList(v)
	if len(items) == 0 || deep == 0 {
		malformed("a guard without an operator, or nested more than %d deep", deepest)
	}
	op := asOneOf(items[0], "?", "&", "|")
	if op == "?" {
		items = asTuple(v, 4)
		return probe(t.path(items[1]), t.condition(items[2]), asIndex(items[3], 8))
	}
	var parts []guard
	for _, item := range items[1:] {
		parts = append(parts, t.readGuard(item, deep-1))
	}
	decisive := op == "|" // the value of a part that decides alone
	return func(call *Call) (bool, bool) {
		for _, part := range parts {
			if holds, ok := part(call); !ok || holds == decisive {
				return holds, ok
			}
		}
		return !decisive, true
	}
}

func probe(path *path, test condition, mask int) guard {
	return func(call *Call) (bool, bool) {
		t := test(path.of(call))
		return mask>>t&1 == 1, t != notJSON
	}
}

// first is the first of a group whose guard holds; none is nil.
func first(group []guarded[*leaf], call *Call) (found *leaf, ok bool) {
	for _, g := range group {
		if holds, ok := g.guard(call); !ok || holds {
			return g.then, ok
		}
	}
	return nil, true
}

func (l *ruleList) next(call *Call) node {
	denied, ok := first(l.denials, call)
	if !ok {
		return nil
	}
	if denied != nil {
		return denied
	}
	allowed, ok := first(l.allows, call)
	if !ok {
		return nil
	}
	if allowed == nil {
		if allowed = l.byDefault; allowed.Effect == Deny {
			return allowed
		}
	}
	asked, ok := first(l.approvals, call)
	if !ok {
		return nil
	}
	if asked != nil {
		allowed = asked
	}
	end := &leaf{allowed.Decision}
	for _, limit := range l.limits {
		holds, ok := limit.guard(call)
		if !ok {
			return nil
		}
		if holds {
			end.Limits = append(slices.Clip(end.Limits), limit.then)
		}
	}
	return end
}
