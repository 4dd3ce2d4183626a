// Package crowd is many clients that read the rows of one server at the same
// time, for tests.
package crowd

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"sync"
)

// An Answer is a response, as one client has read it.
type Answer struct {
	Status int
	First  string // up to the end of the first JSON object
	Rest   string
	End    string // how the search has ended
	Err    error
}

// Ask sends n requests, and returns when the first row of each has arrived. The
// function that it returns waits for the last rows.
func Ask(client *http.Client, n int, url func(i int) string) (answers func() []Answer) {
	all := make([]Answer, n)
	var first, last sync.WaitGroup
	first.Add(n)
	for i := range all {
		last.Go(func() { all[i] = ask(client, url(i), first.Done) })
	}
	first.Wait()
	return func() []Answer {
		last.Wait()
		return all
	}
}

func ask(client *http.Client, url string, begun func()) (a Answer) {
	begun = sync.OnceFunc(begun)
	defer begun()
	resp, err := client.Get(url)
	if err != nil {
		return Answer{Err: err}
	}
	defer resp.Body.Close()
	rows := bufio.NewReader(resp.Body)
	first, err := rows.ReadString('}')
	begun()
	rest, err2 := io.ReadAll(rows)
	return Answer{resp.StatusCode, first, string(rest), resp.Trailer.Get("Domprobe-End"), errors.Join(err, err2)}
}
