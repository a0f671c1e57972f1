// Package policytable loads a policyc decision table and decides tool calls with it.
//
// It is a loader of the format in docs/table-format.md, with the standard library alone. Whatever cannot be honoured is refused when
// the table is loaded; whatever cannot be decided is denied.
package policytable

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// AllCapabilities are the capabilities that depend on the gateway around this package, for a gateway that has all of them.
var AllCapabilities = []string{"approve", "integer.big", "limit", "limit.sliding", "limit.step", "limit.sum", "limit.whole"}

// builtIn are the capabilities that this package has by itself.
var builtIn = []string{"context", "prints", "quantifier", "regex", "rules", "server"}

// Options say what a gateway can do and what it demands of a table.
type Options struct {
	// Capabilities that the gateway has, of AllCapabilities: "approve" where it can hold a call for a person; "limit" and its like
	// where it reserves the limits of each decision; "integer.big" where it decodes calls with DecodeObject, or with
	// json.Decoder.UseNumber, so that large integers stay exact. A table that needs another one is refused.
	Capabilities []string
	// Keys: one of them must have signed the table. Nil: a signature is not asked for.
	Keys []ed25519.PublicKey
	// Signature is the DSSE envelope for Parse. Load reads it from the table's path with ".sig" added.
	Signature []byte
	// MinRevision is the smallest revision that is taken: at a reload, Revision of the table in force.
	MinRevision int
}

// Table is a loaded table. It is safe for concurrent use: bodies are linked when they are first needed, and never change.
type Table struct {
	// Revision grows with each deployment.
	Revision int
	// Policies are the names of the policies, in order.
	Policies []string

	lines    lines
	paths    []path
	policies map[string]*policy
	only     *policy // the policy when none is named; nil where there are several

	linking sync.Mutex         // held while a body is linked; guards what follows
	tests   map[int]condition  // tests that several bodies use are compiled once
	rules   map[int]ruleInPool // rules that were read
}

// policy is one policy of a table: for each tool its body.
type policy struct {
	table                *Table
	name                 string
	first, end           int // its range of rules
	call, list           map[string]*body
	callOther, listOther *body
}

// body is a body of one policy, linked when it is first needed.
type body struct {
	number int
	root   atomic.Pointer[linked]
}

// linked is the root of a body, or why there is none.
type linked struct {
	root node
	err  error
}

// Call is one call of a tool.
type Call struct {
	Tool string
	// Arguments and Context are JSON objects as encoding/json decodes them into any, with UseNumber or without. Nil: empty.
	Arguments, Context map[string]any
	// Server is the name of the server that the call goes to. Nil: none is known.
	Server *string
	// Policy is the name of the policy that decides. It may be left empty where the table has one.
	Policy string
}

// Load reads a table from a file. The error is a *Refusal, or one of the file system's.
func Load(path string, options Options) (*Table, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if options.Keys != nil {
		if options.Signature, err = os.ReadFile(path + ".sig"); err != nil {
			return nil, refuse(CheckSignature, "the table is not signed: %v", err)
		}
	}
	return Parse(data, options)
}

// Parse reads a table. The error is a *Refusal. The table keeps data, which must not be changed afterwards.
func Parse(data []byte, options Options) (*Table, error) {
	content, err := open(data, options)
	if err != nil {
		return nil, err
	}
	t := &Table{policies: map[string]*policy{}, tests: map[int]condition{}, rules: map[int]ruleInPool{}}
	var lacking []string
	err = wellFormed(func() {
		var header map[string]any
		header, content = t.lines.header(content)
		lacking = lacks(header, options.Capabilities)
		if lacking == nil {
			t.read(header, content)
		}
	})
	switch {
	case err != nil:
		return nil, &Refusal{CheckMalformed, err.Error()}
	case lacking != nil:
		return nil, refuse(CheckCapability, "the table needs %v, which this gateway does not have", lacking)
	case t.Revision < options.MinRevision:
		return nil, refuse(CheckRevision, "the table has revision %d; %d is in force", t.Revision, options.MinRevision)
	}
	return t, nil
}

// lacks are the capabilities that a header lists and nobody has.
func lacks(header map[string]any, gateway []string) []string {
	var lacking []string
	for _, c := range asList(header["capabilities"]) {
		name := asText(c)
		if !slices.Contains(builtIn, name) && !(slices.Contains(AllCapabilities, name) && slices.Contains(gateway, name)) {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// read takes what is checked when a table is loaded: the index and the paths.
func (t *Table) read(header map[string]any, content []byte) {
	t.Revision = asCount(header["revision"])
	index, paths := t.lines.split(header, content)
	for _, p := range paths {
		t.paths = append(t.paths, readPath(p))
	}
	for _, entry := range index {
		p := t.readPolicy(asObject(entry))
		if t.policies[p.name] != nil {
			malformed("two policies %q", p.name)
		}
		t.policies[p.name] = p
		t.Policies = append(t.Policies, p.name)
		t.only = p
	}
	if len(t.policies) != 1 {
		t.only = nil
	}
	var names []string
	for _, name := range asList(header["policies"]) {
		names = append(names, asText(name))
	}
	if !slices.Equal(names, t.Policies) {
		malformed("the header names other policies than the index")
	}
}

func (t *Table) readPolicy(entry map[string]any) *policy {
	span := asTuple(entry["rules"], 2)
	p := &policy{table: t, name: asText(entry["name"]), first: asCount(span[0]), end: asCount(span[1])}
	if p.first > p.end || p.end > len(t.lines.rules) {
		malformed("a range outside of the rules")
	}
	asOneOf(entry["default"], "allow", "deny")
	known := map[int]*body{} // tools share bodies
	read := func(v any) *body {
		number := asIndex(v, len(t.lines.bodies))
		if known[number] == nil {
			known[number] = &body{number: number}
		}
		return known[number]
	}
	byTool := func(v any) map[string]*body {
		tools := asObject(v)
		bodies := make(map[string]*body, len(tools))
		for tool, number := range tools {
			bodies[tool] = read(number)
		}
		return bodies
	}
	p.call, p.callOther = byTool(entry["call"]), read(entry["call_other"])
	p.list, p.listOther = byTool(entry["list"]), read(entry["list_other"])
	return p
}

// Decide decides one call. It never fails: what cannot be decided is denied, and the decision's Err says why.
func (t *Table) Decide(call Call) Decision {
	p := t.named(call.Policy)
	if p == nil {
		return denial(call.Policy, fmt.Errorf("the table's policies are %q, and none of them is named", t.Policies))
	}
	b := p.call[call.Tool]
	if b == nil {
		b = p.callOther
	}
	return p.decide(b, &call)
}

// Visible are those of the tools that tools/list may show, in the order given. server and policy are as in Call.
func (t *Table) Visible(tools []string, server *string, policy string) []string {
	shown := []string{}
	p := t.named(policy)
	if p == nil {
		return shown
	}
	for _, tool := range tools {
		b := p.list[tool]
		if b == nil {
			b = p.listOther
		}
		if p.decide(b, &Call{Tool: tool, Server: server}).Effect != Deny {
			shown = append(shown, tool)
		}
	}
	return shown
}

func (t *Table) named(name string) *policy {
	if name == "" && t.only != nil {
		return t.only
	}
	return t.policies[name]
}

func (p *policy) decide(b *body, call *Call) Decision {
	made := b.root.Load()
	if made == nil {
		made = p.link(b)
	}
	if made.err != nil {
		return denial(p.name, made.err)
	}
	at := made.root
	for at != nil {
		if end, ok := at.(*leaf); ok {
			return end.Decision
		}
		at = at.next(call)
	}
	return denial(p.name, errNotJSON)
}
