package rdap

import (
	"strings"
	"testing"
)

func TestCheckJSON(t *testing.T) {
	nested := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	for in, ok := range map[string]bool{
		nested("[", "]", maxDepth):                              true,
		nested("[", "]", maxDepth+1):                            false,
		nested(`[{"a":`, `}]`, maxDepth/2) + " ":                false, // a member without a value
		strings.Repeat(`{"a":`, 64) + "1" + nested("", "}", 64): true,
		strings.Repeat(`{"a":`, 65) + "1" + nested("", "}", 65): false,
		`"` + strings.Repeat("[", 1000) + `"`:                   true,
		`"\"` + strings.Repeat("[", 1000) + `"`:                 true,
		`"\\"` + strings.Repeat("[", 1000):                      false,
		"[" + strings.Repeat("[],", 1000) + "[]]":               true,
		"[1 2]": false,
		"[1,]":  false,
		"{} {}": false,
		"":      false,
		"1e999": true,
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}],"d":{"a":{}}}`: true,
		`{"a":1,"b":2,"a":1}`:                    false,
		`{"a":{},"b":[{"c":[],"d":0,"c":null}]}`: false,
		`{"a":1,"A":1}`:                          false,
		`{"a":1,"\u0061":1}`:                     false,
		`{"status":1,"ſtatus":1}`:                false,
		`{"k":1,"\u212a":1}`:                     false,
		`["a","a"]`:                              true,
	} {
		if err := checkJSON([]byte(in)); (err == nil) != ok {
			t.Errorf("checkJSON(%.60q) = %v", in, err)
		}
	}
}
