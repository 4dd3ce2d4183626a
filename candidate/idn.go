package candidate

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// uts46 is the processing of UTS 46, non-transitional, with the bidi rule (RFC
// 5893), CheckHyphens, CheckJoiners and UseSTD3ASCIIRules. checkName checks the
// lengths.
var uts46 = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.VerifyDNSLength(false),
)

// maxTyped bounds the input of UTS 46. No name of 253 octets is longer in UTF-8.
const maxTyped = 4 * maxName

// normalize returns the A-label form of a name without a final dot, and the
// U-label form if that differs. With an error, name is what was typed.
func normalize(typed string) (name, unicode string, err *Error) {
	f := classify(typed)
	if f&high == 0 {
		name = strings.ToLower(typed)
		if err := checkName(name); err != nil || !strings.Contains(name, "xn--") {
			return name, "", err
		}
		typed = name
	}
	if name, unicode, err = convert(typed); err != nil {
		return typed, "", err
	}
	if err = checkName(name); err != nil {
		return typed, "", err
	}
	if unicode == name {
		unicode = ""
	}
	return name, unicode, nil
}

// convert returns the A-label form and the U-label form of typed. Each of them
// converts to the other one.
func convert(typed string) (name, unicode string, err *Error) {
	if len(typed) > maxTyped {
		return "", "", invalid(TooLong, "%s has %d octets, the most is %d", quote(typed), len(typed), maxName)
	}
	if !utf8.ValidString(typed) {
		return "", "", invalid(BadIDN, "%s is not valid UTF-8", quote(typed))
	}
	for label := range strings.SplitSeq(typed, ".") {
		if err := checkCharacters(label); err != nil {
			return "", "", err
		}
	}
	unicode, failed := uts46.ToUnicode(typed)
	if failed != nil {
		return "", "", invalid(BadIDN, "%s has no ASCII form: %s", quote(typed), reword(failed))
	}
	// The cost of Punycode grows with the square of the length.
	for label := range strings.SplitSeq(unicode, ".") {
		if n := len("xn--") + utf8.RuneCountInString(label); n > maxLabel && classify(label)&high != 0 {
			return "", "", invalid(TooLong, "the label %s has over %d octets in ASCII", quote(label), maxLabel)
		}
	}
	if name, failed = uts46.ToASCII(unicode); failed != nil {
		return "", "", invalid(BadIDN, "%s has no ASCII form: %s", quote(typed), reword(failed))
	}
	if again, failed := uts46.ToUnicode(name); failed != nil || again != unicode {
		return "", "", invalid(BadIDN, "%s has no ASCII form that is one", quote(typed))
	}
	return name, unicode, nil
}

func reword(err error) string { return strings.TrimPrefix(err.Error(), "idna: ") }

// IsDomain reports whether a keyword is a whole domain: whether it holds a dot,
// or one of the characters that UTS 46 maps to a dot.
func IsDomain(keyword string) bool { return hasDot(keyword, classify(keyword)) }

// hasDot is IsDomain for a keyword that has been classified.
func hasDot(s string, f class) bool {
	for _, other := range otherDots {
		if f&high != 0 && strings.ContainsRune(s, other) {
			return true
		}
	}
	return f&dot != 0
}

// otherDots are the characters that UTS 46 section 2.3 maps to a dot: the
// ideographic full stop, its halfwidth form, and the fullwidth full stop.
const otherDots = "\u3002\uff61\uff0e"

// trimDot removes the final dot of a fully qualified name.
func trimDot(s string) string {
	if r, n := utf8.DecodeLastRuneInString(s); r == '.' || n > 1 && strings.ContainsRune(otherDots, r) {
		return s[:len(s)-n]
	}
	return s
}
