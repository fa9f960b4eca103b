/*
 * member.h
 *	  Strict reading of the bank's JSON: packages, bindings, payments.
 *
 * Every reader answers false when the member is missing, of another type or
 * out of range, and says so by its name.  No value is ever named: it may be a
 * key.
 */
#ifndef MEMBER_H
#define MEMBER_H

#include <jansson.h>

#include "wallet.h"

/* What is being read, for the messages, and what to do when it is wrong. */
typedef struct Document
{
	const char *name;
	const char *hint;
} Document;

/* For the JSON library: its memory is wiped when it is given back. */
void		member_start(void);

/* One JSON object, no member twice; NULL, and said, for anything else. */
json_t	   *member_object(const Document *doc, const char *text, size_t len);

bool		member_bad(const Document *doc, const char *name);

bool		member_int(const Document *doc, const json_t *object, const char *name,
					   int64_t least, int64_t most, int64_t *out);

/* As the bank wrote it; size is with the terminator. */
bool		member_exact(const Document *doc, const json_t *object, const char *name,
						 char *out, size_t size);

/* Made harmless for a terminal; an optional text is empty when missing or null. */
bool		member_text(const Document *doc, const json_t *object, const char *name,
						bool optional, char *out, size_t size);

/* Hexadecimal of least to most bytes; bytea: also with PostgreSQL's "\x". */
bool		member_hex(const Document *doc, const json_t *object, const char *name,
					   bool bytea, size_t least, size_t most,
					   uint8_t *out, size_t *len);

/*
 * A credential_id: a string, since JSON's numbers are exact to 2^53 only; no
 * sign, no leading zero.  number: also a number, as PostgreSQL writes an int8.
 */
bool		member_id(const Document *doc, const json_t *object, bool number,
					  int64_t *out);

#endif
