// Floor asks one server about names, each once, for the type DS, and counts the
// responses by RCODE. It makes no verdict, repeats nothing and keeps nothing, so that
// no client can cost much less. Where a response is lost it fails.
//
//	floor WINDOW RESOLVERS NAMES
//
// RESOLVERS has one line, an IPv4 address and a port; NAMES has a name on each line.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { BATCH = 64, ROOM = 512, HEAD = 12, TAIL = 5 };

static void fail(const char *doing) {
	perror(doing);
	exit(1);
}

// pack writes a query with RD=1, and returns its length.
static int pack(unsigned char *b, unsigned id, const char *name, size_t n) {
	unsigned char *length = b + HEAD, *p = length + 1;
	memcpy(b, (unsigned char[HEAD]){id >> 8, id, 1, 0, 0, 1}, HEAD);
	for (size_t i = 0; i < n; i++, p++) {
		if (name[i] == '.') {
			*length = p - length - 1;
			length = p;
		} else {
			*p = name[i];
		}
	}
	*length = p - length - 1;
	memcpy(p, "\0\0\53\0\1", TAIL); // the root, DS, IN
	return p + TAIL - b;
}

static int dial(const char *path) {
	char ip[64];
	int port;
	FILE *f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%63[^:]:%d", ip, &port) != 2) fail(path);
	fclose(f);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval patience = {.tv_sec = 2};
	int room = 4 << 20, fd = socket(AF_INET, SOCK_DGRAM, 0);
	inet_pton(AF_INET, ip, &to.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connecting");
	return fd;
}

int main(int argc, char **argv) {
	static unsigned char out[BATCH][ROOM], in[BATCH][ROOM];
	struct mmsghdr send[BATCH] = {0}, receive[BATCH] = {0};
	struct iovec sent[BATCH], received[BATCH];
	unsigned long asked = 0, answered = 0, rcodes[16] = {0};
	if (argc != 4) return 2;
	unsigned long window = strtoul(argv[1], NULL, 10);
	int fd = dial(argv[2]), more = 1;
	FILE *names = fopen(argv[3], "r");
	if (names == NULL) fail(argv[3]);
	for (int i = 0; i < BATCH; i++) {
		sent[i].iov_base = out[i];
		received[i] = (struct iovec){in[i], ROOM};
		send[i].msg_hdr = (struct msghdr){.msg_iov = &sent[i], .msg_iovlen = 1};
		receive[i].msg_hdr = (struct msghdr){.msg_iov = &received[i], .msg_iovlen = 1};
	}
	while (more || answered < asked) {
		char line[300];
		int n = 0;
		while (n < BATCH && more && asked - answered < window) {
			if (fgets(line, sizeof line, names) == NULL) {
				more = 0;
				break;
			}
			sent[n].iov_len = pack(out[n], asked++, line, strcspn(line, "\r\n"));
			n++;
		}
		for (int k = 0, done; k < n; k += done) {
			if ((done = sendmmsg(fd, send + k, n - k, 0)) < 0) fail("sending");
		}
		if (asked == answered) break;
		if ((n = recvmmsg(fd, receive, BATCH, MSG_WAITFORONE, NULL)) < 0) fail("receiving");
		for (int k = 0; k < n; k++) rcodes[in[k][3] & 15]++;
		answered += n;
	}
	for (int r = 0; r < 16; r++) {
		if (rcodes[r] > 0) printf("%lu with RCODE %d\n", rcodes[r], r);
	}
	return 0;
}
