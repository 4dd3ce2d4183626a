package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

func version() string { return versionText(buildInfo()) }

func buildInfo() *debug.BuildInfo {
	info, _ := debug.ReadBuildInfo()
	return cmp.Or(info, new(debug.BuildInfo))
}

// versionText tells what was built, as far as the build recorded it, and for which
// machine.
func versionText(info *debug.BuildInfo) string {
	return fmt.Sprintf("%s (%s %s/%s)\n", buildText(info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// buildText tells what was built. The same text means the same rules.
func buildText(info *debug.BuildInfo) string {
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	text := "domprobe " + strings.Trim(info.Main.Version, "()")
	if info.Main.Version == "" {
		text += "unknown"
	}
	if commit := settings["vcs.revision"]; commit != "" {
		text += ", commit " + commit[:min(len(commit), 12)]
		if settings["vcs.modified"] == "true" {
			text += " with changes"
		}
		if date, _, ok := strings.Cut(settings["vcs.time"], "T"); ok {
			text += " of " + date
		}
	}
	return text
}

// userAgent names the program to the registries (RFC 9110 section 10.1.5).
func userAgent() string { return "domprobe/" + release() }

// release returns the number of the release, and devel for any other build.
func release() string {
	if number, ok := strings.CutPrefix(buildInfo().Main.Version, "v"); ok {
		return number
	}
	return "devel"
}
