package rdap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// maxDepth is how deep arrays and objects may be nested. The deepest real
// replies, a contact within an entity within an entity, stay below 20.
const maxDepth = 64

// checkJSON makes sure that data is one JSON value, that it is nested no deeper
// than maxDepth, and that no object has two members of the same name: of these
// one reader takes the first and another the last (RFC 8259 section 4). Case
// makes no difference, as it makes none to package json.
func checkJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := checkValue(d, 0); err != nil && err != io.EOF {
		return err
	}
	return json.Unmarshal(data, new(json.RawMessage)) // whole, and nothing follows
}

func checkValue(d *json.Decoder, depth int) error {
	open, err := d.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return err
	}
	if depth == maxDepth {
		return fmt.Errorf("JSON nested deeper than %d", maxDepth)
	}
	seen := map[string]bool{}
	for d.More() {
		if open == json.Delim('{') {
			key, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			folded := strings.ToLower(strings.ToUpper(name)) // ſ is an s
			if seen[folded] {
				return fmt.Errorf("JSON with two members %q in one object", name)
			}
			seen[folded] = true
		}
		if err := checkValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
