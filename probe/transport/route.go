package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// Route returns nil if this machine can send to addr now, and otherwise the reason:
// it has no route or no address of its own for it, or the interface with that
// address is down or has lost its carrier, which no send reports. It sends nothing.
// A shortage of descriptors is no reason. dial is as in [Config].
func Route(ctx context.Context, dial func(ctx context.Context, network, addr string) (net.Conn, error), addr string) error {
	conn, err := (&Config{Dial: dial, Addr: addr}).dial(ctx, "udp")
	if err == nil {
		defer conn.Close()
		if local, ok := conn.LocalAddr().(*net.UDPAddr); ok && !local.IP.IsLoopback() {
			err = running(local.IP)
		}
	}
	if err == nil || isAny(err, shortErrors) {
		return nil
	}
	return fmt.Errorf("finding a route to %s: %w", addr, err)
}

// running returns an error if the interface that has an address of this machine is
// not in operation. An address that none has is somebody else's business.
func running(ip net.IP) error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil // it cannot be told
	}
	for _, i := range interfaces {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
				if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
					return fmt.Errorf("interface %s is down", i.Name)
				}
				return nil
			}
		}
	}
	return nil
}

// blame says whose fault the error of a dial is. Whoever connects over UDP has heard
// from nobody else; over TCP a router may have said that there is no way.
func (c *Config) blame(ctx context.Context, network string, err error) Failure {
	switch {
	case isAny(err, awayErrors), isAny(err, shortErrors):
		return Offline
	case !isAny(err, routeErrors):
		return Unreachable
	case network == "udp", Route(ctx, c.Dial, c.Addr) != nil:
		return Offline
	}
	return Unreachable
}

func isAny(err error, targets []error) bool {
	return err != nil && slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// How long a dial that failed rests before the next.
const (
	firstRest = 50 * time.Millisecond
	mostRest  = time.Second
)

// patiently dials, and waits while this machine has no descriptor left.
func (c *Config) patiently(ctx context.Context, dial func() (net.Conn, error)) (net.Conn, error) {
	for rest := firstRest; ; rest = min(2*rest, mostRest) {
		conn, err := dial()
		if !isAny(err, shortErrors) {
			return conn, err
		}
		c.Sockets.relieve()
		if !pause(ctx, rest) {
			return nil, ctx.Err()
		}
	}
}

// pause waits, and reports false if the context ends.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
