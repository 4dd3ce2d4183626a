package web

import (
	"context"
	"encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"domprobe/candidate"
	"domprobe/probe"
)

// addResources adds the sets of TLDs and the reasons.
func addResources(s *mcp.Server) {
	add := func(uri, name, text string, value func() any) {
		s.AddResource(&mcp.Resource{URI: uri, Name: name, Description: text, MIMEType: "application/json"},
			func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
				body, err := json.MarshalIndent(value(), "", " ")
				return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{
					URI: uri, MIMEType: "application/json", Text: string(body),
				}}}, err
			})
	}
	add("domprobe://tlds", "TLD sets", "the sets of TLDs that find_names takes as preset, with their TLDs", func() any { return presets() })
	add("domprobe://reasons", "Reasons", "every reason with its verdict and meaning", func() any { return reasons() })
}

// presets returns the sets of TLDs by their names.
func presets() map[string][]string {
	all := map[string][]string{}
	for _, name := range candidate.Presets() {
		all[name], _ = candidate.Preset(name) // each of these names has a set
	}
	return all
}

// A reasonDoc documents a reason.
type reasonDoc struct {
	Reason  probe.Reason  `json:"reason"`
	Verdict probe.Verdict `json:"verdict"`
	Meaning string        `json:"meaning"`
}

func reasons() (all []reasonDoc) {
	for _, doc := range probe.Reasons() {
		all = append(all, reasonDoc{doc.Reason, doc.Verdict, doc.Text})
	}
	return all
}
