package report

import (
	"errors"
	"reflect"
	"strings"
	"sync"

	"domprobe/probe"
)

// An object reads rows of a JSON report: package encoding/json fills a struct
// that has a member for each field, and one for the error.
type object struct {
	row     any       // a pointer to the struct
	members []*string // in order
	result  probe.Result
}

// objectType is the type of the struct.
var objectType = sync.OnceValue(func() reflect.Type {
	var members []reflect.StructField
	add := func(name string, t reflect.Type) {
		tag := reflect.StructTag(`json:"` + name + `"`)
		members = append(members, reflect.StructField{Name: strings.ToUpper(name), Type: t, Tag: tag})
	}
	for i := range fields {
		t := reflect.TypeFor[string]()
		if fields[i].text == nil && !fields[i].quoted {
			t = reflect.TypeFor[number]()
		}
		add(fields[i].name, t)
	}
	add("error", reflect.TypeFor[string]())
	return reflect.StructOf(members)
})

// A number is the text of a JSON value that is no string.
type number string

// UnmarshalJSON implements the interface of package encoding/json.
func (n *number) UnmarshalJSON(text []byte) error {
	if *n = number(text); *n == "null" {
		*n = absent
	}
	return nil
}

func newObject() *object {
	row := reflect.New(objectType())
	o := &object{row: row.Interface()}
	for i := range row.Elem().NumField() {
		member := row.Elem().Field(i).Addr().Convert(reflect.TypeFor[*string]())
		o.members = append(o.members, member.Interface().(*string))
	}
	return o
}

// absent is the text of a member that is not there, or null. It is not UTF-8,
// and so cannot come from JSON.
const absent = "\xff"

// read returns the row of the object that decode decodes.
func (o *object) read(decode func(row any) error) (probe.Result, error) {
	o.result = unread
	for _, member := range o.members {
		*member = absent
	}
	if err := decode(o.row); err != nil {
		return o.result, err
	}
	for i := range fields {
		f, s := &fields[i], *o.members[i]
		if s == absent {
			if f.needed {
				return o.result, errors.New("not a row of a report: there is no domain or no verdict")
			}
			continue
		}
		if err := f.set(&o.result, s); err != nil {
			return o.result, err
		}
	}
	if s := *o.members[len(fields)]; s != absent && s != "" {
		o.result.Err = errors.New(unescape(s))
	}
	return o.result, nil
}
