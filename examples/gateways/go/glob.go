package policytable

import (
	"strings"
	"unicode/utf8"
)

// glob is a pattern for a whole string, cut at its stars: * is any run of characters, ? exactly one.
type glob []piece

// piece is the part of a glob between two stars.
type piece struct {
	text  string
	runes int
	plain bool // without a question mark
}

func readGlob(pattern string) glob {
	var g glob
	for _, text := range strings.Split(pattern, "*") {
		g = append(g, piece{text, utf8.RuneCountInString(text), !strings.Contains(text, "?")})
	}
	return g
}

func (g glob) matches(s string) bool {
	rest, ok := g[0].prefix(s)
	if !ok || len(g) == 1 {
		return ok && rest == ""
	}
	// The last piece ends the string, and may not reach back into what the first took.
	last := g[len(g)-1]
	at := len(rest)
	for range last.runes {
		if at == 0 {
			return false
		}
		_, size := utf8.DecodeLastRuneInString(rest[:at])
		at -= size
	}
	if end, ok := last.prefix(rest[at:]); !ok || end != "" {
		return false
	}
	rest = rest[:at]
	for _, p := range g[1 : len(g)-1] {
		if rest, ok = p.after(rest); !ok {
			return false
		}
	}
	return true
}

// prefix is what follows the piece at the beginning of s.
func (p piece) prefix(s string) (rest string, ok bool) {
	if p.plain {
		return strings.CutPrefix(s, p.text)
	}
	for _, want := range p.text {
		got, size := utf8.DecodeRuneInString(s)
		if size == 0 || want != '?' && (want != got || got == utf8.RuneError && size == 1) {
			return "", false
		}
		s = s[size:]
	}
	return s, true
}

// after is what follows the first occurrence of the piece in s.
func (p piece) after(s string) (rest string, ok bool) {
	if p.plain {
		_, rest, ok = strings.Cut(s, p.text)
		return rest, ok
	}
	for {
		if rest, ok = p.prefix(s); ok || s == "" {
			return rest, ok
		}
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
}
