package policytable

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
)

func TestBodiesThatDoNotFitTheFormatDeny(t *testing.T) {
	bodies := []string{
		``, `null`, `7`, `[]`, `[[]]`, `[[],0]`, `[[],-1]`, `[[["allow",0,[]]],null]`, `[[["allow",0,[]]],1,["b",0,-1,-1,-1]]`,
		`[[["allow",0,[]]],-2]`, `[[["allow",0,[]]],-1.0]`, `[[["allow",0,[]]],"-1"]`, `[[["allow",0,[]]],-1] []`,
		`[[["allow",6,[]]],-1]`, `[[["allow",-2,[]]],-1]`, `[[["allow",0]],-1]`, `[[["perhaps",0,[]]],-1]`, `[[["allow",2,[]]],-1]`,
		`[[["allow",4,[]]],-1]`, `[[["allow",0,[1]]],-1]`, `[[["allow",0,[-1]]],-1]`, `[[["allow",0,[99999999999999999999]]],-1]`,
		`[[["allow",0,[]]],0,["b",0,0,-1,-1]]`, `[[["allow",0,[]]],0,["b",0,1,-1,-1],["b",0,-1,-1,-1]]`, `[[["allow",0,[]]],0,[]]`,
		`[[["allow",0,[]]],0,["q",0,-1,-1,-1]]`, `[[["allow",0,[]]],0,["b",6,-1,-1,-1]]`, `[[["allow",0,[]]],0,["b",-1,-1,-1,-1]]`,
		`[[["allow",0,[]]],0,["b",0,-1,-1]]`, `[[["allow",0,[]]],0,["k",0,-1,-1,-1,-1,-1,-1,-1]]`, `[[["allow",0,[]]],0,["t",0,0,-1,-1,-1]]`,
		`[[["allow",0,[]]],0,["n",0,[1],[-1,-1],-1]]`, `[[["allow",0,[]]],0,["n",0,[2,1],[-1,-1,-1,-1,-1],-1]]`,
		`[[["allow",0,[]]],0,["n",0,[1,1.0],[-1,-1,-1,-1,-1],-1]]`, `[[["allow",0,[]]],0,["n",0,["1"],[-1,-1,-1],-1]]`,
		`[[["allow",0,[]]],0,["n",0,[1e999],[-1,-1,-1],-1]]`, `[[["allow",0,[]]],0,["s",0,[["a",-1],["a",-1]],-1,-1]]`,
		`[[["allow",0,[]]],0,["s",0,[["\ud800",-1]],-1,-1]]`, `[[["allow",0,[]]],0,["s",0,{"a":-1},-1,-1]]`,
		`{}`, `{"default":"allow"}`, `{"default":"approve","rules":[[],[],[],[]]}`, `{"default":"allow","rules":[[],[],[]]}`,
		`{"default":"allow","rules":[[[0,[]]],[],[],[]]}`, `{"default":"allow","rules":[[[0,["!",true]]],[],[],[]]}`,
		`{"default":"allow","rules":[[[-1,true]],[],[],[]]}`, `{"default":"allow","rules":[[],[],[],[[0,true]]]}`,
		`{"default":"allow","rules":[[[1,["?",0,0,4]]],[],[],[]]}`, `{"default":"allow","rules":[[],[[2,true]],[],[]]}`,
	}
	for _, body := range bodies {
		d := parts{body: body}.table(t).Decide(ofX(true))
		if d.Effect != Deny || d.Err == nil || errors.Is(d.Err, errNotJSON) || d.Rule != "" {
			t.Errorf("%s: %v", body, d)
		}
	}
	// The same through tests, and rules.
	for _, test := range []string{
		`[]`, `["is","text",1,1,false,null,[]]`, `["is","string",3,1,false,null,[]]`, `["is","string",1,1,0,"each",[]]`,
		`["==",null,1,1,false,null,[]]`, `["==",[1],1,1,false,null,[]]`, `["in","a",1,1,false,null,[]]`, `["in",[null],1,1,false,null,[]]`,
		`["matches","(",1,1,false,null,[]]`, `["matches",7,1,1,false,null,[]]`, `["like",7,1,1,false,null,[]]`, `["xor",7,1,1,false,null,[]]`,
		`["==",7,1,1,0,null,[]]`, `["==",7,1,1,false,"some",[-1]]`, `["==",7,1,1,false,"some",[true]]`, `["lookup",[["a",3]],1,1,false,null,[]]`,
	} {
		if d := tested(t, test).Decide(ofX("a")); d.Effect != Deny || d.Err == nil {
			t.Errorf("%s: %v", test, d)
		}
	}
	for _, rule := range []string{`null`, `["a","allow",null,null,null]`, `["a","permit",null,null,null,null]`, `["a","allow",1,null,null,null]`, `[1,"allow",null,null,null,null]`} {
		d := parts{rules: []string{rule}, body: `[[["allow",0,[]]],-1]`}.table(t).Decide(ofX("a"))
		if d.Effect != Deny || d.Err == nil {
			t.Errorf("%s: %v", rule, d)
		}
	}
}

type text string

// odd are values that encoding/json never decodes into any.
var odd = []any{
	math.NaN(), math.Inf(1), math.Inf(-1), 1, int64(1), float32(1), text("a"), []string{"a"}, map[string]string{}, struct{}{}, &struct{}{},
	func() {}, []byte("a"), json.RawMessage("1"), json.Number(""), json.Number("x"), json.Number("01"), json.Number("1."), json.Number(".5"),
	json.Number("1e"), json.Number("+1"), json.Number("0x1"), json.Number("1_0"), json.Number("NaN"), json.Number("1e999"), json.Number(" 1"),
	json.Number("-"), json.Number("1e5e5"),
}

func TestWhatJSONDoesNotHaveDenies(t *testing.T) {
	nodes := []string{`["k",0,-1,-1,-1,-1,-1,-1,-1,-1]`, `["b",0,-1,-1,-1]`, `["n",0,[1],[-1,-1,-1],-1]`, `["s",0,[["a",-1]],-1,-1]`}
	tests := []string{
		`["exists",true,1,1,false,null,[]]`, `["is","string",1,1,false,null,[]]`, `["is","integer",1,1,false,null,[]]`,
		`["prints","1",1,1,false,null,[]]`, `["lookup",[["a",2]],1,1,false,null,[]]`, `["==",1,1,1,false,null,[]]`,
		`["in",["a"],1,1,false,null,[]]`, `["contains","a",1,1,true,null,[]]`, `["like","*",1,1,false,null,[]]`,
		`["matches","a",1,1,false,null,[]]`, `["==",1,1,1,false,"some",[]]`,
	}
	var tables []*Table
	for _, n := range nodes {
		tables = append(tables, parts{body: `[[["allow",0,[]]],0,` + n + `]`}.table(t))
	}
	for _, test := range tests {
		tables = append(tables,
			parts{tests: []string{test}, body: `[[["allow",0,[]]],0,["t",0,0,-1,-1,-1]]`}.table(t),
			parts{tests: []string{test}, body: `{"default":"deny","rules":[[],[[0,["?",0,0,7]]],[],[]]}`}.table(t),
			parts{tests: []string{test}, body: `{"default":"allow","rules":[[],[],[],[[4,["|",["?",0,0,7],true]]]]}`}.table(t))
	}
	for i, table := range tables {
		for _, v := range odd {
			if d := table.Decide(ofX(v)); d.Effect != Deny || !errors.Is(d.Err, errNotJSON) {
				t.Errorf("table %d, %T %v: %v", i, v, v, d)
			}
		}
		if d := table.Decide(ofX("a")); d.Effect != Allow {
			t.Errorf("table %d, text: %v", i, d)
		}
	}
	for _, quantifier := range []string{"some", "every"} {
		table := tested(t, `["==",1,1,1,false,"`+quantifier+`",["k"]]`)
		for _, v := range odd {
			for _, x := range []any{[]any{v}, []any{map[string]any{"k": 1.0}, map[string]any{"k": v}}, []any{v, map[string]any{"k": 1.0}}} {
				if d := table.Decide(ofX(x)); d.Effect != Deny || !errors.Is(d.Err, errNotJSON) {
					t.Errorf("%s %v: %v", quantifier, x, d)
				}
			}
		}
	}
	inside := parts{body: `[[["allow",0,[]]],0,["k",5,-1,-1,-1,-1,-1,-1,-1,-1]]`}.table(t)
	for _, v := range odd {
		for _, l := range []any{v, []any{v}, []any{map[string]any{"k": v}}} {
			if d := inside.Decide(Call{Tool: "t", Arguments: map[string]any{"l": l}}); d.Effect != Deny {
				t.Errorf("%v: %v", l, d)
			}
		}
	}
}

func TestAChildThatNoValueLeadsToDenies(t *testing.T) {
	d := parts{body: `[[["allow",0,[]]],0,["s",0,[["a",-1],["b",null]],null,-1]]`}.table(t)
	for x, want := range map[string]Effect{"a": Allow, "b": Deny, "c": Deny} {
		if got := d.Decide(ofX(x)); got.Effect != want {
			t.Errorf("%s: %v", x, got)
		}
	}
}

func TestARuleOfAnotherPolicyDenies(t *testing.T) {
	for body, want := range map[string]bool{`[[["allow",0,[]]],-1]`: false, `[[["deny",1,[]]],-1]`: true} {
		_, content, _ := strings.Cut(string(parts{body: body}.bytes()), "\n")
		table, err := Parse(seal(strings.Replace(content, `"rules":[0,6]`, `"rules":[1,6]`, 1)), everything)
		if err != nil {
			t.Fatal(err)
		}
		if d := table.Decide(ofX(nil)); d.Effect != Deny || (d.Err == nil) != want {
			t.Errorf("%s: %v", body, d)
		}
	}
}

func TestOnePolicyMustBeNamed(t *testing.T) {
	table := parts{body: `[[["allow",0,[]]],-1]`}.table(t)
	for name, want := range map[string]Effect{"": Allow, "p": Allow, "q": Deny} {
		if d := table.Decide(Call{Tool: "t", Policy: name}); d.Effect != want || (d.Err != nil) != (want == Deny) {
			t.Errorf("%q: %v", name, d)
		}
	}
	if shown := table.Visible([]string{"t"}, nil, "q"); len(shown) != 0 {
		t.Error(shown)
	}
}

func TestABodyIsLinkedOnceForManyCallers(t *testing.T) {
	table := parts{tests: []string{`["matches","^a+$",1,1,false,null,[]]`}, body: `[[["deny",1,[]],["allow",0,[4]]],0,["t",0,0,-1,-1,-2]]`}.table(t)
	var all sync.WaitGroup
	for range 16 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 200 {
				if table.Decide(ofX("aaa")).Effect != Allow || table.Decide(ofX("b")).Effect != Deny || len(table.Visible([]string{"t"}, nil, "")) != 0 {
					t.Error("decided otherwise")
				}
			}
		}()
	}
	all.Wait()
}
