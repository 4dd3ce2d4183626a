package web

import (
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads the metrics of a server as Prometheus does.
func scrape(t *testing.T, body string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return all
}

// value returns the value of the series with labels, written like those of a
// metric: name{label="value"}.
func value(all map[string]*dto.MetricFamily, name string, labels ...string) (sum float64) {
	for _, m := range all[name].GetMetric() {
		fits := 0
		for _, l := range m.GetLabel() {
			for _, want := range labels {
				if want == l.GetName()+"="+l.GetValue() {
					fits++
				}
			}
		}
		if fits == len(labels) {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

func TestMetrics(t *testing.T) {
	server := serve(t, Options{Prober: demo(t), MCP: true})
	for range 2 {
		do(t, server, "GET", "/v1/probe?keyword=go,qxvz,co.uk&tld=dev", "")
	}
	do(t, server, "GET", "/v1/names/go.dev", "")
	do(t, server, "BREW", "/v1/names/go.dev", "")
	do(t, server, "POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"probe_names","arguments":{"names":["go.dev"]}}}`,
		jsonBody, header("Accept", "application/json, text/event-stream"))
	resp, body := do(t, server, "GET", "/metrics", "")
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Errorf("%d, %v", resp.StatusCode, resp.Header)
	}
	all := scrape(t, body)
	for _, tt := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"domprobe_searches_total", nil, 4},
		{"domprobe_searches", nil, 0},
		{"domprobe_names_total", []string{"verdict=found"}, 4},
		{"domprobe_names_total", []string{"verdict=not-found", "reason=nxdomain"}, 2},
		{"domprobe_names_total", []string{"verdict=invalid", "reason=public-suffix"}, 2},
		{"domprobe_requests_total", []string{"method=GET", "code=200"}, 3},
		{"domprobe_requests_total", []string{"method=other", "code=405"}, 1},
		{"domprobe_cache_lookups_total", []string{"hit=true"}, 4},
		{"domprobe_cache_lookups_total", []string{"hit=false"}, 2},
		{"domprobe_cache_verdicts", nil, 2},
		{"domprobe_response_seconds", nil, 2},
	} {
		if got := value(all, tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s%v is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	for _, name := range []string{"domprobe_server_queries_total", "domprobe_server_responses_total", "go_goroutines"} {
		if value(all, name) == 0 {
			t.Errorf("%s is 0", name)
		}
	}
}

func TestMetricsNeedToken(t *testing.T) {
	server := serve(t, Options{Prober: &script{ttl: time.Hour}, Token: "token"})
	if resp, _ := do(t, server, "GET", "/metrics", ""); resp.StatusCode != 401 {
		t.Errorf("without a token: %d", resp.StatusCode)
	}
	if resp, _ := do(t, server, "GET", "/metrics", "", header("Authorization", "Bearer token")); resp.StatusCode != 200 {
		t.Errorf("with the token: %d", resp.StatusCode)
	}
}
