package policytable

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func refusedBy(t *testing.T, data []byte, options Options, want Check) {
	t.Helper()
	_, err := Parse(data, options)
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Check != want {
		t.Errorf("%v, not %q", err, want)
	}
}

func TestCapabilities(t *testing.T) {
	for _, c := range append(append([]string{}, AllCapabilities...), builtIn...) {
		data := parts{capabilities: []string{c}, body: "[]"}.bytes()
		if _, err := Parse(data, everything); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
	for _, c := range AllCapabilities {
		refusedBy(t, parts{capabilities: []string{c}}.bytes(), Options{}, CheckCapability)
	}
	// What this package does not know no gateway can add, and a bad list is no list.
	refusedBy(t, parts{capabilities: []string{"time.travel"}}.bytes(), Options{Capabilities: []string{"time.travel"}}, CheckCapability)
	refusedBy(t, seal(`{"revision":7,"policies":[],"tests":0,"rules":0,"bodies":0}`+"\n"), everything, CheckMalformed)
}

func TestARevisionThatGoesBackIsRefused(t *testing.T) {
	data := parts{body: "[]"}.bytes()
	for _, revision := range []int{0, 6, 7} {
		if table, err := Parse(data, Options{MinRevision: revision}); err != nil || table.Revision != 7 {
			t.Error(err)
		}
	}
	refusedBy(t, data, Options{MinRevision: 8}, CheckRevision)
}

func TestNamesInOtherCaseAreOtherNames(t *testing.T) {
	data := parts{body: `[[["allow",0,[]]],-1]`}.bytes()
	refusedBy(t, bytes.Replace(data, []byte(`"sha256"`), []byte(`"SHA256"`), 1), everything, CheckDigest)
	refusedBy(t, bytes.Replace(data, []byte(`"format"`), []byte(`"Format"`), 1), everything, CheckFormat)
}

func TestTheFirstLineHasAtMost999Bytes(t *testing.T) {
	data := parts{body: "[]"}.bytes()
	first := bytes.IndexByte(data, '\n')
	pad := func(n int) []byte {
		return bytes.Replace(data, []byte("\n"), []byte(strings.Repeat(" ", n-first)+"\n"), 1)
	}
	if _, err := Parse(pad(999), Options{}); err != nil {
		t.Error(err)
	}
	refusedBy(t, pad(1000), Options{}, CheckFormat)
}

func TestNotUTF8IsRefused(t *testing.T) {
	refusedBy(t, parts{body: "\"\xff\""}.bytes(), everything, CheckMalformed)
}

func TestNumbersCompareExactly(t *testing.T) {
	table := parts{body: `[[["deny",1,[]],["allow",0,[]],["approve",3,[]]],0,["n",0,[9007199254740993],[-1,-2,-3],-1]]`}.table(t)
	want := map[string]Effect{
		"9007199254740992": Deny, "9007199254740993": Allow, "9007199254740994": Approve, "9007199254740992.0": Deny, "9007199254740993.0": Deny,
		"9007199254740994.0": Approve, "1e300": Approve, "-1e300": Deny, "1" + strings.Repeat("0", 400): Approve, "-0": Deny, "0.1": Deny,
		"1" + strings.Repeat("0", 5000): Deny, // refused to be looked at
	}
	for text, effect := range want {
		if d := table.Decide(ofX(json.Number(text))); d.Effect != effect {
			t.Errorf("%.30s: %v", text, d)
		}
	}
}

func TestConstantsAreOfTheirKind(t *testing.T) {
	for _, c := range []struct {
		test string
		x    any
		want Effect
	}{
		{`["==",1,1,1,false,null,[]]`, true, Approve}, {`["==",true,1,1,false,null,[]]`, 1.0, Approve}, {`["==",1,1,1,false,null,[]]`, 1.0, Allow},
		{`["in",[true,1],1,1,false,null,[]]`, json.Number("1.0"), Allow}, {`["in",[true],1,0,false,null,[]]`, 1.0, Deny},
		{`["not in",[2,"a"],1,1,false,null,[]]`, "b", Allow}, {`["not in",[2],1,1,false,null,[]]`, "b", Approve},
		{`["contains",1,1,1,false,null,[]]`, []any{true, "1"}, Deny}, {`["contains",1,1,1,false,null,[]]`, []any{"1", json.Number("1e0")}, Allow},
		{`["contains",1,1,1,false,null,[]]`, "1", Approve}, {`["<","b",1,1,false,null,[]]`, "a", Allow}, {`["<","\uffff",1,1,false,null,[]]`, "\U00010000", Deny},
		{`["==",1,1,1,true,null,[]]`, "\U0001f600", Allow}, {`["==",1,1,1,true,null,[]]`, map[string]any{"a": nil}, Allow},
		{`["==",1,1,1,true,null,[]]`, true, Approve}, {`["matches","",1,1,false,null,[]]`, "\xff", Approve}, {`["like","?",1,1,false,null,[]]`, "\xff", Allow}, {"[\"like\",\"\ufffd?\",1,1,false,null,[]]", "\xffa", Deny},
		{`["==",1,1,1,false,"every",[null]]`, []any{[]any{1.0}, []any{}}, Allow}, {`["==",1,1,0,false,"every",[null]]`, []any{[]any{1.0}, 1.0}, Deny},
		{`["is","number",2,2,false,"every",[]]`, nil, Deny}, {`["==",1,2,1,false,"every",[]]`, nil, Allow}, {`["exists",true,1,1,false,"some",["k"]]`, []any{1.0, map[string]any{"k": nil}}, Allow},
	} {
		if d := tested(t, c.test).Decide(ofX(c.x)); d.Effect != c.want {
			t.Errorf("%s of %v: %v", c.test, c.x, d)
		}
	}
}

func TestPrintedIsWhatGoPrints(t *testing.T) {
	for _, raw := range []string{
		`null`, `true`, `false`, `""`, `"a b"`, `0`, `-1`, `1e5`, `1000000`, `123456789`, `0.0001`, `0.00001`, `1e21`, `1.5e-7`, `12345678901234567890`,
		`[]`, `[1,"a b",null,[true]]`, `{}`, `{"b":1,"a":{"c":[]}," d":"x"}`, `{"":""}`,
	} {
		var plain any
		if err := json.Unmarshal([]byte(raw), &plain); err != nil {
			t.Fatal(err)
		}
		exact, _ := decodeLine([]byte(raw))
		want := fmt.Sprint(plain)
		for _, v := range []any{plain, exact} {
			for text, is := range map[string]truth{want: isTrue, want + " ": isFalse, "x" + want: isFalse} {
				if got := prints(text, undefined)(v); got != is {
					t.Errorf("%s prints %q: %v", raw, text, got)
				}
			}
		}
	}
	if prints("0", undefined)(json.Number("-0.0")) != isTrue {
		t.Error("zero has no sign")
	}
	around := map[string]any{}
	around["x"] = []any{around}
	if prints("map[x:[map[x:[", undefined)(around) != isFalse {
		t.Error("a value inside of itself")
	}
}

func TestGlobsAgreeWithRegularExpressions(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	draw := func(alphabet []string) string {
		var s strings.Builder
		for range random.Intn(7) {
			s.WriteString(alphabet[random.Intn(len(alphabet))])
		}
		return s.String()
	}
	matched := 0
	for range 50_000 {
		pattern, s := draw([]string{"a", "é", "*", "*", "?", "."}), draw([]string{"a", "é", "a", ".", "\n"})
		words := strings.NewReplacer(`\*`, `(?s:.*)`, `\?`, `(?s:.)`)
		want := regexp.MustCompile(`\A` + words.Replace(regexp.QuoteMeta(pattern)) + `\z`).MatchString(s)
		if got := readGlob(pattern).matches(s); got != want {
			t.Fatalf("%q like %q: %v", s, pattern, got)
		}
		matched += ordinal(want)
	}
	if matched < 1000 {
		t.Error("hardly anything matched")
	}
}

func TestDecodeObject(t *testing.T) {
	for _, raw := range []string{``, `null`, `[]`, `{} {}`, `{}]`, `{"a":1`, "{\"\xff\":1}", `{"a":"\ud800"}`, `{"\udc00":1}`, `{"a":"\ud83d\u0041"}`, `{"a":"\ud83d\ud83d\ude00"}`} {
		if v, err := DecodeObject([]byte(raw)); err == nil {
			t.Errorf("%s: %v", raw, v)
		}
	}
	got, err := DecodeObject([]byte(` {"a":"\uD83D\ude00\\ud800\u00e9","n":9007199254740993,"n":9007199254740995} `))
	want := map[string]any{"a": "\U0001f600\\ud800é", "n": json.Number("9007199254740995")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v", got, err)
	}
}

func TestReservations(t *testing.T) {
	table := parts{body: `[[["allow",0,[4,5]]],-1]`}.table(t)
	server := "bank"
	call := Call{Tool: "t", Arguments: map[string]any{"x": json.Number("12345678901234567890.9")}, Context: map[string]any{"user": "u"}, Server: &server}
	got, err := table.Decide(call).Reservations(call)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if !reflect.DeepEqual(got[0].Key, []string{"p", "c", "day", "user=u", "server=bank"}) || got[0].Amount != "2" || got[0].Max != "10" {
		t.Error(got[0])
	}
	if !reflect.DeepEqual(got[1].Key, []string{"p", "s", "90"}) || got[1].Amount != "12345678901234567168" || got[1].Max != "2.5" || got[1].Limit.Seconds != 90 {
		t.Error(got[1])
	}
	for x, want := range map[any]json.Number{nil: "0", -1.9: "-1", json.Number("7.9"): "7", json.Number("9007199254740993"): "9007199254740993"} {
		call.Arguments["x"] = x
		if got, err := table.Decide(call).Reservations(call); err != nil || got[1].Amount != want {
			t.Errorf("%v: %v %v", x, got, err)
		}
	}
	for _, x := range []any{"1", true, json.Number("1e999"), 1} {
		call.Arguments["x"] = x
		if _, err := table.Decide(call).Reservations(call); !errors.Is(err, ErrAmount) {
			t.Errorf("%v: %v", x, err)
		}
	}
	empty := ""
	for _, bad := range []Call{
		{Server: &server}, {Server: &server, Context: map[string]any{"user": ""}}, {Server: &server, Context: map[string]any{"user": 1.0}},
		{Context: map[string]any{"user": "u"}}, {Context: map[string]any{"user": "u", "server": "bank"}}, {Context: map[string]any{"user": "u"}, Server: &empty},
	} {
		bad.Tool = "t"
		if _, err := table.Decide(bad).Reservations(bad); !errors.Is(err, ErrScope) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestHidden(t *testing.T) {
	table := parts{body: `[[["deny",2,[]]],-1]`}.table(t)
	if d := table.Decide(ofX(nil)); !d.Hidden || d.Effect != Deny || d.Rule != "h" || d.Source != "a.policy:3" {
		t.Error(d)
	}
}
