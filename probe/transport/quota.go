package transport

// grace is how many connections in a row must give all the answers of a quota
// before it is doubled.
const grace = 16

// A quota is how many queries are put on one connection, learned from a server
// that closes its connections while there are more: dnsmasq does so after 100,
// and a server may after one (RFC 7766 section 6.2.3). The zero quota has no bound.
type quota struct {
	most  int // zero is no bound
	whole int // connections in a row that gave as many answers as they were asked for
	cuts  int // times that connections were closed early
}

// left says how many more queries a connection may be asked.
func (q *quota) left(asked int) int {
	if q.most == 0 {
		return perConn
	}
	return max(q.most-asked, 0)
}

// ended counts a connection that began when there had been so many cuts; cut
// tells that the server closed it with queries under way.
func (q *quota) ended(cuts, asked, answers int, cut bool) {
	switch {
	case asked == 0:
	case answers == 0:
		// Something else is wrong, and small quotas would draw it out.
		q.most, q.whole = 0, 0
	case cut && cuts != q.cuts:
		// It was cut with others, as when a server starts again: the
		// oldest of them says most about what a connection may give.
		q.most = max(q.most, answers)
	case cut:
		q.cuts++
		q.most, q.whole = answers, 0
	case q.most > 0 && asked >= q.most && answers >= asked:
		if q.whole++; q.whole >= grace {
			q.most, q.whole = 2*q.most, 0
		}
	}
}
