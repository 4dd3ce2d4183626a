package candidate

import (
	"strings"
	"sync"
)

// homoglyphs has letters, and others that look like them.
var homoglyphs = sync.OnceValue(func() (pairs [][2]string) {
	for line := range strings.Lines(strings.TrimSpace(lookAlikes)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, to := range strings.Fields(to) {
			pairs = append(pairs, [2]string{from, to})
		}
	}
	return pairs
})

// lookAlikes has in each line a text and what looks like it: ASCII in both
// directions, then characters that a name can have in its U-label form.
const lookAlikes = `
0 o
1 l i
2 z
5 s
9 g
b d
cl d
d b cl
g q 9
i l 1
l i 1
m rn nn n
n m
nn m
o 0
q g
rn m
s 5
u v
v u
vv w
w vv
z 2
a à á â ã ä å ā ă ą ǎ ạ ɑ а
b ƀ ɓ ḃ ḅ ƅ
c ç ć ĉ ċ č с
d ď đ ḍ ḋ ɗ ԁ
e è é ê ë ē ĕ ė ę ě ẹ е ё
f ḟ ƒ
g ĝ ğ ġ ģ ǧ ɡ
h ĥ ħ ḥ һ
i ì í î ï ĩ ī ĭ į ǐ ı і
j ĵ ǰ ј
k ķ ḳ к
l ĺ ļ ľ ł ḷ
m ṃ ṁ м
n ñ ń ņ ň ṇ ṅ п
o ò ó ô õ ö ø ō ŏ ő ǒ ọ о ο
p ṗ ƥ р ρ
q ɋ ԛ
r ŕ ŗ ř ṛ ṙ г
s ś ŝ ş š ș ṣ ṡ ѕ
t ţ ť ŧ ț ṭ ṫ т
u ù ú û ü ũ ū ŭ ů ű ų ǔ ụ υ
v ṿ ν ѵ
w ŵ ẁ ẃ ẅ ẇ ԝ ω
x ẋ х
y ý ÿ ŷ ỳ ẏ у ү
z ź ż ž ẓ ƶ
`
