package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxListeners bounds the clients that are told of watched names.
	maxListeners = 256

	// heartbeat is how long a stream of events is silent at most: proxies close
	// connections that are silent, and a client that has left is noticed.
	heartbeat = 15 * time.Second
)

func notWatching() *problem {
	return problemf(http.StatusNotImplemented, "this server knows no watched names: it runs without --watch-state")
}

// watchedNames answers with the watched names.
func (s *Server) watchedNames(w http.ResponseWriter, r *http.Request) *problem {
	if s.watched == nil {
		return notWatching()
	}
	names, err := s.watched.list()
	if err != nil {
		return problemf(http.StatusServiceUnavailable, "the watched names cannot be read now")
	}
	// Texts, times and numbers can be encoded.
	body, _ := json.Marshal(map[string]any{"watched": names})
	return newAsset(formats["json"], append(body, '\n')).serve(w, r)
}

// watchedEvents sends an event for each look at a watched name, until the client leaves
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). A client that comes
// back with the ID of its last event is told of all names that have events since: of
// each the newest state.
func (s *Server) watchedEvents(w http.ResponseWriter, r *http.Request) *problem {
	if s.watched == nil {
		return notWatching()
	}
	if p := s.charge(r, 1); p != nil {
		return p
	}
	select {
	case s.listeners <- struct{}{}:
		defer func() { <-s.listeners }()
	default:
		return problemf(http.StatusTooManyRequests, "%d clients listen already", cap(s.listeners))
	}
	ctx, cancel := s.untilStopped(r.Context())
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	w.WriteHeader(http.StatusOK)
	out := &events{names: s.watched, last: s.watched.numberOf(r.Header.Get("Last-Event-ID"))}
	control := http.NewResponseController(w)
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	for r.Method != http.MethodHead {
		if text := out.next(time.Now()); len(text) > 0 {
			if _, err := w.Write(text); err != nil {
				return nil // the client has left
			}
			_ = control.Flush() // the next event tells whether it has left
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// events are those that one client gets.
type events struct {
	names *watched
	last  int // the number of the last one; negative if there was none
	said  time.Time
}

// numberOf returns the number of the event with an ID, or -1 if this server has not
// made it.
func (w *watched) numberOf(id string) int {
	if rest, ok := strings.CutPrefix(id, w.run); ok {
		if n, err := strconv.Atoi(rest); err == nil {
			return n
		}
	}
	return -1
}

// next returns the events since the last call, as they are sent.
func (e *events) next(now time.Time) []byte {
	var out bytes.Buffer
	names, last, whole := e.names.after(e.last)
	if !whole {
		fmt.Fprintf(&out, "event: list\nid: %s%d\ndata: {}\n\n", e.names.run, last)
	}
	for _, n := range names {
		kind := "look"
		if n.changed > e.last {
			kind = "change"
		}
		data, _ := json.Marshal(n) // it can be encoded
		fmt.Fprintf(&out, "event: %s\nid: %s%d\ndata: %s\n\n", kind, e.names.run, n.number, data)
	}
	e.last = last
	if out.Len() == 0 && now.Sub(e.said) >= heartbeat {
		out.WriteString(":\n\n")
	}
	if out.Len() > 0 {
		e.said = now
	}
	return out.Bytes()
}
