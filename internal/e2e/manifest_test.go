package e2e

import (
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// A document is a manifest of Kubernetes or a compose file, as far as the tests look
// at it. Fields that are misspelt are not known and make the test fail where they
// are needed.
type document struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		Replicas int
		Selector any
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct{ Containers []container }
		}
	}
	Services map[string]container
	Volumes  map[string]any
}

type container struct {
	Name, Image   string
	Command, Args []string
	DependsOn     []string `yaml:"depends_on"`
	Environment   map[string]string
}

// documentsIn returns the YAML documents of a block.
func documentsIn(t *testing.T, text string) (all []document) {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var doc document
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		all = append(all, doc)
	}
}

// The manifests of the documentation are YAML, refer to what is there, and have
// command lines that the command takes.
func TestManifests(t *testing.T) {
	var kinds []string
	taken := 0
	for _, ex := range documented(t, "../../docs/scale.md") {
		if !strings.HasPrefix(ex.text, "apiVersion:") && !strings.HasPrefix(ex.text, "services:") {
			continue
		}
		for _, doc := range documentsIn(t, ex.text) {
			kinds = append(kinds, doc.Kind)
			containers := doc.Spec.Template.Spec.Containers
			for name, s := range doc.Services {
				for _, needed := range s.DependsOn {
					if _, ok := doc.Services[needed]; !ok {
						t.Errorf("service %s depends on %s, which is not there", name, needed)
					}
				}
				containers = append(containers, s)
			}
			if labels := doc.Spec.Template.Metadata.Labels; labels != nil {
				selector, _ := doc.Spec.Selector.(map[string]any)
				match, _ := selector["matchLabels"].(map[string]any)
				for key, value := range labels {
					if match[key] != value {
						t.Errorf("%s %s does not select its pods", doc.Kind, doc.Metadata.Name)
					}
				}
			}
			for _, c := range containers {
				if c.Image == "" {
					t.Errorf("a container of %q has no image", doc.Kind+doc.Metadata.Name)
				}
				if args := append(c.Command, c.Args...); strings.HasSuffix(c.Image, "/domprobe") && args[0] != "/bin/sh" {
					taken++
					if out, err := exec.Command("domprobe", append(args, "--help")...).CombinedOutput(); err != nil {
						t.Errorf("%q: %v\n%s", args, err, out)
					}
				}
			}
		}
	}
	if want := []string{"Job", "", "Service", "StatefulSet", "Deployment"}; !slices.Equal(kinds, want) || taken != 3 {
		t.Errorf("%d command lines in manifests of %q, want 3 in %q", taken, kinds, want)
	}
}
