package web

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	registries "domprobe/internal/demo"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// selling returns options with the demo registry, whose names are for sale.
func selling(t *testing.T) Options {
	t.Helper()
	registry, err := registries.Start()
	if err != nil {
		t.Fatal(err)
	}
	opts := probe.Options{Servers: []resolver.Server{{Transport: resolver.UDP, Addr: registry.Addr()}}}
	p, err := probe.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		registry.Close()
	})
	return Options{Prober: p, With: func(m More) Prober {
		opts.ForSale, opts.Parked = m.ForSale, m.Parked
		more, err := probe.New(opts)
		if err != nil {
			t.Error(err)
			return nil
		}
		t.Cleanup(func() { more.Close() })
		return more
	}}
}

// Offers are asked about where a parameter needs them, and only those that fit are
// sent.
func TestForSale(t *testing.T) {
	opts := selling(t)
	server := serve(t, opts)
	for params, want := range map[string]string{
		"for_sale=1&only=found":              "example.com example.net example.org",
		"only=for-sale":                      "example.com example.net",
		"only=for-sale,not-found":            "example.com example.net qxvzkwj.com",
		"max_price=EUR1000":                  "example.com",
		"max_price=EUR998.99&only=not-found": "qxvzkwj.com",
		"max_price=USD1000":                  "",
		"parked=1&only=found":                "example.com example.net example.org",
	} {
		resp, body := do(t, server, "GET", "/v1/probe?keyword=example.com,example.net,example.org,qxvzkwj.com&"+params, "")
		var rows []string
		for line := range strings.Lines(body) {
			var row struct {
				Domain  string
				ForSale *string `json:"for_sale"`
				Price   *string
				Parked  *string
			}
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row.Domain)
			if parks := strings.HasPrefix(params, "parked"); parks != (row.Parked != nil) || parks != (row.ForSale == nil) {
				t.Errorf("%s: %s", params, line)
			}
			if row.Domain == "example.com" && row.Price != nil && *row.Price != "EUR999" {
				t.Errorf("%s: %s", params, line)
			}
		}
		slices.Sort(rows)
		if got := strings.Join(rows, " "); resp.StatusCode != 200 || got != want {
			t.Errorf("%s: %d %q, want %q", params, resp.StatusCode, got, want)
		}
	}
	if resp, body := do(t, server, "GET", "/v1/probe?keyword=a.dev&max_price=cheap", ""); resp.StatusCode != 400 || !strings.Contains(body, "max_price") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	c := assisted(t, opts, nil)
	got, problem := tool[findings](t, c, "probe_names", object{"names": []string{"example.com", "example.org"}, "for_sale": true})
	if problem != "" || !got.Names[0].ForSale || got.Names[0].Price != "EUR999" || got.Names[1].ForSale || got.Names[1].Parked == "" {
		t.Errorf("%s %+v", problem, got)
	}
	got, problem = tool[findings](t, c, "find_names", object{"keywords": []string{"example", "qxvzkwj"}, "tlds": []string{"com", "org"}, "for_sale": true})
	var found []string
	for _, r := range got.Names {
		found = append(found, r.Domain)
	}
	slices.Sort(found)
	if problem != "" || !slices.Equal(found, []string{"example.com", "qxvzkwj.com", "qxvzkwj.org"}) {
		t.Errorf("%s %q", problem, found)
	}
}
