// Package config reads files of settings, which are TOML. It knows their form
// and where each setting stands; it does not know which keys there are.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"domprobe/internal/text"
)

// maxSize is the size of a file that is certainly no file of settings.
const maxSize = 64 << 10

// A Setting is a key of a file, with its value as it is written on a command
// line.
type Setting struct {
	Table  string // that the key stands in; empty above all tables
	Key    string
	Values []string // one, unless the value is a list
	List   bool
	Line   int
}

// An Error is a mistake in a line of a file.
type Error struct {
	File string
	Line int
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Read returns the settings of a file in the order of its lines. Only a regular
// file is read: reading waits for nobody.
func Read(path string) ([]Setting, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: not a regular file", path)
	case info.Size() > maxSize:
		return nil, fmt.Errorf("read %s: more than %d bytes are no settings", path, maxSize)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize))
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse returns the settings in data. name is what errors call the file.
func Parse(name string, data []byte) ([]Setting, error) {
	data = bytes.TrimPrefix(data, []byte(text.ByteOrderMark))
	var tree map[string]any
	err := toml.Unmarshal(data, &tree)
	if bad, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := bad.Position()
		return nil, &Error{name, line, errors.New(strings.TrimPrefix(bad.Error(), "toml: "))}
	}
	keys, mistake := keysOf(data)
	switch {
	case mistake != nil:
		mistake.File = name
		return nil, mistake
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var settings []Setting
	for _, k := range keys {
		var err error
		if settings, err = appendSettings(settings, k, valueAt(tree, k.path)); err != nil {
			return nil, &Error{name, k.line, err}
		}
	}
	return settings, nil
}

// A key is a key of a file, with those of its tables before it.
type key struct {
	path []string
	line int
}

// keysOf returns the keys of a valid document that have a value.
func keysOf(data []byte) (keys []key, mistake *Error) {
	var p unstable.Parser
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		k := key{path: slices.Clone(table)}
		if e.Kind != unstable.KeyValue {
			k.path = nil
		}
		for part := e.Key(); part.Next(); {
			n := part.Node()
			k.path = append(k.path, string(n.Data))
			k.line = p.Shape(n.Raw).Start.Line
		}
		switch e.Kind {
		case unstable.ArrayTable:
			return nil, &Error{Line: k.line, Err: errors.New("a list of tables is no setting; a table has single brackets")}
		case unstable.Table:
			table = k.path
			continue
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// valueAt returns the value of a key, and nil if there is none.
func valueAt(tree map[string]any, path []string) any {
	for _, name := range path[:len(path)-1] {
		tree, _ = tree[name].(map[string]any)
	}
	return tree[path[len(path)-1]]
}

// appendSettings appends the settings of a key: several, if its value is a table.
func appendSettings(settings []Setting, k key, value any) ([]Setting, error) {
	last := len(k.path) - 1
	s := Setting{Table: strings.Join(k.path[:last], "."), Key: k.path[last], Line: k.line}
	var items []any
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			var err error
			if settings, err = appendSettings(settings, key{append(slices.Clone(k.path), name), k.line}, v[name]); err != nil {
				return nil, err
			}
		}
		return settings, nil
	case []any:
		s.List, items = true, v
	default:
		items = []any{v}
	}
	for _, item := range items {
		text, ok := textOf(item)
		if !ok {
			return nil, fmt.Errorf("%s is no text, number, true or false, nor a list of these", strings.Join(k.path, "."))
		}
		s.Values = append(s.Values, text)
	}
	return append(settings, s), nil
}

// textOf returns a value as it is written on a command line.
func textOf(value any) (text string, ok bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}
