package watch

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// The headers of a request to a webhook: the ID of the event, and with a secret the
// HMAC-SHA256 of the body as sha256= and hexadecimal digits.
const (
	IDHeader        = "Domprobe-Event-Id"
	SignatureHeader = "Domprobe-Signature"
)

// webhookTimeout is the limit of one request.
const webhookTimeout = 10 * time.Second

// Webhook returns a sink that posts each event as JSON to an address. Any status but
// 200 to 299 is an error; redirects are not followed. The requests are signed with
// the secret, unless it is empty. agent is the User-Agent.
func Webhook(address string, secret []byte, agent string) (Sink, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Sink{}, errors.New("the address of a webhook begins with https:// or http:// and a host")
	}
	client := &http.Client{
		Timeout:       webhookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return Sink{Name: "webhook", Deliver: func(ctx context.Context, e Event) error {
		body, err := json.Marshal(struct {
			Version int `json:"v"`
			Event
		}{1, e})
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("User-Agent", agent)
		req.Header.Set(IDHeader, e.ID)
		if len(secret) > 0 {
			req.Header.Set(SignatureHeader, Sign(secret, body))
		}
		return post(client, req)
	}}, nil
}

// post sends a request. Its errors do not have the address, whose path and query may
// be secret.
func post(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if err != nil {
		return fmt.Errorf("post to %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("post to %s: status %d", req.URL.Host, resp.StatusCode)
	}
	return nil
}

// Sign returns the value of [SignatureHeader] for the body of a request. A receiver
// compares it in constant time.
func Sign(secret, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
