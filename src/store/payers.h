/*
 * payers.h
 *	  System B's ordinary rows as the verbs write and read them, through SQL:
 *	  logins, sessions, cards, biometric bindings.
 *
 * The caller has SPI connected and runs as the extension's owner.  What is
 * read is the latest, whatever snapshot the caller's transaction holds.
 */
#ifndef QR_PAYERS_H
#define QR_PAYERS_H

#include "postgres.h"

#include "core/mac.h"
#include "store/query.h"

/* Strike rows of logins and of unknown names' buckets. */
#define QR_LOGIN_OWNER(login_id)	(-((INT64CONST(1) << 32) + (login_id)))
#define QR_NOBODY_OWNER(n)			(-((INT64CONST(1) << 33) + (n)))
#define QR_NOBODIES					4096

#define QR_SESSION_IDLE_SECONDS		300 /* EU RTS 2018/389 art. 4(3)(d) */
#define QR_SESSION_SECONDS			1800

typedef struct QrLogin
{
	int32		login_id;
	int64		credential_id;
	int			kid;			/* of digest and sealed name */
	QrBytes		name;			/* sealed */
	uint8		digest[QC_SHA256_LEN];
	char	   *password_hash;
} QrLogin;

/* The kids under which logins are kept; answers an array of *count. */
extern int *qr_login_kids(int *count);

/* By the digest of the name under a kid. */
extern bool qr_login_find(int kid, const uint8 digest[QC_SHA256_LEN], QrLogin *login);
extern bool qr_login_of_credential(int64 credential_id, QrLogin *login);

/* The next login number, to which the seal is bound before the row is there. */
extern int32 qr_login_number(void);

/* With its strike row.  False when the name or the credential has a login. */
extern bool qr_login_insert(const QrLogin *login);
extern void qr_login_delete(int32 login_id);

/* Other name and password. False when the name is somebody else's. */
extern bool qr_login_update(const QrLogin *login);

/*
 * Counts a verification code that is sent to a further device; its number of
 * the day (UTC), or 0 when max were sent already.
 */
extern int	qr_login_count_sending(int32 login_id, int max);

typedef struct QrSessionRow
{
	uint8		sha256[QC_SHA256_LEN];
	int32		login_id;
	int64		credential_id;
	char	   *gateway;		/* its name */
	int			sending;		/* the last verification code for its device, 0 none */
	int			sent_seconds;	/* how long ago it was made */
} QrSessionRow;

extern void qr_session_insert(const uint8 sha256[QC_SHA256_LEN], int32 login_id,
							  int32 gateway_id);

/* False unless there is such a session and it has not ended. */
extern bool qr_session_row(const uint8 sha256[QC_SHA256_LEN], QrSessionRow *session);

/* Its use prolongs it; no wait where another transaction does so just now. */
extern void qr_session_touch(const uint8 sha256[QC_SHA256_LEN]);
extern void qr_session_delete(const uint8 sha256[QC_SHA256_LEN]);

/* Every session of the login but this one; NULL: all. */
extern void qr_sessions_delete(int32 login_id, const uint8 *but_sha256);

/* Notes another verification code for the session's device; its number. */
extern int	qr_session_count_sending(const uint8 sha256[QC_SHA256_LEN]);

typedef struct QrCard
{
	int64		credential_id;
	int			kid;
	QrBytes		card;			/* sealed */
	QrBytes		card_password;	/* sealed; length 0: none is kept */
} QrCard;

extern void qr_card_put(const QrCard *card);
extern bool qr_card_find(int64 credential_id, QrCard *card);
extern void qr_card_delete(int64 credential_id);

typedef struct QrBiometric
{
	int64		credential_id;
	int			generation;
	int			kid;			/* of the sealed key */
	QrBytes		salt;
	bool		is_bound;		/* else a binding is under way: no further fields */
	char	   *code;
	char	   *model;
	Datum		helper;			/* varbit */
	QrBytes		key;			/* sealed */
	QrBytes		bound_by;		/* SHA-256 of the session */
} QrBiometric;

extern bool qr_biometric_find(int64 credential_id, QrBiometric *biometric);
extern void qr_biometric_put(const QrBiometric *biometric);
extern void qr_biometric_delete(int64 credential_id);

#endif
