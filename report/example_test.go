package report_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

func ExampleNew() {
	w, err := report.New("columns", os.Stdout, report.Options{})
	if err != nil {
		log.Fatal(err)
	}
	rows := []probe.Result{
		{Candidate: candidate.Candidate{Name: "elif.dev"}, Verdict: probe.NotFound},
		{Candidate: candidate.Candidate{Name: "go.dev"}, Verdict: probe.Found},
		{Candidate: candidate.Candidate{Name: "zig.dev"}, Reason: probe.Timeout},
	}
	if err := w.Write(rows); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// FOUND           NOT FOUND       UNKNOWN         INVALID
	// =====           =========       =======         =======
	//                 elif.dev
	// go.dev
	//                                 zig.dev (timeout)
}

func ExampleRead() {
	saved := strings.NewReader("domain,verdict\ngo.dev,found\nelif.dev,not-found\n")
	for r, err := range report.Read(saved, "csv") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.Name, r.Verdict)
	}
	// Output:
	// go.dev found
	// elif.dev not-found
}
