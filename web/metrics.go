package web

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"domprobe/probe"
)

// metricsPath is where Prometheus reads the metrics.
const metricsPath = "/metrics"

// A meter counts what a server does.
type meter struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec // by method and code
	searches  prometheus.Counter
	names     *prometheus.CounterVec // by verdict and reason
	cached    *prometheus.CounterVec // by hit
	responses prometheus.Histogram
}

func newMeter(s *Server) *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "domprobe_requests_total", Help: "HTTP requests.",
		}, []string{"method", "code"}),
		searches: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "domprobe_searches_total", Help: "Searches, those for one name and those of assistants included.",
		}),
		names: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "domprobe_names_total", Help: "Names in the responses. The reasons rdap-limited and rdap-paused are those of registries that refuse.",
		}, []string{"verdict", "reason"}),
		cached: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "domprobe_cache_lookups_total", Help: "Names that were looked up in the cache of verdicts.",
		}, []string{"hit"}),
		responses: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "domprobe_response_seconds", Help: "Round trip of the response that decided about a name.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m.registry.MustRegister(m.requests, m.searches, m.names, m.cached, m.responses,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("domprobe_searches", "Searches under way.", func() float64 { return float64(len(s.slots)) }),
		gauge("domprobe_cache_verdicts", "Verdicts in the cache.", func() float64 { return float64(s.verdicts.kept()) }),
	)
	if p, ok := s.opts.Prober.(statsProber); ok {
		m.registry.MustRegister(servers{p})
	}
	return m
}

// request counts a request. Methods that no path has are one.
func (m *meter) request(method string, status int) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(method, strconv.Itoa(status)).Inc()
}

// told counts the rows of a response.
func (m *meter) told(rows []probe.Result) {
	for i := range rows {
		m.names.WithLabelValues(rows[i].Verdict.String(), string(rows[i].Reason)).Inc()
	}
}

// settled takes note of rows of the prober.
func (m *meter) settled(rows []probe.Result) {
	for i := range rows {
		if rtt := rows[i].RTT; rtt > 0 {
			m.responses.Observe(rtt.Seconds())
		}
	}
}

// A statsProber is a [Prober] with statistics of its servers, as [*probe.Prober] is.
type statsProber interface{ Stats() []probe.ServerStats }

// servers collects the statistics of servers. Those of registries are thousands, and
// count together.
type servers struct{ prober statsProber }

// A series is one number of a server.
type series struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*probe.ServerStats) float64
}

var serverSeries = sync.OnceValue(func() (all []series) {
	add := func(name, help string, kind prometheus.ValueType, value func(*probe.ServerStats) float64) {
		all = append(all, series{prometheus.NewDesc("domprobe_server_"+name, help, []string{"server"}, nil), kind, value})
	}
	add("queries_total", "Queries sent, repetitions included.", prometheus.CounterValue,
		func(s *probe.ServerStats) float64 { return float64(s.Queries) })
	add("retries_total", "Repetitions of queries.", prometheus.CounterValue,
		func(s *probe.ServerStats) float64 { return float64(s.Retries) })
	add("responses_total", "Responses that passed the checks.", prometheus.CounterValue,
		func(s *probe.ServerStats) float64 { return float64(s.Responses) })
	add("timeouts_total", "Queries without a response in time.", prometheus.CounterValue,
		func(s *probe.ServerStats) float64 { return float64(s.Timeouts) })
	add("forged_total", "Responses that were ignored as forged.", prometheus.CounterValue,
		func(s *probe.ServerStats) float64 { return float64(s.Forged) })
	add("in_flight", "Queries under way.", prometheus.GaugeValue,
		func(s *probe.ServerStats) float64 { return float64(s.InFlight) })
	add("window", "Queries that may be under way now; 0 without a search.", prometheus.GaugeValue,
		func(s *probe.ServerStats) float64 { return float64(s.Window) })
	add("srtt_seconds", "Smoothed round trip; 0 without a search.", prometheus.GaugeValue,
		func(s *probe.ServerStats) float64 { return s.SRTT.Seconds() })
	add("pace", "Queries a second that are kept to; 0 is no bound.", prometheus.GaugeValue,
		func(s *probe.ServerStats) float64 { return s.Pace })
	return all
})

// Describe implements [prometheus.Collector].
func (s servers) Describe(to chan<- *prometheus.Desc) {
	for _, one := range serverSeries() {
		to <- one.desc
	}
}

// Collect implements [prometheus.Collector].
func (s servers) Collect(to chan<- prometheus.Metric) {
	send := func(stats *probe.ServerStats) {
		for _, one := range serverSeries() {
			to <- prometheus.MustNewConstMetric(one.desc, one.kind, one.value(stats), stats.Server)
		}
	}
	registries := probe.ServerStats{Server: "registries"}
	known := map[string]bool{}
	for _, one := range s.prober.Stats() {
		if one.Registry {
			registries.Queries += one.Queries
			registries.Retries += one.Retries
			registries.Responses += one.Responses
			registries.Timeouts += one.Timeouts
			registries.Forged += one.Forged
			registries.InFlight += one.InFlight
			registries.SRTT = max(registries.SRTT, one.SRTT)
		} else if !known[one.Server] {
			known[one.Server] = true
			send(&one)
		}
	}
	if registries.Queries > 0 {
		send(&registries)
	}
}

// metrics answers Prometheus.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) *problem {
	promhttp.HandlerFor(s.meter.registry, promhttp.HandlerOpts{
		DisableCompression: true, Timeout: 10 * time.Second,
	}).ServeHTTP(w, r)
	return nil
}
