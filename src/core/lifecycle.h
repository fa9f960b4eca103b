/*
 * lifecycle.h
 *	  What an event does to a strike row: (state, event, time) -> (state',
 *	  verdict), as a pure function.
 *
 * Runs under a page lock: no allocation, no clock, no I/O, no failure.  The
 * guess is compared in here, in constant time, so that comparing and counting
 * cannot be parted.
 */
#ifndef QC_LIFECYCLE_H
#define QC_LIFECYCLE_H

#include "strike.h"

/* EU RTS 2018/389 art. 4(3)(b): five failures in a row at most, all factors together. */
#define QC_STRIKES_CEILING	5
#define QC_TICKET_ANSWERS	5	/* wrong answers that spend a ticket */
#define QC_RETRY_SECONDS	120 /* a repeated request gets its old verdict */
#define QC_PASSWORD_SECONDS 120
#define QC_COLLECTED_SECONDS 86400	/* how old a collected code may be */
#define QC_DOWNLOAD_SECONDS 600 /* the same wallet nonce may fetch again */
#define QC_FORGED_A_MINUTE	600 /* above it forged codes share a log row a second */
#define QC_GENERATION_MAX	255
#define QC_ALERT_SECONDS	3600	/* between two alerts about one gateway */
#define QC_LOGIN_WAIT_MAX	900 /* seconds that a login waits at most */
#define QC_PAYMENT_WRONG	3	/* wrong biometric codes that leave a payment */
#define QC_PACKAGES_A_DAY	3	/* a payer's packages for further devices */

/* The numbers stand in the log: add at the end, never renumber. */
typedef enum QcVerdict
{
	QC_NO_VERDICT = 0,
	QC_ACCEPTED = 1,
	QC_CHALLENGE = 2,
	QC_REJECTED = 3,
	QC_EXPIRED = 4,
	QC_FROZEN = 5,
	QC_ELSEWHERE = 6,
	QC_DONE = 7,				/* an act of staff or of the wallet took place */
	QC_VERDICTS
} QcVerdict;

typedef enum QcNext
{
	QC_NEXT_NONE = 0,
	QC_NEXT_SECOND_CODE = 1,
	QC_NEXT_PASSWORD = 2,
	QC_NEXT_RENEW = 3,
	QC_NEXT_STOP = 4,
	QC_NEXTS
} QcNext;

typedef enum QcReason
{
	QC_WHY_NONE = 0,
	QC_WHY_MALFORMED = 1,		/* no code of this protocol */
	QC_WHY_UNKNOWN = 2,			/* no such credential or ticket */
	QC_WHY_FORGED = 3,			/* the MAC of a first code is wrong */
	QC_WHY_STALE = 4,			/* another kid, generation or expiry than the credential's */
	QC_WHY_KIND = 5,			/* a kind of code that is not admitted here */
	QC_WHY_WRONG = 6,			/* a guess that counted */
	QC_WHY_REPLAYED = 7,		/* a step used before */
	QC_WHY_WINDOW = 8,			/* a step too old or in the future */
	QC_WHY_SUPERSEDED = 9,		/* right for the challenge just before */
	QC_WHY_NO_CHALLENGE = 10,	/* no challenge open at this gateway */
	QC_WHY_TEXT = 11,			/* another transaction text than scan 1's */
	QC_WHY_FROZEN = 12,
	QC_WHY_VOID = 13,
	QC_WHY_EXPIRED = 14,
	QC_WHY_CLOSED = 15,			/* the gateway is closed by hand */
	QC_WHY_SKEW = 16,			/* the wallet's clock is off by more than the policy says */
	QC_WHY_REGISTRATION = 17,	/* the registration data changed */
	QC_WHY_REPEATED = 18,		/* the same request again */
	QC_WHY_LIMIT = 19,			/* above the day's limit of the tier */
	QC_WHY_BUCKET = 20,			/* another shard's */
	QC_WHY_TICKET_USED = 21,
	QC_WHY_TICKET_EXPIRED = 22,
	QC_WHY_ANSWER = 23,			/* wrong activation answer */
	QC_WHY_NOT_LATEST = 24,		/* a password for something else than the latest acceptance */
	QC_WHY_FLOOD = 25,			/* one row for many forged codes; moment is the minute's count */
	QC_WHY_NO_PASSWORD = 26,	/* the customer has none */
	QC_WHY_WAIT = 27,			/* the login has to wait after a wrong guess */
	QC_WHY_UNBOUND = 28,		/* no biometric is bound in this generation */
	QC_WHY_TAKEN = 29,			/* the login name is somebody's already */
	QC_WHY_PAYMENT = 30,		/* no such payment of this login, or not in the state for it */
	QC_WHY_SESSION = 31,		/* no such session, ended, or another gateway's */
	QC_REASONS
} QcReason;

/* What happened; stands in the log as kind. */
typedef enum QcEventKind
{
	QC_EV_REFUSED = 0,			/* nothing that could be looked at: the gateway's row */
	QC_EV_STATIC = 1,			/* a first code whose MAC is right */
	QC_EV_ROTATING = 2,			/* a rotating code whose MAC is right */
	QC_EV_SECOND = 3,			/* a second code, compared here */
	QC_EV_TYPED = 4,			/* a typed second code, compared here */
	QC_EV_PASSWORD = 5,			/* an account password whose hash was compared */
	QC_EV_DOWNLOAD = 6,			/* a ticket, with its answer compared here */
	QC_EV_TICKET = 7,			/* a new ticket for the same generation */
	QC_EV_FREEZE = 8,			/* staff */
	QC_EV_VOID = 9,				/* staff */
	QC_EV_REGISTRATION = 10,	/* the registration data changed */
	QC_EV_RENEWAL = 11,			/* a renewal code whose MAC is right, or a retry of one */
	QC_EV_REISSUE = 12,			/* staff */
	QC_EV_CANCEL = 13,			/* staff ends the open ticket */
	QC_EV_EPOCH = 14,			/* the log goes on from the higher number; not right: the row was
								 * torn or changed, and freezes until staff releases it */
	QC_EV_COUNT = 15,			/* a failure that a legacy gateway noted in a table of its own */
	QC_EV_LOGIN = 16,			/* a login's password, whose hash was compared; a login's row */
	QC_EV_BIOMETRIC = 17,		/* a biometric code, compared here */
	QC_EV_VERIFICATION = 18,	/* a payment's verification code, compared here */
	QC_EV_BINDING = 19,			/* what was bound to a biometric ends */
	QC_EV_PACKAGE = 20,			/* a payer's package for a further device */
	QC_EVENT_KINDS
} QcEventKind;

/* What a relay is to tell the customer or staff; stands in the outbox as kind. */
typedef enum QcNotice
{
	QC_NOTICE_NONE = 0,			/* nothing came of a row made in case */
	QC_NOTICE_DOWNLOAD = 1,
	QC_NOTICE_FROZEN = 2,
	QC_NOTICE_RELEASED = 3,
	QC_NOTICE_VOIDED = 4,
	QC_NOTICE_WARNING = 5,		/* frozen, and the next freeze voids */
	QC_NOTICE_ALERT = 6,		/* a flood of forged codes at a gateway */
	QC_NOTICE_RENEWED = 7,
	QC_NOTICE_OPERATOR = 8,		/* customer service: many wrong answers by one operator */
	QC_NOTICE_RENEW = 9,		/* the wallet's keys hang on an old master key */
	QC_NOTICE_EXPIRING = 10,	/* maintain() queues it */
	QC_NOTICE_VERIFICATION = 11,	/* a payment's verification code */
	QC_NOTICE_DEVICE_CODE = 12, /* a verification code for a further device */
	QC_NOTICE_DEVICE = 13,		/* a further device has had the payer's package */
	QC_NOTICE_BOUND = 14,		/* a biometric was bound */
	QC_NOTICES
} QcNotice;

/* The part of an issuer's policy that decides; units in the names. */
typedef struct QcPolicy
{
	int			digits;
	int			challenge_seconds;
	int			strike_limit;
	int			freeze_seconds;
	int			freeze_cap_seconds;
	int			max_freezes;
	int			freeze_memory_days;
	int			wallet_skew_seconds;	/* -1: not enforced */
	bool		skew_ahead;
	bool		second_scan_required;
	bool		static_alone;
	bool		typed;
	bool		ask_password;
	int			renew_grace_days;
} QcPolicy;

typedef struct QcEvent
{
	QcEventKind kind;
	int32_t		gateway;
	int64_t		moment;			/* the code's: seconds or step, by kind */

	/*
	 * The guess and what it must be.  A first or rotating code was compared by
	 * the caller (128 bits of MAC), which says so in right.
	 */
	bool		right;
	uint8_t		guess[32];
	uint8_t		expected[32];
	uint8_t		expected_before[32];	/* for the challenge just before */
	int			guess_len;		/* 0: nothing to compare, taken as wrong */

	uint8_t		nonce[16];		/* for a challenge that this event may open */
	uint8_t		text[32];		/* SHA-256 of the transaction text given */
	uint8_t		request[16];	/* digest of the request; all zero: none */
	int32_t		released_freeze_no; /* a release is in force for it; 0: none */

	int64_t		seen_at;		/* unix seconds: collected then, judged now; 0: scanned now */
	bool		over_limit;		/* an acceptance would exceed the day's limit */

	int64_t		seconds;		/* FREEZE: for how long, 0 until released */
	int64_t		attempt_no;		/* PASSWORD: of the acceptance it follows; EPOCH: the log's last */
	int32_t		ticket_serial;	/* DOWNLOAD, TICKET */
	int16_t		generation;		/* DOWNLOAD: the ticket's */
	bool		ticket_expired;
	bool		unanswered;		/* DOWNLOAD: no answer where one is needed: not counted */
	bool		has_wallet_nonce;
	uint8_t		wallet_nonce[16];	/* RENEWAL: a digest of it and of the code */

	bool		taken;			/* DOWNLOAD: the login name is: the ticket is not used up */
	bool		late;			/* VERIFICATION, PACKAGE: the code is too old to be looked at */
	bool		unbound;		/* BIOMETRIC: there is nothing to compare with */
	uint8_t		payment[16];	/* BIOMETRIC: which payment's */

	uint8_t		new_digest[32]; /* RENEWAL, REISSUE, BINDING: what the next generation is made of */
	int64_t		new_valid_until;
	int16_t		new_kid;

	QcVerdict	refusal;		/* REFUSED: rejected or elsewhere */
	QcReason	why;			/* REFUSED */
	bool		forged;			/* REFUSED: counts in the gateway's minute */
	bool		has_log_row;	/* false: the caller reserved none, expecting quiet */
} QcEvent;

typedef struct QcOutcome
{
	QcVerdict	verdict;
	QcReason	reason;
	QcNext		next;
	int			tier;			/* 'B', 'C', 'D' or 0 */
	int			tries_left;		/* -1: not told */
	bool		repeated;
	bool		counted;		/* a strike */
	bool		quiet;			/* counted in the minute only: no log row, no number */
	QcNotice	notice;			/* for the outbox */
	int64_t		attempt_no;		/* the one to report; a repeat reports the first */
	int			factor;			/* QcFactor */
} QcOutcome;

/*
 * Applies the event to the row at the time now (unix microseconds, the wall
 * clock).  attempt_no is raised by one, except where the outcome is quiet; seal
 * and mac are the caller's.
 */
void		qc_lifecycle(QcStrike *s, const QcEvent *e, const QcPolicy *p,
						 int64_t now, QcOutcome *out);

/*
 * What the event would come to if its guess were wrong: whether a log row and
 * an outbox row have to be at hand.  Changes nothing.
 */
void		qc_foresee(const QcStrike *s, const QcEvent *e, const QcPolicy *p,
					   int64_t now, QcOutcome *out);

typedef enum QcState
{
	QC_STATE_WAITING,			/* issued, not downloaded */
	QC_STATE_OPEN,
	QC_STATE_FROZEN,
	QC_STATE_EXPIRED,
	QC_STATE_VOID
} QcState;

/* The credential's state at now; released_freeze_no as in QcEvent. */
QcState		qc_state(const QcStrike *s, int32_t released_freeze_no, int64_t now);

/* Whether a freeze is in force that a release of released_freeze_no does not lift. */
bool		qc_is_frozen(const QcStrike *s, int32_t released_freeze_no, int64_t now);

/* Sum of the strikes of all factors. */
int			qc_strike_sum(const QcStrike *s);

/* Words of the API and of history(); NULL outside the range. */
const char *qc_verdict_name(int verdict);
const char *qc_next_name(int next);
const char *qc_reason_name(int reason);
const char *qc_event_name(int kind);
const char *qc_notice_name(int notice);
const char *qc_state_name(QcState state);

#endif
