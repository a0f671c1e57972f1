package policytable

import (
	"cmp"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// number is a JSON number by its exact value: an integer that a double may not hold, or else a double.
type number struct {
	double  float64
	integer *big.Int // nil where double is exact
}

const (
	exact   = 1 << 53 // integers up to here are doubles
	digits  = 15      // integers of so few digits are below it
	longest = 4300    // digits of the longest integer that is looked at: converting takes time that grows with the square
)

// numberOf is a number as encoding/json decodes it. ok is false for anything else, and for NaN and infinity.
func numberOf(v any) (n number, ok bool) {
	switch v := v.(type) {
	case number:
		return v, true
	case float64:
		return number{double: v}, !math.IsNaN(v) && !math.IsInf(v, 0)
	case json.Number:
		return parseNumber(string(v))
	}
	return n, false
}

func parseNumber(text string) (n number, ok bool) {
	whole, ok := numberSyntax(text)
	if !ok {
		return n, false
	}
	if !whole {
		n.double, _ = strconv.ParseFloat(text, 64)
		return n, !math.IsInf(n.double, 0)
	}
	if len(text) <= digits {
		i, err := strconv.ParseInt(text, 10, 64)
		return number{double: float64(i)}, err == nil
	}
	if len(text) > longest {
		return n, false
	}
	i, ok := new(big.Int).SetString(text, 10)
	return exactly(i), ok
}

// exactly is an integer as a number.
func exactly(i *big.Int) number {
	if i.IsInt64() && -exact <= i.Int64() && i.Int64() <= exact {
		return number{double: float64(i.Int64())}
	}
	return number{integer: i}
}

// numberSyntax says whether text is a number as JSON writes it, and whether it is one without fraction and exponent.
func numberSyntax(text string) (whole, ok bool) {
	rest, n := afterDigits(strings.TrimPrefix(text, "-"))
	if n == 0 || n > 1 && strings.TrimPrefix(text, "-")[0] == '0' {
		return false, false
	}
	whole = rest == ""
	if fraction, found := strings.CutPrefix(rest, "."); found {
		if rest, n = afterDigits(fraction); n == 0 {
			return false, false
		}
	}
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		exponent := rest[1:]
		if exponent != "" && (exponent[0] == '+' || exponent[0] == '-') {
			exponent = exponent[1:]
		}
		if rest, n = afterDigits(exponent); n == 0 {
			return false, false
		}
	}
	return whole, rest == ""
}

// afterDigits is what follows the digits at the beginning of the text, and how many there are.
func afterDigits(text string) (rest string, n int) {
	rest = strings.TrimLeft(text, "0123456789")
	return rest, len(text) - len(rest)
}

func (n number) compare(m number) int {
	if n.integer == nil && m.integer == nil {
		return cmp.Compare(n.double, m.double)
	}
	return n.big().Cmp(m.big())
}

func (n number) big() *big.Float {
	if n.integer == nil {
		return big.NewFloat(n.double)
	}
	return new(big.Float).SetInt(n.integer)
}

func (n number) isInteger() bool { return n.integer != nil || n.double == math.Trunc(n.double) }

// truncated is the number without its fraction.
func (n number) truncated() number {
	if n.integer == nil {
		n.double = math.Trunc(n.double)
	}
	return n
}

// json writes the number exactly.
func (n number) json() json.Number {
	switch {
	case n.integer != nil:
		return json.Number(n.integer.String())
	case n.isInteger():
		i, _ := big.NewFloat(n.double).Int(nil) // without exponent, for counters that take integers
		return json.Number(i.String())
	}
	return json.Number(strconv.FormatFloat(n.double, 'g', -1, 64))
}
