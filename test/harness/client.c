/*
 * client.c
 *	  A client's connection, which comes back when the server does, and its log.
 */
#include "client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

volatile bool stopping = false;

int64_t
clock_now(void)
{
	struct timeval tv;

	gettimeofday(&tv, NULL);
	return (int64_t) tv.tv_sec * 1000000 + tv.tv_usec;
}

/* splitmix64 */
uint64_t
draw(Client *c, uint64_t n)
{
	uint64_t	x = c->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (x ^ (x >> 31)) % n;
}

void
draw_request(Client *c, char out[UUID_TEXT + 1])
{
	unsigned long long hi = draw(c, UINT64_MAX);
	unsigned long long lo = draw(c, UINT64_MAX);

	snprintf(out, UUID_TEXT + 1, "%08llx-%04llx-4%03llx-8%03llx-%012llx",
			 hi >> 32, (hi >> 16) & 0xffff, hi & 0xfff, lo >> 52,
			 lo & 0xffffffffffffULL);
}

bool
read_hex(const char *hex, uint8_t *out, int n)
{
	int			i;
	unsigned	byte;

	for (i = 0; i < n; i++)
	{
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		out[i] = (uint8_t) byte;
	}
	return true;
}

static void
quiet(void *arg, const char *message)
{
}

bool
is_ready(Client *c)
{
	while (!stopping)
	{
		if (PQstatus(c->conn) == CONNECTION_OK)
			return true;
		if (c->conn)
		{
			PQfinish(c->conn);
			usleep(20000 + draw(c, 30000));
		}
		c->conn = PQconnectdb(c->conninfo);
		PQsetNoticeProcessor(c->conn, quiet, NULL);
	}
	return false;
}

void
cut(Client *c)
{
	if (PQstatus(c->conn) == CONNECTION_OK)
		(void) shutdown(PQsocket(c->conn), SHUT_RDWR);
	(void) PQconsumeInput(c->conn);
	PQfinish(c->conn);
	c->conn = NULL;
}

void
end_transaction(Client *c)
{
	if (PQstatus(c->conn) == CONNECTION_OK && PQtransactionStatus(c->conn) != PQTRANS_IDLE)
		PQclear(PQexec(c->conn, "ROLLBACK"));
}

void
write_line(Client *c, int64_t sent, const char *const *fields, int nfields)
{
	int			i;

	fprintf(c->log, "%lld\t%lld\t%d", (long long) sent, (long long) clock_now(), c->number);
	for (i = 0; i < nfields; i++)
		fprintf(c->log, "\t%s", fields[i][0] ? fields[i] : "-");
	putc('\n', c->log);
}
