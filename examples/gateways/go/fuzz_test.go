package policytable

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// seedTables are the tables of the vectors, or a small one where they are not there, each without its first line, by lines.
func seedTables(f *testing.F) (tables [][]string) {
	names, _ := filepath.Glob(filepath.Join("..", "..", "..", "tests", "conformance", "vectors", "*.table"))
	all := [][]byte{parts{tests: []string{`["==",1,1,1,false,null,[]]`}, body: `[[["allow",0,[4]]],0,["t",0,0,-1,null,-1]]`}.bytes()}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, data)
	}
	for _, data := range all {
		_, content, _ := bytes.Cut(data, []byte("\n"))
		tables = append(tables, strings.SplitAfter(string(content), "\n"))
	}
	return tables
}

// FuzzTable puts a line of the fuzzer's in place of one of a good table's, with a digest that holds: whatever it says, the table is refused
// or every call gets a decision.
func FuzzTable(f *testing.F) {
	tables := seedTables(f)
	for number, table := range tables {
		for line, text := range table {
			f.Add(number, line, text)
		}
	}
	f.Fuzz(func(t *testing.T, number, line int, text string) {
		lines := append([]string{}, tables[uint(number)%uint(len(tables))]...)
		lines[uint(line)%uint(len(lines))] = text
		table, err := Parse(seal(strings.Join(lines, "")), everything)
		if err != nil {
			if r := (*Refusal)(nil); !errors.As(err, &r) || r.Check == CheckDigest {
				t.Fatal(err)
			}
			return
		}
		for name, p := range table.policies {
			tools := []string{"another", ""}
			for tool := range p.call {
				tools = append(tools, tool)
			}
			for _, call := range seedCalls {
				for _, tool := range tools {
					call.Tool, call.Policy = tool, name
					sound(t, table, call)
				}
			}
			table.Visible(tools, seedCalls[1].Server, name)
		}
	})
}

var bank = "bank"

var seedCalls = []Call{
	{},
	{Server: &bank, Arguments: map[string]any{
		"x": json.Number("7"), "amount": 1e3, "branch": "feature/a-b", "files": []any{map[string]any{"path": ".github/x", "mode": "100644"}}, "path": "/srv/x",
	}, Context: map[string]any{"user": "u", "grant": "g", "role": "admin"}},
	{Arguments: map[string]any{"amount": json.Number("9007199254740993"), "branch": "dev", "files": []any{[]any{}, nil}, "path": nil}, Context: map[string]any{"user": []any{}}},
}

// sound fails where a decision makes no sense.
func sound(t *testing.T, table *Table, call Call) Decision {
	d := table.Decide(call)
	switch d.Effect {
	case Deny:
	case Allow, Approve:
		if d.Err != nil || d.Hidden {
			t.Fatalf("%v", d)
		}
	default:
		t.Fatalf("%v", d)
	}
	if _, err := d.Reservations(call); err != nil && !errors.Is(err, ErrScope) && !errors.Is(err, ErrAmount) {
		t.Fatal(err)
	}
	return d
}

// FuzzCall decides calls of the fuzzer's with every table of the vectors. Two of the tables are of one policy, once as diagrams and once as
// rule lists, and decide alike; and where no number is long, so do calls decoded with UseNumber and without.
func FuzzCall(f *testing.F) {
	var tables []*Table
	byName := map[string]*Table{}
	folder := vectorsFolder(f)
	names, _ := filepath.Glob(filepath.Join(folder, "*.table"))
	for _, name := range names {
		table, err := Load(name, everything)
		if err != nil {
			f.Fatal(err)
		}
		tables = append(tables, table)
		byName[filepath.Base(name)] = table
		for _, raw := range raws(f, strings.TrimSuffix(name, ".table")+".json") {
			f.Add([]byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		exact, err := DecodeObject(raw)
		if err != nil {
			return
		}
		call := callOf(exact)
		for _, table := range tables {
			for _, policy := range table.Policies {
				call.Policy = policy
				got := sound(t, table, call)
				var plain map[string]any
				if !longNumber(raw) && json.Unmarshal(raw, &plain) == nil {
					doubles := callOf(plain)
					doubles.Policy = policy
					same(t, got, table.Decide(doubles))
				}
			}
		}
		call.Policy = "basics"
		same(t, byName["basics.table"].Decide(call), byName["lists.table"].Decide(call))
	})
}

func callOf(decoded map[string]any) Call {
	call := Call{}
	call.Tool, _ = decoded["tool"].(string)
	call.Arguments, _ = decoded["arguments"].(map[string]any)
	call.Context, _ = decoded["context"].(map[string]any)
	if server, ok := decoded["server"].(string); ok {
		call.Server = &server
	}
	return call
}

func same(t *testing.T, a, b Decision) {
	if a.Err != nil || b.Err != nil { // a number beyond all doubles
		a, b = Decision{Effect: a.Effect}, Decision{Effect: b.Effect}
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("%v\n%v", a, b)
	}
}

// longNumber says whether JSON text might have an integer that no double is.
func longNumber(raw []byte) bool {
	run := 0
	for _, c := range raw {
		if run++; c < '0' || c > '9' {
			run = 0
		}
		if run > digits {
			return true
		}
	}
	return false
}
