/*
 * strike.h
 *	  The strike row and the log row as structures of the protocol, and the
 *	  seals over both.
 *
 * A strike row is one fixed-length row per owner: a credential (its id), a
 * gateway (-number; 0 is the wallet's own door), a login (-(2^32 + number)) or a
 * bucket of unknown names (-(2^33 + n)).  The structures mirror the tables'
 * columns in their order, so that the store copies bytes and the core decides
 * on them; every column is fixed-length and not null.  Times are unix
 * microseconds unless a comment says seconds; 0 means never.
 */
#ifndef QC_STRIKE_H
#define QC_STRIKE_H

#include "mac.h"

#define QC_USEC			INT64_C(1000000)
#define QC_FOREVER		INT64_MAX

/* What a strike counts; also the bits of marks (1 << factor). */
typedef enum QcFactor
{
	QC_FACTOR_SECOND,			/* second code and typed code */
	QC_FACTOR_PASSWORD,			/* account password */
	QC_FACTOR_VERIFICATION,		/* verification code */
	QC_FACTOR_BIOMETRIC,		/* biometric code */
	QC_FACTORS,
	QC_FACTOR_NONE = -1
} QcFactor;

#define QC_MARK_ALL		((1 << QC_FACTORS) - 1)

/* QcStrike.flags */
#define QC_FLAG_VOID			0x01	/* for good */
#define QC_FLAG_BY_HAND			0x02	/* the freeze in force is staff's */
#define QC_FLAG_REGISTRATION	0x04	/* the registration data changed */
#define QC_FLAG_PREVIOUS		0x08	/* the challenge before is worth recognising */
#define QC_FLAG_DOWNLOADED		0x10	/* a wallet has had the keys */
#define QC_FLAG_PAYER			0x20	/* a biometric credential: no keys of its own */

/* QcStrike.challenge_state */
typedef enum QcChallengeState
{
	QC_CHALLENGE_NONE,
	QC_CHALLENGE_OPEN,
	QC_CHALLENGE_FROZEN			/* a freeze ended it; until its time it is said */
} QcChallengeState;

/* QcStrike.ticket_state */
typedef enum QcTicketState
{
	QC_TICKET_READY,
	QC_TICKET_USED,
	QC_TICKET_SPENT				/* too many wrong answers, or cancelled */
} QcTicketState;

typedef struct QcStrike
{
	int64_t		id;
	int64_t		attempt_no;		/* of the last log row of this owner */
	int64_t		valid_until;	/* unix seconds; the static code's moment */
	int64_t		frozen_until;	/* QC_FOREVER: until released */
	int64_t		frozen_at;		/* the last freeze that strikes caused; a gateway's last alert */
	int64_t		challenge_no;
	int64_t		challenge_until;
	int64_t		accept_no;		/* attempt number of the latest acceptance */
	int64_t		accept_at;
	int64_t		step_rotating;	/* last accepted step of each kind */
	int64_t		step_biometric;
	int64_t		step_renewal;
	int64_t		request_no;		/* attempt number of the last request */
	int64_t		request_at;
	int64_t		ticket_used_at;
	int64_t		window_at;		/* a gateway's minute of forged codes; a login's last wrong
								 * guess; a payer's day of packages */
	int64_t		window_count;
	int64_t		window_logged_at;	/* the last log row about forged codes */
	uint8_t		digest[32];		/* registration digest that the codes are made from */
	uint8_t		nonce[16];		/* of the challenge; a payer's: the payment presented last */
	uint8_t		text[32];		/* SHA-256 of the transaction text */
	uint8_t		previous_nonce[16];
	uint8_t		previous_text[32];
	uint8_t		request[16];	/* digest of the last request */
	uint8_t		wallet_nonce[16];
	uint8_t		seal[16];		/* seal of log row attempt_no */
	uint8_t		mac[16];		/* over all other columns; audit() checks it */
	int32_t		challenge_gateway;
	int32_t		accept_gateway;
	int32_t		ticket_serial;
	int32_t		freeze_no;		/* counts every freeze; a release names one */
	int32_t		flags;
	int32_t		issuer_id;		/* a credential's; 0 in other rows */
	int16_t		generation;
	int16_t		kid;			/* the master key of the credential's keys */
	int16_t		strikes[QC_FACTORS];
	int16_t		marks;			/* factors that a freeze left one guess */
	int16_t		freezes;		/* remembered freezes, for escalation */
	int16_t		challenge_state;
	int16_t		challenge_digits;	/* how many; a policy may change meanwhile; a payer's: wrong
									 * codes for that payment */
	int16_t		previous_digits;
	int16_t		ticket_state;
	int16_t		ticket_wrong;
	int16_t		accept_settled;	/* the password after the acceptance was right */
	int16_t		accept_tier;	/* 'C' or 'D' */
	int16_t		request_verdict;
	int16_t		request_reason;
	int16_t		request_next;
	int16_t		request_tier;
	int16_t		request_tries;	/* -1: none was told */
	int16_t		seal_kid;		/* the master key of mac; a seal's stands in its log row */
} QcStrike;

typedef struct QcAttempt
{
	int64_t		at;				/* unix microseconds */
	int64_t		owner;
	int64_t		attempt_no;
	int64_t		moment;			/* the code's, 0 without one */
	uint32_t	actor;			/* oid of session_user */
	int32_t		gateway;
	uint8_t		seal[16];
	int16_t		kind;			/* QcEventKind */
	int16_t		factor;			/* QcFactor, -1 none */
	int16_t		verdict;		/* QcVerdict */
	int16_t		reason;			/* QcReason */
	int16_t		tier;			/* 'B', 'C', 'D' or 0 */
	int16_t		freeze_no;
	int16_t		generation;
	int16_t		kid;			/* the master key of the seal */
} QcAttempt;

/*
 * seal(n) = first 16 bytes of HMAC(audit key, seal(n-1) || u64 owner ||
 * u64 attempt number || all other columns in order), big-endian, at in unix
 * microseconds.  previous is seal(n-1).
 */
QcStatus	qc_seal_attempt(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
							const uint8_t previous[16], const QcAttempt *row,
							uint8_t seal[16]);

/* seal(0): the chain's start, first 16 bytes of HMAC(audit key, u64 owner). */
QcStatus	qc_seal_zero(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
						 int64_t owner, uint8_t seal[16]);

/* The MAC over every column of the strike row but mac, in order, big-endian. */
QcStatus	qc_strike_mac(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
						  const QcStrike *row, uint8_t mac[16]);

/* The MAC of an anchor: HMAC(audit key, "anchor" || u64 owner || u64 attempt number || seal). */
QcStatus	qc_anchor_mac(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
						  int64_t owner, int64_t attempt_no,
						  const uint8_t seal[16], uint8_t mac[16]);

/* The MAC of a release: HMAC(audit key, "release" || u64 id || u32 freeze number). */
QcStatus	qc_release_mac(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
						   int64_t credential_id, int32_t freeze_no,
						   uint8_t mac[16]);

#endif
