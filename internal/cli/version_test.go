package cli

import (
	"regexp"
	"runtime/debug"
	"testing"
)

func TestVersionText(t *testing.T) {
	settings := func(kv ...string) (s []debug.BuildSetting) {
		for i := 0; i < len(kv); i += 2 {
			s = append(s, debug.BuildSetting{Key: kv[i], Value: kv[i+1]})
		}
		return s
	}
	for _, tt := range []struct{ version, want string }{
		{"", `^domprobe unknown, commit 0123456789ab with changes of 2026-11-20 \(go1\..*\)\n$`},
		{"(devel)", `^domprobe devel, commit 0123456789ab with changes of 2026-11-20 \(go1\..*\)\n$`},
		{"v1.2.3", `^domprobe v1.2.3, commit 0123456789ab with changes of 2026-11-20 \(go1\..*\)\n$`},
	} {
		info := &debug.BuildInfo{Settings: settings("vcs.revision", "0123456789abcdef0123", "vcs.time", "2026-11-20T10:11:12Z", "vcs.modified", "true")}
		info.Main.Version = tt.version
		if got := versionText(info); !regexp.MustCompile(tt.want).MatchString(got) {
			t.Errorf("%q, want %s", got, tt.want)
		}
	}
	if got := versionText(new(debug.BuildInfo)); !regexp.MustCompile(`^domprobe unknown \(go1\..*\)\n$`).MatchString(got) {
		t.Errorf("without information: %q", got)
	}
}
