package rdap

import (
	"net/http"
	"slices"
	"testing"

	"domprobe/probe"
)

// Every answer has its reason in the words of package probe.
func TestConfirmation(t *testing.T) {
	for _, tt := range []struct {
		answer Answer
		want   probe.Reason
	}{
		{Answer{Status: Registered}, probe.RDAPRegistered},
		{Answer{Status: NotRegistered}, probe.RDAPNotRegistered},
		{Answer{Status: Reserved}, probe.RDAPReserved},
		{Answer{Reason: NoRDAP}, probe.RDAPNone},
		{Answer{Reason: NoBootstrap}, probe.RDAPNone},
		{Answer{Reason: BadName}, probe.RDAPNone},
		{Answer{Reason: RateLimited}, probe.RDAPLimited},
		{Answer{Reason: CircuitOpen}, probe.RDAPPaused},
		{Answer{Reason: Timeout}, probe.RDAPFailed},
		{Answer{Reason: Unreachable}, probe.RDAPFailed},
		{Answer{Reason: HTTPError}, probe.RDAPFailed},
		{Answer{Reason: BadRedirect}, probe.RDAPFailed},
		{Answer{Reason: BadReply}, probe.RDAPUnsure},
		{Answer{Reason: NotAuthoritative}, probe.RDAPUnsure},
		{Answer{Reason: DeniesKnown}, probe.RDAPUnsure},
		{Answer{Reason: Unrecognized}, probe.RDAPUnsure},
		{Answer{Reason: Canceled}, probe.RDAPCanceled},
		{Answer{}, probe.RDAPFailed},
	} {
		if got := tt.answer.confirmation(); got != tt.want {
			t.Errorf("%v %q: %q, want %q", tt.answer.Status, tt.answer.Reason, got, tt.want)
		}
	}
}

func TestConfirm(t *testing.T) {
	c := newClient(t, Options{
		Bootstrap: writeBootstrap(t, "test", "https://a.example/"),
		Transport: memory(map[string]http.HandlerFunc{"a.example": say(200, registered)}),
	})
	got := c.Confirm(t.Context(), "name.test")
	if got.Registration == nil || !slices.Equal(got.Registration.Status, []string{"active"}) {
		t.Errorf("%+v", got.Registration)
	}
	if got.Registration = nil; got != (probe.Confirmation{Reason: probe.RDAPRegistered, Source: "rdap"}) {
		t.Errorf("%+v", got)
	}
	got = c.Confirm(t.Context(), "name.cn")
	if e, ok := got.Err.(*Error); got.Reason != probe.RDAPNone || !ok || e.Reason != NoRDAP {
		t.Errorf("%+v", got)
	}
}
