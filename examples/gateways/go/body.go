package policytable

// node is a node of a body. next is where a call goes from it, nil where no JSON value leads, so that the call is denied.
type node interface {
	next(call *Call) node
}

// leaf ends a body.
type leaf struct{ Decision }

func (*leaf) next(*Call) node { return nil }

// ruleInPool is a rule of the table.
type ruleInPool struct {
	effect string
	told   Decision // what a decision tells of it
	limit  *Limit
}

// link makes a body ready to run. One that does not fit the format denies.
func (p *policy) link(b *body) *linked {
	t := p.table
	t.linking.Lock()
	defer t.linking.Unlock()
	if made := b.root.Load(); made != nil {
		return made
	}
	made := &linked{}
	made.err = wellFormed(func() {
		content := decoded(t.lines.bodies[b.number])
		if rules, ok := content.(map[string]any); ok {
			made.root = p.readRuleList(rules)
		} else {
			made.root = p.readDiagram(asList(content))
		}
	})
	b.root.Store(made)
	return made
}

// readDiagram reads [leaves, root, node, node, …].
func (p *policy) readDiagram(content []any) node {
	if len(content) < 2 {
		malformed("a body without a root")
	}
	var leaves []node
	for _, l := range asList(content[0]) {
		leaves = append(leaves, p.readLeaf(asTuple(l, 3)))
	}
	var nodes []node
	child := func(v any) node { // of the nodes so far
		if v == nil {
			return nil
		}
		if r := asInt(v); r >= 0 {
			return nodes[asIndex(v, len(nodes))]
		} else if -1-r < len(leaves) {
			return leaves[-1-r]
		}
		malformed("a leaf that is not there")
		return nil
	}
	for _, n := range content[2:] {
		nodes = append(nodes, p.table.readNode(asList(n), child))
	}
	root := child(content[1])
	if root == nil {
		malformed("a body without a root")
	}
	return root
}

func (p *policy) readLeaf(content []any) *leaf {
	effect := Effect(asOneOf(content[0], "allow", "deny", "approve"))
	var limits []*Limit
	for _, number := range asList(content[2]) {
		limits = append(limits, p.limit(number))
	}
	return p.leaf(effect, content[1], limits)
}

// leaf is a decision with this effect by the rule of this number, -1 for the default.
func (p *policy) leaf(effect Effect, number any, limits []*Limit) *leaf {
	d := Decision{}
	if asInt(number) != -1 {
		rule := p.rule(number)
		if (rule.effect == "hide" || rule.effect == "limit") && effect != Deny {
			malformed("a rule that can only deny, and a leaf that does not")
		}
		d = rule.told
	}
	d.Effect, d.Limits, d.Policy = effect, limits, p.name
	return &leaf{d}
}

func (p *policy) limit(number any) *Limit {
	limit := p.rule(number).limit
	if limit == nil {
		malformed("a rule without a limit where one was expected")
	}
	named := *limit
	named.Policy = p.name
	return &named
}

// rule is a rule of the policy's own range.
func (p *policy) rule(v any) ruleInPool {
	number := asIndex(v, p.end)
	if number < p.first {
		malformed("a rule of another policy")
	}
	known, ok := p.table.rules[number]
	if !ok {
		known = p.table.readRule(number)
		p.table.rules[number] = known
	}
	return known
}

// readRule reads [id, effect, reason, by, severity, limit] and where it stands.
func (t *Table) readRule(number int) ruleInPool {
	line := asTuple(decoded(t.lines.rules[number]), 6)
	rule := ruleInPool{effect: asOneOf(line[1], "hide", "deny", "require", "allow", "approve", "limit")}
	rule.told = Decision{
		Rule: asText(line[0]), Reason: asTextOrNull(line[2]), By: asTextOrNull(line[3]), Severity: asTextOrNull(line[4]),
		Source: t.lines.place(number), Hidden: rule.effect == "hide",
	}
	if line[5] != nil {
		rule.limit = readLimit(asObject(line[5]), rule.told)
	}
	if rule.effect == "limit" && rule.told.Reason == "" {
		rule.told.Reason = "the amount that this limit adds up is missing or not a number"
	}
	return rule
}

// condition is a test of the pool.
func (t *Table) condition(v any) condition {
	number := asIndex(v, len(t.lines.tests))
	known := t.tests[number]
	if known == nil {
		known = readCondition(decoded(t.lines.tests[number]))
		t.tests[number] = known
	}
	return known
}

func (t *Table) path(v any) *path { return &t.paths[asIndex(v, len(t.paths))] }
