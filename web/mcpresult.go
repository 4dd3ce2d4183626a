package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/rdap"
)

// maxSteps bounds the steps of an explanation.
const maxSteps = 200

// Findings are what probe_names and find_names return.
type findings struct {
	Names     []nameRow         `json:"names" jsonschema:"the best first with find_names"`
	Counts    counts            `json:"counts" jsonschema:"of all names that were asked about"`
	Meanings  map[string]string `json:"meanings" jsonschema:"of the verdicts and reasons of the names"`
	Made      int               `json:"made,omitempty" jsonschema:"the names that were made, of which the best were asked about"`
	Repeated  int64             `json:"repeated,omitempty" jsonschema:"repeated names, which are left out"`
	Truncated bool              `json:"truncated" jsonschema:"the time was over before all names had a verdict"`
	Pending   []string          `json:"pending,omitempty" jsonschema:"names without a verdict as the time was over; ask about them again"`
	Note      string            `json:"note,omitempty"`
}

type counts struct {
	Found    int `json:"found"`
	NotFound int `json:"not_found"`
	Unknown  int `json:"unknown"`
	Invalid  int `json:"invalid"`
}

// of returns the place of the number of names with a verdict.
func (c *counts) of(v probe.Verdict) *int {
	switch v {
	case probe.Found:
		return &c.Found
	case probe.NotFound:
		return &c.NotFound
	case probe.Invalid:
		return &c.Invalid
	}
	return &c.Unknown
}

// A nameRow is the verdict on one name.
type nameRow struct {
	Domain    string `json:"domain" jsonschema:"in its A-label form"`
	Unicode   string `json:"unicode,omitempty" jsonschema:"the domain in its U-label form, if it is another one"`
	Verdict   string `json:"verdict" jsonschema:"found, not-found, unknown or invalid"`
	Reason    string `json:"reason" jsonschema:"one word, which meanings explains"`
	Detail    string `json:"detail,omitempty"`
	Score     int    `json:"score" jsonschema:"how good the first label sounds and spells, from 0 to 100"`
	Keyword   string `json:"keyword,omitempty" jsonschema:"that the name was made of, if it is another word"`
	Generator string `json:"generator,omitempty" jsonschema:"what made the keyword"`
	Registrar string `json:"registrar,omitempty"`
	Created   string `json:"created,omitempty" jsonschema:"the day of the registration"`
	Expires   string `json:"expires,omitempty" jsonschema:"the day on which it expires"`
	Drops     string `json:"drops,omitempty" jsonschema:"the day by which anybody can have the name"`
	Status    string `json:"status,omitempty" jsonschema:"of the registration"`
	ForSale   bool   `json:"for_sale,omitempty" jsonschema:"the owner offers the name (RFC 10023); nobody has checked price, sale_uri and sale_text"`
	Price     string `json:"price,omitempty" jsonschema:"indicative, such as EUR999"`
	SaleURI   string `json:"sale_uri,omitempty"`
	SaleText  string `json:"sale_text,omitempty"`
	Parked    string `json:"parked,omitempty" jsonschema:"the service at which the name seems to be parked, a hint"`
}

// newFindings returns the answer with rows, of which some are kept.
func newFindings(rows []probe.Result, keep *keeping) *findings {
	a := &findings{Names: []nameRow{}, Meanings: map[string]string{}}
	for _, r := range rows {
		*a.Counts.of(r.Verdict)++
		if !keep.keeps(&r) {
			continue
		}
		a.Names = append(a.Names, rowOf(&r))
		a.Meanings[string(r.Reason)] = meaningOf(r.Reason)
		a.Meanings[r.Verdict.String()] = verdictMeanings[r.Verdict]
	}
	return a
}

// verdictMeanings say what may be concluded from a verdict.
var verdictMeanings = map[probe.Verdict]string{
	probe.Found:    "registered, or withheld by the registry",
	probe.NotFound: "likely free: the DNS shows no registration, but the name may be reserved, on hold or just expired; only the reason rdap-not-registered is the registry's word",
	probe.Unknown:  "no trustworthy answer: the name may be registered or not",
	probe.Invalid:  "nobody can register the name",
}

func meaningOf(reason probe.Reason) string {
	for _, doc := range probe.Reasons() {
		if doc.Reason == reason {
			return doc.Text
		}
	}
	return ""
}

func rowOf(r *probe.Result) nameRow {
	row := nameRow{
		ForSale: r.Sale.Listed, Price: printable(r.Sale.Price), SaleURI: printable(r.Sale.URI), SaleText: printable(r.Sale.Text), Parked: r.Parked,
		Domain: printable(r.Name), Unicode: r.Unicode, Verdict: r.Verdict.String(), Reason: string(r.Reason), Generator: r.Generator,
	}
	if r.Err != nil {
		row.Detail = printable(r.Err.Error())
	}
	if r.Verdict != probe.Invalid {
		row.Score = scoreOf(r.Name)
	}
	if label, _, _ := strings.Cut(r.Name, "."); r.Keyword != label && r.Keyword != r.Name && r.Keyword != r.Unicode {
		row.Keyword = printable(r.Keyword)
	}
	if reg := r.Registration; reg != nil {
		row.Registrar, row.Status = reg.Registrar, strings.Join(reg.Status, "; ")
		row.Created, row.Expires, row.Drops = dayOf(reg.Created), dayOf(reg.Expires), dayOf(reg.Drops)
	}
	return row
}

// printable returns text that came from outside as valid UTF-8 without control
// characters.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return '\ufffd'
		}
		return c
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// An explanation is what explain_name returns.
type explanation struct {
	nameRow
	Meaning   string   `json:"meaning" jsonschema:"of the reason"`
	Rcode     string   `json:"rcode,omitempty" jsonschema:"the RCODE of the response that decided"`
	Server    string   `json:"server,omitempty" jsonschema:"the server that decided"`
	Steps     []string `json:"steps" jsonschema:"queries, responses and the rules that decided, in the order of time"`
	Truncated bool     `json:"truncated" jsonschema:"there were more steps"`
}

// stepOf returns an event on one line.
func stepOf(e probe.Event, began time.Time) string {
	query := dns.TypeToString[e.Type] + " " + strings.TrimSuffix(e.Name, ".")
	line := fmt.Sprintf("%.1f ms: ", float64(e.At.Sub(began).Microseconds())/1000)
	switch {
	case e.Type == 0:
		line += e.Server + " about " + e.Name + ": " + e.Rule
	case !e.Response:
		line += "ask " + e.Server + " over " + e.Transport + ": " + query
	default:
		line += e.Server + " on " + query + ": " + e.Rule
		if e.Message != "" {
			line += ": " + e.Message
		}
	}
	return printable(line)
}

// A registryWord is what registry_data returns.
type registryWord struct {
	Domain       string       `json:"domain"`
	Verdict      string       `json:"verdict" jsonschema:"found, not-found or unknown, by the registry alone"`
	Reason       string       `json:"reason"`
	Meaning      string       `json:"meaning"`
	Detail       string       `json:"detail,omitempty" jsonschema:"why the registry has not told"`
	Server       string       `json:"server,omitempty"`
	Registration *rdap.Domain `json:"registration,omitempty" jsonschema:"what the registry publishes"`
}

func newRegistryWord(c candidate.Candidate, said rdap.Answer) *registryWord {
	word := said.Confirmation()
	out := &registryWord{
		Domain: c.Name, Verdict: probe.Unknown.String(), Reason: string(word.Reason),
		Meaning: "the registry has not told whether the name is registered", Server: said.Server, Registration: said.Domain,
	}
	if said.Err != nil {
		out.Detail = printable(said.Err.Error())
	}
	if said.Note != "" {
		out.Detail = printable(said.Note)
	}
	for _, doc := range probe.Reasons() {
		if doc.Reason == word.Reason && word.Settled() {
			out.Verdict, out.Meaning = doc.Verdict.String(), doc.Text
		}
	}
	return out
}
