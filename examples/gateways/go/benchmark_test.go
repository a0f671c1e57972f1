package policytable

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// bigTable is a table of so many tools, each with an allow and a deny. POLICYC_TABLE names another to measure loading with.
func bigTable(b *testing.B, tools int) []byte {
	if name := os.Getenv("POLICYC_TABLE"); name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		return data
	}
	var call, rules, bodies, places []string
	for i := range tools {
		call = append(call, fmt.Sprintf(`"tool_%d":%d`, i, i))
		rules = append(rules, fmt.Sprintf(`["tool_%d.allow","allow",null,null,null,null]`, i), fmt.Sprintf(`["tool_%d.deny","deny","over the cap",null,null,null]`, i))
		bodies = append(bodies, fmt.Sprintf(`[[["deny",-1,[]],["deny",%d,[]],["allow",%d,[]]],1,["s",1,[["eur",-3],["usd",-3]],-1,-1],["n",0,[%d],[0,0,-2],-1]]`, 2*i+1, 2*i, 100+i))
		places = append(places, fmt.Sprintf("[0,%d,1,%d,9]", 4*i+1, 4*i+1), fmt.Sprintf("[0,%d,1,%d,9]", 4*i+2, 4*i+2))
	}
	content := []string{
		fmt.Sprintf(`{"revision":1,"policies":["p"],"capabilities":[],"tests":0,"rules":%d,"bodies":%d}`, len(rules), tools+1),
		fmt.Sprintf(`{"policies":[{"name":"p","default":"deny","rules":[0,%d],"call":{%s},"call_other":%d,"list":{},"list_other":%d}]}`, len(rules), strings.Join(call, ","), tools, tools),
		`[["args","amount"],["args","currency"]]`,
	}
	content = append(append(append(content, rules...), bodies...), `[[["deny",-1,[]]],-1]`, `{"files":["big.policy"]}`)
	return seal(strings.Join(append(content, places...), "\n") + "\n")
}

var charge = map[string]any{"amount": 50.0, "currency": "usd"}

func BenchmarkDecideSmall(b *testing.B) {
	table := parts{body: `[[["deny",-1,[]],["deny",1,[]],["allow",0,[]]],1,["s",1,[["eur",-3],["usd",-3]],-1,-1],["n",0,[100],[-3,-3,-2],-1]]`}.table(b)
	call := Call{Tool: "t", Arguments: map[string]any{"x": 50.0}, Context: map[string]any{"y": "usd"}}
	b.ReportAllocs()
	for range b.N {
		if table.Decide(call).Effect != Allow {
			b.Fatal("denied")
		}
	}
}

func BenchmarkDecide20000Rules(b *testing.B) {
	table, err := Parse(bigTable(b, 10_000), everything)
	if err != nil {
		b.Fatal(err)
	}
	var calls []Call
	for i := range 10_000 {
		calls = append(calls, Call{Tool: fmt.Sprintf("tool_%d", i*7919%10_000), Arguments: charge})
		table.Decide(calls[i])
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		table.Decide(calls[i%len(calls)])
	}
}

func BenchmarkDecideByRuleList(b *testing.B) {
	guard := `["&",["?",0,0,4],["?",0,1,4]]`
	table := parts{
		tests: []string{`["<=",100,1,1,false,null,[]]`, `[">",0,1,1,false,null,[]]`}, body: `{"default":"deny","rules":[[],[[0,` + guard + `]],[],[[4,true]]]}`,
	}.table(b)
	b.ReportAllocs()
	for range b.N {
		if table.Decide(ofX(50.0)).Effect != Allow {
			b.Fatal("denied")
		}
	}
}

// BenchmarkLoad20000Rules measures from the bytes to the first decision.
func BenchmarkLoad20000Rules(b *testing.B) {
	data := bigTable(b, 10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		table, err := Parse(data, everything)
		if err != nil {
			b.Fatal(err)
		}
		table.Decide(Call{Tool: "tool_7", Arguments: charge})
	}
}
