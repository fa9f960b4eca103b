/*
 * buffer.c
 *	  Growing bytes for what the picture functions append; wiped when freed.
 */
#include <string.h>

#include "buffer.h"
#include "guard.h"

bool
buffer_append(void *buffer, const void *data, size_t len)
{
	Buffer	   *b = buffer;

	if (len == 0)
		return true;
	if (len > b->size - b->len)
	{
		size_t		size = (b->size + len) * 2;
		uint8_t    *bigger = guard_malloc(size);

		if (bigger == NULL)
			return false;
		if (b->len > 0)
			memcpy(bigger, b->data, b->len);
		guard_free(b->data);
		b->data = bigger;
		b->size = size;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return true;
}

void
buffer_free(Buffer *buffer)
{
	guard_free(buffer->data);
	memset(buffer, 0, sizeof(*buffer));
}
