/*
 * chain.h
 *	  Whether an owner's log is whole.
 */
#ifndef QR_CHAIN_H
#define QR_CHAIN_H

#include "postgres.h"

typedef struct QrChain
{
	const char *finding;		/* NULL: rows, seals and strike row fit together */
	int64		first_bad;		/* the lowest number that is missing, doubled or wrong */
	bool		is_row_right;	/* the strike row's MAC is right */
} QrChain;

/*
 * Checks the rows behind the last retired one up to the strike row's number,
 * their seals, and the strike row.  False when the owner has no strike row.
 * Needs SPI; ERROR 40001 when verdicts keep arriving meanwhile.
 */
extern bool qr_chain_check(int64 owner, QrChain *chain);

#endif
