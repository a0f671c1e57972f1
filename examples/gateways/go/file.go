package policytable

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Check names a check that a table can fail, in the words of docs/table-format.md.
type Check string

// The checks, in the order in which they are made.
const (
	CheckSignature  Check = "signature"
	CheckFormat     Check = "no table"
	CheckVersion    Check = "version"
	CheckDigest     Check = "digest"
	CheckCapability Check = "capability"
	CheckMalformed  Check = "malformed"
	CheckRevision   Check = "revision"
)

// Refusal is why a table was not loaded.
type Refusal struct {
	Check   Check
	Message string
}

func (r *Refusal) Error() string { return r.Message }

func refuse(check Check, format string, args ...any) *Refusal {
	return &Refusal{check, fmt.Sprintf(format, args...)}
}

const firstLine = 999 // longest first line, in bytes

// open verifies the signature, the first line, and the digest of what follows it, which it gives.
func open(data []byte, options Options) ([]byte, error) {
	first, content, found := bytes.Cut(data, []byte("\n"))
	if options.Keys != nil || options.Signature != nil {
		if err := verify(first, options.Signature, options.Keys); err != nil {
			return nil, &Refusal{CheckSignature, err.Error()}
		}
	}
	var head map[string]any
	if found && len(first) <= firstLine {
		if v, err := decodeLine(first); err == nil {
			head, _ = v.(map[string]any)
		}
	}
	if head["format"] != "policyc-table" {
		return nil, refuse(CheckFormat, "this is not a policyc decision table")
	}
	if head["version"] != json.Number("1") {
		return nil, refuse(CheckVersion, "the table has format version %v; this loader knows version 1", head["version"])
	}
	digest := sha256.Sum256(content)
	if head["sha256"] != hex.EncodeToString(digest[:]) {
		return nil, refuse(CheckDigest, "the table was changed or cut short: its content does not have the digest that it states")
	}
	return content, nil
}

// lines are the lines of a table that are decoded when they are needed.
type lines struct {
	tests, rules, bodies, places [][]byte
	files                        []byte
}

// header reads line 2 and gives what follows it.
func (l *lines) header(content []byte) (map[string]any, []byte) {
	if !utf8.Valid(content) {
		malformed("the table is not UTF-8")
	}
	line, rest, _ := bytes.Cut(content, []byte("\n"))
	return asObject(decoded(line)), rest
}

// split takes the lines after the header apart, and decodes the policies of the index and the paths.
func (l *lines) split(header map[string]any, content []byte) (index, paths []any) {
	all := bytes.Split(content, []byte("\n"))
	if len(all[len(all)-1]) != 0 {
		malformed("the last line has no end")
	}
	all = all[:len(all)-1]
	tests, rules, bodies := asIndex(header["tests"], len(all)), asIndex(header["rules"], len(all)), asIndex(header["bodies"], len(all))
	if len(all) != 2+tests+2*rules+bodies+1 {
		malformed("more or fewer lines than the header says")
	}
	next := func(n int) [][]byte {
		taken := all[:n:n]
		all = all[n:]
		return taken
	}
	head := next(2)
	l.tests, l.rules, l.bodies, l.files, l.places = next(tests), next(rules), next(bodies), next(1)[0], next(rules)
	return asList(asObject(decoded(head[0]))["policies"]), asList(decoded(head[1]))
}

// place is where a rule stands, as file:line.
func (l *lines) place(rule int) string {
	place := decoded(l.places[rule])
	if place == nil {
		return ""
	}
	spot := asTuple(place, 5)
	files := asList(asObject(decoded(l.files))["files"])
	return fmt.Sprintf("%s:%d", asText(files[asIndex(spot[0], len(files))]), asCount(spot[1]))
}
