/*
 * check.h
 *	  What the unit tests share: counting, buffers of exact length, hexadecimal
 *	  and the rows of a table of tab-separated values.
 *
 * A test program is one file test_*.c with a main() that ends in finish().
 * It is called with the directory of the vectors and the build directory.
 */
#ifndef QC_CHECK_H
#define QC_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int	check_passed;
static int	check_failed;

#define CHECK(condition) \
	check_at((condition), #condition, __FILE__, __LINE__, NULL)

/* note says which row or case it was */
#define CHECK_NOTE(condition, note) \
	check_at((condition), #condition, __FILE__, __LINE__, (note))

static inline void
check_at(bool ok, const char *what, const char *file, int line,
		 const char *note)
{
	if (ok)
		check_passed++;
	else
	{
		check_failed++;
		printf("%s:%d: %s%s%s\n", file, line, what,
			   note != NULL ? " -- " : "", note != NULL ? note : "");
	}
}

static inline int
finish(void)
{
	printf("%d passed, %d failed\n", check_passed, check_failed);
	return check_failed > 0 || check_passed == 0;
}

/* A copy with nothing behind it, so that a read past its end is seen. */
static inline void *
exact(const void *data, size_t len)
{
	void	   *copy = malloc(len);

	if (copy == NULL && len > 0)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

static inline bool
all_zero(const void *data, size_t len)
{
	const uint8_t *p = (const uint8_t *) data;

	while (len-- > 0)
	{
		if (*p++ != 0)
			return false;
	}
	return true;
}

/* Bytes of hexadecimal text, in a buffer of their exact length. */
static inline uint8_t *
unhex(const char *hex, size_t *len)
{
	size_t		n = strlen(hex);
	size_t		i;
	uint8_t    *out = (uint8_t *) malloc(n / 2);

	if (n % 2 != 0 || (out == NULL && n > 0))
		abort();
	for (i = 0; i < n / 2; i++)
	{
		unsigned int byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			abort();
		out[i] = (uint8_t) byte;
	}
	if (len != NULL)
		*len = n / 2;
	return out;
}

static inline bool
equals_hex(const uint8_t *data, size_t len, const char *hex)
{
	size_t		n;
	uint8_t    *want = unhex(hex, &n);
	bool		same = (n == len && memcmp(data, want, n) == 0);

	free(want);
	return same;
}

/* How many bits two strings differ in. */
static inline int
differing_bits(const uint8_t *a, const uint8_t *b, size_t len)
{
	int			count = 0;
	size_t		i;

	for (i = 0; i < len; i++)
	{
		unsigned	differing = a[i] ^ b[i];

		for (; differing != 0; differing >>= 1)
			count += differing & 1;
	}
	return count;
}

/* A text of 0 and 1, packed as varbit is, in a buffer of exact length. */
static inline uint8_t *
packed_bits(const char *text, int nbits)
{
	size_t		len = ((size_t) nbits + 7) / 8;
	uint8_t    *out = (uint8_t *) calloc(1, len);
	int			i;

	if (out == NULL || strlen(text) != (size_t) nbits)
		abort();
	for (i = 0; i < nbits; i++)
	{
		if (text[i] == '1')
			out[i / 8] = (uint8_t) (out[i / 8] + (128 >> i % 8));
	}
	return out;
}

/* A table: the first line names the columns. */
#define TABLE_COLUMNS	48
#define TABLE_LINE		16384

typedef struct Table
{
	FILE	   *file;
	char		names[TABLE_LINE];
	char		line[TABLE_LINE];
	char	   *name[TABLE_COLUMNS];
	char	   *value[TABLE_COLUMNS];
	int			columns;
	char		note[32];		/* "row 12" */
	int			row;
} Table;

static inline int
table_split(char *line, char **field)
{
	int			n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	for (;;)
	{
		if (n == TABLE_COLUMNS)
			abort();
		field[n++] = line;
		line = strchr(line, '\t');
		if (line == NULL)
			return n;
		*line++ = '\0';
	}
}

static inline void
table_open(Table *t, const char *directory, const char *name)
{
	char		path[4096];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	t->file = fopen(path, "r");
	if (t->file == NULL || fgets(t->names, TABLE_LINE, t->file) == NULL)
	{
		printf("cannot read %s\n", path);
		exit(1);
	}
	t->columns = table_split(t->names, t->name);
	t->row = 0;
}

/* False after the last row, when the file is closed. */
static inline bool
table_next(Table *t)
{
	if (fgets(t->line, TABLE_LINE, t->file) == NULL)
	{
		fclose(t->file);
		return false;
	}
	t->row++;
	snprintf(t->note, sizeof(t->note), "row %d", t->row);
	if (table_split(t->line, t->value) != t->columns)
	{
		printf("row %d has another number of columns\n", t->row);
		exit(1);
	}
	return true;
}

static inline const char *
table_get(const Table *t, const char *name)
{
	int			i;

	for (i = 0; i < t->columns; i++)
	{
		if (strcmp(t->name[i], name) == 0)
			return t->value[i];
	}
	printf("no column %s\n", name);
	exit(1);
}

#endif
