package policytable

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// DecodeObject decodes the arguments or the context of a call so that nothing of them is lost: integers of any size stay exact, and
// text that a Go string cannot hold (see LoneSurrogate), which encoding/json would replace silently, is an error. A call whose arguments
// cannot be decoded must be denied. Of two members with one name the last counts, as in encoding/json.
func DecodeObject(data []byte) (map[string]any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the JSON is not UTF-8")
	}
	v, err := decodeLine(data)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the JSON is not an object")
	}
	return object, nil
}

// decodeLine decodes exactly one JSON value, its numbers as json.Number.
func decodeLine(data []byte) (v any, err error) {
	if LoneSurrogate(data) {
		return nil, errors.New("the JSON has an unpaired surrogate")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON value")
	}
	return v, nil
}

// LoneSurrogate says whether JSON text has an escape \uD800 to \uDFFF without its other half: a string that is not Unicode text.
// encoding/json puts U+FFFD in its place, so that the policy would judge another string than the server gets.
func LoneSurrogate(data []byte) bool {
	for {
		at := bytes.IndexByte(data, '\\')
		if at < 0 || at+1 >= len(data) {
			return false
		}
		first := escaped(data[at:])
		data = data[at+2:]
		if !utf16.IsSurrogate(first) {
			continue
		}
		if len(data) < 4 || utf16.DecodeRune(first, escaped(data[4:])) == utf8.RuneError {
			return true
		}
		data = data[10:] // what is left of both escapes
	}
}

// escaped is the code unit of an escape \uXXXX at the beginning of the data, or -1.
func escaped(data []byte) rune {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
