package rdap

import (
	"context"

	"domprobe/probe"
)

var _ probe.Confirmer = (*Client)(nil)

// Confirm is [Client.Ask] for a [probe.Prober]. Its Err, if any, is an [*Error].
func (c *Client) Confirm(ctx context.Context, name string) probe.Confirmation {
	a := c.Ask(ctx, name)
	return a.Confirmation()
}

// Confirmation is the answer in the terms of package probe.
func (a *Answer) Confirmation() probe.Confirmation {
	word := probe.Confirmation{Reason: a.confirmation(), Source: a.Source, Note: a.Note, Err: a.Err}
	if d := a.Domain; d != nil {
		word.Registration = &probe.Registration{
			Registrar: d.Registrar, Created: d.Created, Expires: d.Expires, Status: d.Status, Drops: d.Drops,
		}
	}
	return word
}

// confirmation is the short form of an answer; Err has the long one of a name
// that is unconfirmed.
func (a *Answer) confirmation() probe.Reason {
	switch a.Status {
	case Registered:
		return probe.RDAPRegistered
	case Reserved:
		return probe.RDAPReserved
	case NotRegistered:
		return probe.RDAPNotRegistered
	}
	switch a.Reason {
	case NoRDAP, NoBootstrap, BadName:
		return probe.RDAPNone
	case RateLimited:
		return probe.RDAPLimited
	case CircuitOpen:
		return probe.RDAPPaused
	case NotAuthoritative, DeniesKnown, Unrecognized, BadReply:
		return probe.RDAPUnsure
	case Canceled:
		return probe.RDAPCanceled
	}
	return probe.RDAPFailed
}
