package transport

// firstGrace and mostGrace are how many connections in a row must give all the
// answers of a quota before it is doubled.
const (
	firstGrace = 8
	mostGrace  = 64
)

// A quota is how many questions are put on one connection, learned from a server
// that closes its connections while there are more: dnsmasq does so after 100,
// and a server may after one (RFC 7766 section 6.2.3). The zero quota has no bound.
type quota struct {
	most  int // zero is no bound
	whole int // connections in a row that gave as many answers as they were asked for
	grace int // how many of them it takes
}

// left says how many more questions a connection may be asked.
func (q *quota) left(asked int) int {
	if q.most == 0 {
		return perConn
	}
	return max(q.most-asked, 0)
}

// ended counts a connection; cut tells that the server closed it with questions
// under way.
func (q *quota) ended(asked, answers int, cut bool) {
	switch {
	case cut:
		q.grace = min(max(2*q.grace, firstGrace), mostGrace)
		q.most, q.whole = answers, 0
	case q.most > 0 && asked >= q.most && answers >= asked:
		if q.whole++; q.whole >= q.grace {
			q.most, q.whole = 2*q.most, 0
		}
	}
}
