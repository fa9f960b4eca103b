/*
 * test_strike.c
 *	  The seals over log row and strike row: recomputed from bytes packed here,
 *	  and that no column can change without its seal.
 */
#include "check.h"
#include "strike.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stddef.h>

static const uint8_t audit_key[QC_KEY_LEN] = {
	0x6b, 0x01, 0xfe, 0x10, 0x33, 0xc4, 0x99, 0x21, 0x00, 0x77, 0x5a, 0xb0,
	0x4d, 0x18, 0xe2, 0x90, 0x3c, 0x6f, 0x81, 0x2d, 0xd5, 0x48, 0x0b, 0xa7,
	0x62, 0xee, 0x14, 0x39, 0x8a, 0xc0, 0x5f, 0x71
};

/* A column: where it stands in the structure, and its size. */
typedef struct Column
{
	const char *name;
	size_t		offset;
	size_t		size;
} Column;

#define COLUMN(type, name) {#name, offsetof(type, name), sizeof(((type *) 0)->name)}
#define S(name) COLUMN(QcStrike, name)
#define A(name) COLUMN(QcAttempt, name)

/* Every column of a strike row but its MAC, in the table's order. */
static const Column strike_column[] = {
	S(id), S(attempt_no), S(valid_until), S(frozen_until), S(frozen_at),
	S(challenge_no), S(challenge_until), S(accept_no), S(accept_at),
	S(step_rotating), S(step_biometric), S(step_renewal), S(request_no),
	S(request_at), S(ticket_used_at), S(window_at), S(window_count),
	S(window_logged_at), S(digest), S(nonce), S(text), S(previous_nonce),
	S(previous_text), S(request), S(wallet_nonce), S(seal),
	S(challenge_gateway), S(accept_gateway), S(ticket_serial), S(freeze_no),
	S(flags), S(issuer_id), S(generation), S(kid), S(strikes), S(marks),
	S(freezes),
	S(challenge_state), S(challenge_digits), S(previous_digits),
	S(ticket_state), S(ticket_wrong), S(accept_settled), S(accept_tier),
	S(request_verdict), S(request_reason), S(request_next), S(request_tier),
	S(request_tries), S(seal_kid)
};

/* Every column of a log row but its seal, in the order in which it is sealed. */
static const Column attempt_column[] = {
	A(owner), A(attempt_no), A(at), A(moment), A(actor), A(gateway), A(kind),
	A(factor), A(verdict), A(reason), A(tier), A(freeze_no), A(generation),
	A(kid)
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static size_t
pack_integer(uint8_t *out, const uint8_t *value, size_t size)
{
	uint64_t	v;
	size_t		i;

	if (size == 8)
	{
		int64_t		n;

		memcpy(&n, value, size);
		v = (uint64_t) n;
	}
	else if (size == 4)
	{
		uint32_t	n;

		memcpy(&n, value, size);
		v = n;
	}
	else
	{
		uint16_t	n;

		memcpy(&n, value, size);
		v = n;
	}
	for (i = 0; i < size; i++)
		out[i] = (uint8_t) (v >> 8 * (size - 1 - i));
	return size;
}

/* The columns one after the other, integers big-endian. */
static size_t
pack(uint8_t *out, const void *row, const Column *column, size_t n)
{
	size_t		len = 0;
	size_t		i;
	int			f;

	for (i = 0; i < n; i++)
	{
		const uint8_t *value = (const uint8_t *) row + column[i].offset;

		if (strcmp(column[i].name, "strikes") == 0)
		{
			for (f = 0; f < QC_FACTORS; f++)
				len += pack_integer(out + len, value + 2 * f, 2);
		}
		else if (column[i].size >= 16)
		{
			memcpy(out + len, value, column[i].size);
			len += column[i].size;
		}
		else
			len += pack_integer(out + len, value, column[i].size);
	}
	return len;
}

/* libcrypto's own HMAC in one call, by no function of the core. */
static void
hmac16(const void *message, size_t len, uint8_t out[16])
{
	uint8_t		full[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	CHECK(HMAC(EVP_sha256(), audit_key, sizeof(audit_key), message, len, full, &n) != NULL &&
		  n == 32);
	memcpy(out, full, 16);
}

/* Bytes that differ everywhere, so that columns cannot change places unseen. */
static void
fill(void *row, size_t size, uint32_t seed)
{
	uint8_t    *p = row;
	size_t		i;

	for (i = 0; i < size; i++)
	{
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t) (seed >> 24);
	}
}

/* No column is left out of the lists above. */
static void
test_complete(void)
{
	size_t		sum = 0;
	size_t		i;

	for (i = 0; i < LENGTH(strike_column); i++)
	{
		size_t		at = strike_column[i].offset;

		/* the MAC stands behind the seal */
		CHECK_NOTE(at == sum + (at > offsetof(QcStrike, mac) ? 16 : 0),
				   strike_column[i].name);
		sum += strike_column[i].size;
	}
	CHECK(sum + 16 == offsetof(QcStrike, seal_kid) + 2);

	sum = 0;
	for (i = 0; i < LENGTH(attempt_column); i++)
		sum += attempt_column[i].size;
	CHECK(sum + 16 == offsetof(QcAttempt, kid) + 2);
}

static void
test_strike_mac(QcMac *m)
{
	uint8_t		message[1024];
	uint8_t		mac[16];
	uint8_t		must[16];
	QcStrike	row;
	uint32_t	seed;
	size_t		i;
	size_t		j;

	for (seed = 1; seed <= 50; seed++)
	{
		fill(&row, sizeof(row), seed);
		hmac16(message, pack(message, &row, strike_column, LENGTH(strike_column)), must);
		CHECK(qc_strike_mac(m, audit_key, &row, mac) == QC_OK);
		CHECK(memcmp(mac, must, 16) == 0);
	}

	for (i = 0; i < LENGTH(strike_column); i++)
	{
		uint8_t    *value = (uint8_t *) &row + strike_column[i].offset;

		for (j = 0; j < 8 * strike_column[i].size; j++)
		{
			value[j / 8] ^= (uint8_t) (1 << j % 8);
			CHECK_NOTE(qc_strike_mac(m, audit_key, &row, mac) == QC_OK &&
					   memcmp(mac, must, 16) != 0, strike_column[i].name);
			value[j / 8] ^= (uint8_t) (1 << j % 8);
		}
	}
	fill(row.mac, sizeof(row.mac), 99);
	CHECK(qc_strike_mac(m, audit_key, &row, mac) == QC_OK && memcmp(mac, must, 16) == 0);
}

static void
test_attempt_seal(QcMac *m)
{
	uint8_t		message[256];
	uint8_t		previous[16];
	uint8_t		seal[16];
	uint8_t		must[16];
	QcAttempt	row;
	uint32_t	seed;
	size_t		i;
	size_t		j;

	for (seed = 1; seed <= 50; seed++)
	{
		fill(&row, sizeof(row), seed);
		fill(previous, sizeof(previous), seed + 1000);
		memcpy(message, previous, 16);
		hmac16(message, 16 + pack(message + 16, &row, attempt_column, LENGTH(attempt_column)), must);
		CHECK(qc_seal_attempt(m, audit_key, previous, &row, seal) == QC_OK);
		CHECK(memcmp(seal, must, 16) == 0);
	}

	for (i = 0; i < LENGTH(attempt_column); i++)
	{
		uint8_t    *value = (uint8_t *) &row + attempt_column[i].offset;

		for (j = 0; j < 8 * attempt_column[i].size; j++)
		{
			value[j / 8] ^= (uint8_t) (1 << j % 8);
			CHECK_NOTE(qc_seal_attempt(m, audit_key, previous, &row, seal) == QC_OK &&
					   memcmp(seal, must, 16) != 0, attempt_column[i].name);
			value[j / 8] ^= (uint8_t) (1 << j % 8);
		}
	}
	for (j = 0; j < 8 * sizeof(previous); j++)
	{
		previous[j / 8] ^= (uint8_t) (1 << j % 8);
		CHECK(qc_seal_attempt(m, audit_key, previous, &row, seal) == QC_OK &&
			  memcmp(seal, must, 16) != 0);
		previous[j / 8] ^= (uint8_t) (1 << j % 8);
	}
	fill(row.seal, sizeof(row.seal), 99);
	CHECK(qc_seal_attempt(m, audit_key, previous, &row, seal) == QC_OK &&
		  memcmp(seal, must, 16) == 0);
}

/* One row written out byte by byte, negative numbers and all. */
static void
test_by_hand(QcMac *m)
{
	static const char by_hand[] =
		"000102030405060708090a0b0c0d0e0f"	/* previous seal */
		"fffffffffffffffd"			/* owner: gateway 3 */
		"0000000100000002"			/* attempt number */
		"00065d1f2e3d4c5b"			/* at */
		"00000000675a0c80"			/* moment */
		"80000001"					/* actor */
		"00000003"					/* gateway */
		"0004" "ffff" "0003" "0006" "0000"	/* typed, no factor, rejected, wrong, no tier */
		"7fff" "0002" "00ff";		/* freeze number, generation, kid */
	QcAttempt	row;
	uint8_t		previous[16];
	uint8_t		seal[16];
	uint8_t		must[16];
	uint8_t    *message;
	size_t		len;
	int			i;

	for (i = 0; i < 16; i++)
		previous[i] = (uint8_t) i;
	memset(&row, 0, sizeof(row));
	row.owner = -3;
	row.attempt_no = INT64_C(0x100000002);
	row.at = INT64_C(0x65d1f2e3d4c5b);
	row.moment = 0x675a0c80;
	row.actor = 0x80000001;
	row.gateway = 3;
	row.kind = 4;
	row.factor = QC_FACTOR_NONE;
	row.verdict = 3;
	row.reason = 6;
	row.freeze_no = 32767;
	row.generation = 2;
	row.kid = 255;
	message = unhex(by_hand, &len);
	hmac16(message, len, must);
	CHECK(qc_seal_attempt(m, audit_key, previous, &row, seal) == QC_OK);
	CHECK(memcmp(seal, must, 16) == 0);
	free(message);

	message = unhex("fffffffffffffffd", &len);
	hmac16(message, len, must);
	CHECK(qc_seal_zero(m, audit_key, -3, seal) == QC_OK);
	CHECK(memcmp(seal, must, 16) == 0);
	free(message);

	/* "release", the id, the freeze number */
	message = unhex("72656c65617365" "0123456789abcdef" "00000102", &len);
	hmac16(message, len, must);
	CHECK(qc_release_mac(m, audit_key, INT64_C(0x0123456789abcdef), 0x102, seal) == QC_OK);
	CHECK(memcmp(seal, must, 16) == 0);
	CHECK(qc_release_mac(m, audit_key, INT64_C(0x0123456789abcdef), 0x103, seal) == QC_OK &&
		  memcmp(seal, must, 16) != 0);
	CHECK(qc_release_mac(m, audit_key, INT64_C(0x0123456789abcdee), 0x102, seal) == QC_OK &&
		  memcmp(seal, must, 16) != 0);
	free(message);
}

/* Another key gives another seal, everywhere. */
static void
test_key(QcMac *m)
{
	static const uint8_t previous[16] = {8};
	uint8_t		key[QC_KEY_LEN];
	uint8_t		a[16];
	uint8_t		b[16];
	QcStrike	row;
	QcAttempt	log;
	size_t		i;

	memset(&row, 0, sizeof(row));
	memset(&log, 0, sizeof(log));
	memcpy(key, audit_key, sizeof(key));
	for (i = 0; i < sizeof(key); i++)
	{
		key[i] ^= 0x20;
		CHECK(qc_strike_mac(m, audit_key, &row, a) == QC_OK &&
			  qc_strike_mac(m, key, &row, b) == QC_OK && memcmp(a, b, 16) != 0);
		CHECK(qc_seal_attempt(m, audit_key, previous, &log, a) == QC_OK &&
			  qc_seal_attempt(m, key, previous, &log, b) == QC_OK && memcmp(a, b, 16) != 0);
		CHECK(qc_seal_zero(m, audit_key, 1, a) == QC_OK &&
			  qc_seal_zero(m, key, 1, b) == QC_OK && memcmp(a, b, 16) != 0);
		CHECK(qc_release_mac(m, audit_key, 1, 1, a) == QC_OK &&
			  qc_release_mac(m, key, 1, 1, b) == QC_OK && memcmp(a, b, 16) != 0);
		key[i] ^= 0x20;
	}
}

int
main(void)
{
	QcMac		m;

	CHECK(qc_mac_open(&m) == QC_OK);
	test_complete();
	test_strike_mac(&m);
	test_attempt_seal(&m);
	test_by_hand(&m);
	test_key(&m);
	qc_mac_close(&m);
	return finish();
}
