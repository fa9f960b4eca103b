/*
 * buffer.h
 *	  Growing bytes for what the picture functions append; wiped when freed.
 */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Buffer
{
	uint8_t    *data;			/* {0} is empty */
	size_t		len;
	size_t		size;
} Buffer;

/* The append function of a QpSink whose arg is the Buffer; false: no memory. */
bool		buffer_append(void *buffer, const void *data, size_t len);
void		buffer_free(Buffer *buffer);

#endif
