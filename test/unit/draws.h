/*
 * draws.h
 *	  What random tests draw: numbers, policies, pauses, and the bytes of a guess.
 */
#ifndef QC_DRAWS_H
#define QC_DRAWS_H

#include "card.h"

static uint64_t rng;
static int	set_back;			/* how often a clock was */

/* 0 .. n - 1 */
static int
pick(int n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (int) ((rng >> 11) % (uint64_t) n);
}

static bool
chance(int percent)
{
	return pick(100) < percent;
}

static void
random_policy(QcPolicy *p)
{
	memset(p, 0, sizeof(*p));
	p->digits = 6 + pick(3);
	p->challenge_seconds = chance(70) ? 120 : 1 + pick(3600);
	p->strike_limit = 1 + pick(5);
	p->freeze_seconds = chance(50) ? 300 : 1 + pick(86400);
	p->freeze_cap_seconds = chance(50) ? 86400 : 1 + pick(2592000);
	p->max_freezes = chance(50) ? 4 : 1 + pick(20);
	p->freeze_memory_days = chance(50) ? 1 + pick(3) : 30;
	p->renew_grace_days = pick(60);
	p->wallet_skew_seconds = chance(50) ? -1 : pick(100);
	p->skew_ahead = chance(50);
	p->second_scan_required = chance(60);
	p->static_alone = chance(30);
	p->typed = chance(80);
	p->ask_password = chance(50);
}

static inline int64_t
random_pause(void)
{
	int			r = pick(100);

	if (r < 45)
		return pick(5 * 1000000);
	if (r < 75)
		return pick(60) * SECOND;
	if (r < 88)
		return pick(1200) * SECOND;
	if (r < 95)
		return pick(2 * 86400) * SECOND;
	if (r < 97)
		return pick(40) * DAY;
	set_back++;
	return -(int64_t) pick(r < 99 ? 300 : 3 * 86400) * SECOND;
}

/* The bytes that answer challenge n; nothing answers challenge 0. */
static void
put_answer(uint8_t out[32], int64_t n)
{
	int			i;

	for (i = 0; i < 4; i++)
		qc_put_u64(out + 8 * i, (uint64_t) n * UINT64_C(0x9e3779b97f4a7c15) + 1);
}

#endif
