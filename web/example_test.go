package web_test

import (
	"fmt"
	"net/http/httptest"

	"domprobe/internal/demo"
	"domprobe/probe"
	"domprobe/probe/resolver"
	"domprobe/web"
)

func ExampleNew() {
	registry, err := demo.Start() // in place of a resolver
	if err != nil {
		fmt.Println(err)
		return
	}
	defer registry.Close()
	prober, err := probe.New(probe.Options{Servers: []resolver.Server{{Transport: resolver.UDP, Addr: registry.Addr()}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer prober.Close()
	server, err := web.New(web.Options{Prober: prober})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/v1/probe?keyword=go,qxvzkwj&tld=dev&only=found", nil))
	fmt.Println(w.Code, w.Header().Get("Domprobe-Names"), "names")
	fmt.Println(w.Body.String()[:40])
	// Output:
	// 200 2 names
	// {"v":1,"domain":"go.dev","verdict":"foun
}
