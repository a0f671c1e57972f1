package policytable

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// parts are what a test puts into a small table: policy "p", whose tool "t" has the body given and whose every other tool is denied.
type parts struct {
	capabilities, tests, rules []string
	body                       string
}

// plainRules are the rules of a table that is given none; 4 and 5 have limits.
var plainRules = []string{
	`["a","allow",null,null,null,null]`, `["d","deny","no",null,"high",null]`, `["h","hide",null,null,null,null]`,
	`["ask","approve",null,"owner",null,null]`,
	`["l","limit",null,null,null,{"counter":"c","max":10,"window":"day","sliding":false,"scope":["user","global","server"],` +
		`"sum":null,"optional":false,"whole":false,"step":2}]`,
	`["s","limit","slow",null,null,{"counter":"s","max":2.5,"window":90,"sliding":true,"scope":[],"sum":["args","x"],` +
		`"optional":true,"whole":true,"step":1}]`,
}

const paths = `[["args","x"],["context","y"],["call","server"],["call","tool"],["args"],["args","l",0,"k"]]`

func (p parts) bytes() []byte {
	if p.rules == nil {
		p.rules = plainRules
	}
	header := fmt.Sprintf(
		`{"revision":7,"policies":["p"],"capabilities":%s,"tests":%d,"rules":%d,"bodies":2}`, asJSON(p.capabilities), len(p.tests), len(p.rules),
	)
	index := fmt.Sprintf(`{"policies":[{"name":"p","default":"deny","rules":[0,%d],"call":{"t":0},"call_other":1,"list":{},"list_other":1}]}`, len(p.rules))
	content := []string{header, index, paths}
	content = append(append(content, p.tests...), p.rules...)
	content = append(content, p.body, `[[["deny",-1,[]]],-1]`, `{"files":["a.policy"]}`)
	for i := range p.rules {
		content = append(content, fmt.Sprintf("[0,%d,1,%d,9]", i+1, i+1))
	}
	return seal(strings.Join(content, "\n") + "\n")
}

// seal puts a first line before the content that has its digest.
func seal(content string) []byte {
	return fmt.Appendf(nil, `{"format":"policyc-table","version":1,"sha256":"%x"}`+"\n%s", sha256.Sum256([]byte(content)), content)
}

func asJSON(names []string) string {
	if names == nil {
		return "[]"
	}
	data, _ := json.Marshal(names)
	return string(data)
}

func (p parts) table(t testing.TB) *Table {
	t.Helper()
	table, err := Parse(p.bytes(), everything)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// tested is a table whose tool "t" is denied, asked about or allowed as a test of args.x is false, undefined or true.
func tested(t testing.TB, test string) *Table {
	return parts{tests: []string{test}, body: `[[["deny",1,[]],["approve",3,[]],["allow",0,[]]],0,["t",0,0,-1,-2,-3]]`}.table(t)
}

// ofX are arguments with this x.
func ofX(x any) Call { return Call{Tool: "t", Arguments: map[string]any{"x": x}} }
