#!/bin/bash
# Probes the names, says on each that has another verdict than expected so, and
# ends with the exit code of domprobe.
set -uo pipefail
report=$RUNNER_TEMP/domprobe.jsonl
read -r -d "" -a args <<<"$FLAGS"
domprobe --no-progress -f jsonl --expect "$EXPECT" "${args[@]}" - <<<"$NAMES" >"$report"
code=$?
echo "report=$report" >>"$GITHUB_OUTPUT"
# A workflow command is a line, in which %, CR and LF have to be escaped.
jq -r --arg expect "$EXPECT" 'select(.verdict != $expect)
	| (if .verdict == "unknown" then "warning" else "error" end) as $level
	| "\(.domain) is \(.verdict) (\(.reason)), expected \($expect)"
	| gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A")
	| "::\($level) title=domprobe::\(.)"' "$report"
domprobe render "$report" -f markdown >>"$GITHUB_STEP_SUMMARY" 2>/dev/null
if [ "$code" -ne 0 ]; then
	echo "domprobe ended with $code: see its exit codes" >&2
fi
exit "$code"
