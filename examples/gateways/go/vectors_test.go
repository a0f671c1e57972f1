package policytable

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// vectorsFolder has the conformance vectors; POLICYC_VECTORS names another.
func vectorsFolder(t testing.TB) string {
	folder := os.Getenv("POLICYC_VECTORS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "tests", "conformance", "vectors")
	}
	if _, err := os.Stat(filepath.Join(folder, "index.json")); err != nil {
		t.Skipf("the conformance vectors are not there: %v", err)
	}
	return folder
}

// everything is what a gateway can do that leaves nothing out.
var everything = Options{Capabilities: AllCapabilities}

type vectorFile struct {
	Table string
	Calls []struct {
		Call struct {
			Tool               string
			Arguments, Context json.RawMessage
			Server             *string
			Policy             string
		}
		Expect map[string]any
		Needs  []string
	}
	Lists []struct {
		Policy       string
		Server       *string
		Tools, Shown []string
	}
}

func readVectors(t testing.TB, into any, elements ...string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elements...))
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		err = decoder.Decode(into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// raws are the calls of a file of vectors as they are written.
func raws(t testing.TB, elements ...string) []json.RawMessage {
	var file struct {
		Calls []struct{ Call json.RawMessage }
	}
	readVectors(t, &file, elements...)
	var calls []json.RawMessage
	for _, c := range file.Calls {
		calls = append(calls, c.Call)
	}
	return calls
}

func TestVectors(t *testing.T) {
	folder := vectorsFolder(t)
	var index struct{ Tables []string }
	readVectors(t, &index, folder, "index.json")
	decided, left := 0, map[string]int{}
	for _, name := range index.Tables {
		t.Run(name, func(t *testing.T) {
			var file vectorFile
			readVectors(t, &file, folder, name)
			table, err := Load(filepath.Join(folder, file.Table), everything)
			if err != nil {
				t.Fatal(err)
			}
			written := raws(t, folder, name)
			for i, v := range file.Calls {
				if slices.Contains(v.Needs, "surrogates") {
					left["surrogates"]++
					if !LoneSurrogate(written[i]) {
						t.Errorf("the lone surrogate of %s was not seen", written[i])
					}
					continue
				}
				call := Call{Tool: v.Call.Tool, Server: v.Call.Server, Policy: v.Call.Policy}
				call.Arguments, call.Context = mustDecode(t, v.Call.Arguments), mustDecode(t, v.Call.Context)
				if got := told(t, table.Decide(call), call); !reflect.DeepEqual(got, canonical(v.Expect)) {
					t.Errorf("%s\ngot  %v\nwant %v", written[i], got, canonical(v.Expect))
				}
				decided++
			}
			for _, l := range file.Lists {
				if got := table.Visible(l.Tools, l.Server, l.Policy); !slices.Equal(got, l.Shown) {
					t.Errorf("%q of %q: shown %q, not %q", l.Policy, l.Tools, got, l.Shown)
				}
			}
		})
	}
	t.Logf("%d calls decided; left out: %v", decided, left)
	if decided == 0 {
		t.Error("no vector was run")
	}
}

// TestVectorsWithDoubles decodes calls without UseNumber, as a gateway may that lacks integer.big.
func TestVectorsWithDoubles(t *testing.T) {
	folder := vectorsFolder(t)
	var index struct{ Tables []string }
	readVectors(t, &index, folder, "index.json")
	small := slices.DeleteFunc(slices.Clone(AllCapabilities), func(c string) bool { return c == "integer.big" })
	for _, name := range index.Tables {
		var file vectorFile
		readVectors(t, &file, folder, name)
		table, err := Load(filepath.Join(folder, file.Table), Options{Capabilities: small})
		if r := (*Refusal)(nil); errors.As(err, &r) && r.Check == CheckCapability {
			t.Logf("%s: %v", name, err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for _, v := range file.Calls {
			call := Call{Tool: v.Call.Tool, Server: v.Call.Server, Policy: v.Call.Policy}
			if len(v.Needs) > 0 || json.Unmarshal(v.Call.Arguments, &call.Arguments) != nil {
				continue
			}
			if err := json.Unmarshal(v.Call.Context, &call.Context); err != nil {
				t.Fatal(err)
			}
			if got := told(t, table.Decide(call), call); !reflect.DeepEqual(got, canonical(v.Expect)) {
				t.Errorf("%s: %v\ngot  %v\nwant %v", name, v.Call, got, canonical(v.Expect))
			}
		}
	}
}

func TestRefusedTables(t *testing.T) {
	folder := vectorsFolder(t)
	var index struct {
		Refused []struct {
			Table   string
			Refusal Check
		}
	}
	readVectors(t, &index, folder, "index.json")
	for _, r := range index.Refused {
		_, err := Load(filepath.Join(folder, r.Table), everything)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Check != r.Refusal {
			t.Errorf("%s: %v, not %q", r.Table, err, r.Refusal)
		}
	}
	if len(index.Refused) == 0 {
		t.Error("no table was refused")
	}
}

func mustDecode(t testing.TB, raw json.RawMessage) map[string]any {
	t.Helper()
	object, err := DecodeObject(raw)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// told is a decision in the words of the vectors.
func told(t *testing.T, d Decision, call Call) map[string]any {
	if d.Err != nil {
		t.Errorf("not decided: %v", d.Err)
	}
	limits := []any{}
	for _, limit := range d.Limits {
		r, err := limit.Reservation(call)
		if err != nil {
			if !errors.Is(err, ErrScope) {
				t.Error(err)
			}
			limits = append(limits, map[string]any{"id": limit.Rule, "refused": "scope"})
			continue
		}
		var key []any
		for _, item := range r.Key {
			key = append(key, item)
		}
		limits = append(limits, map[string]any{
			"id": limit.Rule, "key": key, "amount": r.Amount, "max": r.Max, "window": limit.Window,
			"sliding": limit.Sliding,
		})
	}
	return canonical(map[string]any{
		"effect": string(d.Effect), "rule": d.Rule, "reason": d.Reason, "by": d.By, "severity": d.Severity, "source": d.Source,
		"hidden": d.Hidden, "limits": limits,
	})
}

// canonical writes null as the empty text, which a Decision has for both, and numbers by their value.
func canonical(m map[string]any) map[string]any {
	m = maps.Clone(m)
	for key, value := range m {
		switch value := value.(type) {
		case nil:
			m[key] = ""
		case []any:
			all := []any{}
			for _, item := range value {
				if object, ok := item.(map[string]any); ok {
					item = canonical(object)
				}
				all = append(all, item)
			}
			m[key] = all
		default:
			if n, ok := numberOf(value); ok {
				m[key] = string(n.json())
			}
		}
	}
	return m
}
