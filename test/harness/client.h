/*
 * client.h
 *	  One of many clients: its connection, its random numbers, its log.
 *
 * The log of a client has a line per event, its fields parted by tabs: time
 * sent and received (unix microseconds), the client's number, and what the
 * program says.  "-" stands for null.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "mac.h"

#define UUID_TEXT		36

typedef struct Client
{
	int			number;
	pthread_t	thread;
	void		(*work) (struct Client *c);
	const char *conninfo;
	PGconn	   *conn;			/* NULL: none yet, or hung up */
	QcMac		mac;
	uint64_t	random;
	long		replies;
	FILE	   *log;
} Client;

/* True when it is time to stop. */
extern volatile bool stopping;

extern int64_t clock_now(void);

/* 0..n-1 */
extern uint64_t draw(Client *c, uint64_t n);

/* A request id. */
extern void draw_request(Client *c, char out[UUID_TEXT + 1]);

/* n bytes; false when they are not there. */
extern bool read_hex(const char *hex, uint8_t *out, int n);

/* Connected, anew if need be: waits for the server; false when it is time to stop. */
extern bool is_ready(Client *c);

/* Hangs up without a word to the server. */
extern void cut(Client *c);

/* Rolls back what was left open. */
extern void end_transaction(Client *c);

extern void write_line(Client *c, int64_t sent, const char *const *fields, int nfields);

#endif
