/*
 * out.c
 *	  The buffer in front of a sink.
 */
#include "out.h"

#include <string.h>

void
qp_out_begin(QpOut *out, QpSink *sink)
{
	out->sink = sink;
	out->used = 0;
	out->stopped = false;
}

static void
flush(QpOut *out)
{
	if (out->used > 0 && !out->stopped &&
		!out->sink->append(out->sink->arg, out->buf, out->used))
		out->stopped = true;
	out->used = 0;
}

void
qp_out_bytes(QpOut *out, const char *data, size_t len)
{
	while (len > 0)
	{
		size_t		room = sizeof(out->buf) - out->used;
		size_t		n = len < room ? len : room;

		memcpy(out->buf + out->used, data, n);
		out->used += n;
		data += n;
		len -= n;
		if (out->used == sizeof(out->buf))
			flush(out);
	}
}

void
qp_out_text(QpOut *out, const char *text)
{
	qp_out_bytes(out, text, strlen(text));
}

void
qp_out_number(QpOut *out, int64_t n)
{
	char		digits[20];
	int			at = sizeof(digits);

	do
	{
		digits[--at] = (char) ('0' + n % 10);
		n /= 10;
	} while (n > 0);
	qp_out_bytes(out, digits + at, sizeof(digits) - at);
}

QpStatus
qp_out_end(QpOut *out)
{
	flush(out);
	return out->stopped ? QP_E_MEMORY : QP_OK;
}
