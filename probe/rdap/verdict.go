package rdap

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"domprobe/candidate"
)

// A verdict holds the members of a reply that say whether there is a domain
// (RFC 9083 sections 5.3 and 6).
type verdict struct {
	Class       string      `json:"objectClassName"`
	Name        string      `json:"ldhName"`
	Unicode     string      `json:"unicodeName"`
	Code        json.Number `json:"errorCode"`
	Title       string      `json:"title"`
	Description texts       `json:"description"`
	Conformance []string    `json:"rdapConformance"`
}

// texts are an array, or one text that is not in an array.
type texts []string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *texts) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, (*[]string)(t)) == nil {
		return nil
	}
	*t = make(texts, 1)
	return json.Unmarshal(data, &(*t)[0])
}

// classify says what a reply means for name.
func classify(rep *reply, name string, authoritative bool) Answer {
	status, err := judge(rep, name, authoritative)
	if err != nil {
		err.Source, err.Server = "rdap", hostOf(rep.url)
		return unconfirmed(err)
	}
	return Answer{Status: status, Source: "rdap", Server: hostOf(rep.url)}
}

func judge(rep *reply, name string, authoritative bool) (Status, *Error) {
	v, err := parseVerdict(rep)
	switch {
	case err != nil:
	case rep.status == http.StatusOK && v.Class == "domain" && v.Code == "":
		if other := v.other(name); other != "" {
			err = fmt.Errorf("a reply about %q", other)
			break
		}
		return Registered, nil
	case v.Class != "":
		err = fmt.Errorf("HTTP status %d with an object of class %q and error code %q", rep.status, v.Class, v.Code)
	case v.Code == "404" || v.Code == "" && rep.status == http.StatusNotFound && len(v.Conformance) > 0:
		return v.absent(name, authoritative)
	default:
		err = fmt.Errorf("HTTP status %d without a domain, error code %q", rep.status, v.Code)
	}
	return Unconfirmed, &Error{Reason: BadReply, Err: err}
}

// other returns the name of a reply that is about another one than name, which
// is in its A-label form.
func (v *verdict) other(name string) string {
	for _, n := range []string{v.Name, v.Unicode} {
		if n != "" && candidate.Parse(n).Name != name {
			return n
		}
	}
	return ""
}

// absent says what it means that there is no domain. That, for whatever
// reason, is believed of an authoritative server alone.
func (v verdict) absent(name string, authoritative bool) (Status, *Error) {
	said, unclear := v.reserved(name)
	switch {
	case !authoritative:
		return Unconfirmed, &Error{Reason: NotAuthoritative, Err: errors.New("does not know the name, nor every name of the TLD")}
	case said:
		return Reserved, nil
	case unclear:
		return Unconfirmed, &Error{Reason: Unrecognized,
			Err: fmt.Errorf("words about reserved names that are not known: %q", append(v.Description, v.Title))}
	}
	return NotRegistered, nil
}

// parseVerdict reads a reply. RFC 7480 section 5.3 lets the body of a 404 be
// empty, but so it is from anything else that speaks HTTP.
func parseVerdict(rep *reply) (v verdict, err error) {
	if rep.status != http.StatusOK && rep.status != http.StatusNotFound {
		return v, fmt.Errorf("HTTP status %d", rep.status)
	}
	media, _, err := mime.ParseMediaType(rep.header.Get("Content-Type"))
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return v, fmt.Errorf("HTTP status %d with a reply of type %q", rep.status, rep.header.Get("Content-Type"))
	}
	if err := checkJSON(rep.body); err != nil {
		return v, err
	}
	if trimmed := strings.TrimLeft(string(rep.body), " \t\r\n"); !strings.HasPrefix(trimmed, "{") {
		return v, errors.New("the reply is not a JSON object")
	}
	return v, json.Unmarshal(rep.body, &v)
}

// That a name is withheld is said by a whole sentence that is known, in lower
// case and without quotes: about the name, or by a text of nothing else. Other
// words about such names, that explain them or say where they are listed, leave
// open what they mean for this one.
var (
	sentenceEnd = lazily(`[.;!]+(?: |$)`)
	withheld    = lazily(`^(?:(` + subject + `)?` + state + `(?: and (?:is )?` + state + `)?|(?:a )?reserved (?:domain name|domain|name))` +
		`(?: by (?:the )?registry(?: operator)?)?(?: in accordance with icann policy)?$`)
	harmless = lazily(`\brights (?:are )?reserved\b|\b(?:not|nor|never) (?:a |been |currently |yet )?reserved\b|` +
		`^(?:(?:the |a )?list of )?reserved (?:domain )?names (?:are|can|may)\b`)
	mentions = lazily(`\br[eé]serv(?:ed|iert|ad|é)|\b(?:withheld|blocked|cannot be registered)\b|\b(?:not |un)available for registration\b`)
)

const (
	subject = `(?:the |this )?(?:requested )?(?:domain name|domain|name)(?: this name)? (?:is |has been )?`
	state   = `(?:reserved|(?:not |un)available for registration)`
)

// reserved reports whether an error says that the name is withheld, or else
// speaks of that in words that are not known.
func (v verdict) reserved(name string) (said, unclear bool) {
	plain := strings.NewReplacer(`"`, "", `'`, "", name, "this name")
	for _, text := range append(v.Description, v.Title) {
		text = strings.Join(strings.Fields(plain.Replace(strings.ToLower(text))), " ")
		text = strings.TrimRight(text, ".;!")
		for _, s := range sentenceEnd().Split(text, -1) {
			if m := withheld().FindStringSubmatch(s); m != nil && (m[1] != "" || s == text) {
				said = true
			} else if mentions().MatchString(harmless().ReplaceAllString(s, "")) {
				unclear = true
			}
		}
	}
	return said, unclear && !said
}
