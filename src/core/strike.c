/*
 * strike.c
 *	  Seals over the log and the strike row (3-architecture, "The log's seal").
 */
#include "strike.h"

#include <string.h>

#define SEAL_LEN	16

/* A growing big-endian message in a fixed array. */
typedef struct Pack
{
	uint8_t		bytes[512];
	size_t		len;
} Pack;

static void
put_bytes(Pack *p, const uint8_t *v, size_t n)
{
	memcpy(p->bytes + p->len, v, n);
	p->len += n;
}

static void
put64(Pack *p, int64_t v)
{
	qc_put_u64(p->bytes + p->len, (uint64_t) v);
	p->len += 8;
}

static void
put32(Pack *p, int64_t v)
{
	qc_put_u32(p->bytes + p->len, (uint32_t) v);
	p->len += 4;
}

static void
put16(Pack *p, int v)
{
	qc_put_u16(p->bytes + p->len, (uint16_t) v);
	p->len += 2;
}

static QcStatus
seal_pack(QcMac *m, const uint8_t key[QC_KEY_LEN], const Pack *p,
		  uint8_t out[SEAL_LEN])
{
	QcPart		part;

	part.data = p->bytes;
	part.len = p->len;
	return qc_hmac(m, QC_SHA256, key, QC_KEY_LEN, &part, 1, out, SEAL_LEN);
}

QcStatus
qc_seal_zero(QcMac *m, const uint8_t audit_key[QC_KEY_LEN], int64_t owner,
			 uint8_t seal[SEAL_LEN])
{
	Pack		p;

	p.len = 0;
	put64(&p, owner);
	return seal_pack(m, audit_key, &p, seal);
}

QcStatus
qc_seal_attempt(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
				const uint8_t previous[SEAL_LEN], const QcAttempt *row,
				uint8_t seal[SEAL_LEN])
{
	Pack		p;

	p.len = 0;
	put_bytes(&p, previous, SEAL_LEN);
	put64(&p, row->owner);
	put64(&p, row->attempt_no);
	put64(&p, row->at);
	put64(&p, row->moment);
	put32(&p, row->actor);
	put32(&p, row->gateway);
	put16(&p, row->kind);
	put16(&p, row->factor);
	put16(&p, row->verdict);
	put16(&p, row->reason);
	put16(&p, row->tier);
	put16(&p, row->freeze_no);
	put16(&p, row->generation);
	put16(&p, row->kid);
	return seal_pack(m, audit_key, &p, seal);
}

QcStatus
qc_strike_mac(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
			  const QcStrike *s, uint8_t mac[SEAL_LEN])
{
	Pack		p;
	int			i;

	p.len = 0;
	put64(&p, s->id);
	put64(&p, s->attempt_no);
	put64(&p, s->valid_until);
	put64(&p, s->frozen_until);
	put64(&p, s->frozen_at);
	put64(&p, s->challenge_no);
	put64(&p, s->challenge_until);
	put64(&p, s->accept_no);
	put64(&p, s->accept_at);
	put64(&p, s->step_rotating);
	put64(&p, s->step_biometric);
	put64(&p, s->step_renewal);
	put64(&p, s->request_no);
	put64(&p, s->request_at);
	put64(&p, s->ticket_used_at);
	put64(&p, s->window_at);
	put64(&p, s->window_count);
	put64(&p, s->window_logged_at);
	put_bytes(&p, s->digest, sizeof(s->digest));
	put_bytes(&p, s->nonce, sizeof(s->nonce));
	put_bytes(&p, s->text, sizeof(s->text));
	put_bytes(&p, s->previous_nonce, sizeof(s->previous_nonce));
	put_bytes(&p, s->previous_text, sizeof(s->previous_text));
	put_bytes(&p, s->request, sizeof(s->request));
	put_bytes(&p, s->wallet_nonce, sizeof(s->wallet_nonce));
	put_bytes(&p, s->seal, sizeof(s->seal));
	put32(&p, s->challenge_gateway);
	put32(&p, s->accept_gateway);
	put32(&p, s->ticket_serial);
	put32(&p, s->freeze_no);
	put32(&p, s->flags);
	put32(&p, s->issuer_id);
	put16(&p, s->generation);
	put16(&p, s->kid);
	for (i = 0; i < QC_FACTORS; i++)
		put16(&p, s->strikes[i]);
	put16(&p, s->marks);
	put16(&p, s->freezes);
	put16(&p, s->challenge_state);
	put16(&p, s->challenge_digits);
	put16(&p, s->previous_digits);
	put16(&p, s->ticket_state);
	put16(&p, s->ticket_wrong);
	put16(&p, s->accept_settled);
	put16(&p, s->accept_tier);
	put16(&p, s->request_verdict);
	put16(&p, s->request_reason);
	put16(&p, s->request_next);
	put16(&p, s->request_tier);
	put16(&p, s->request_tries);
	put16(&p, s->seal_kid);
	return seal_pack(m, audit_key, &p, mac);
}

QcStatus
qc_release_mac(QcMac *m, const uint8_t audit_key[QC_KEY_LEN],
			   int64_t credential_id, int32_t freeze_no, uint8_t mac[SEAL_LEN])
{
	Pack		p;

	p.len = 0;
	put_bytes(&p, (const uint8_t *) "release", 7);
	put64(&p, credential_id);
	put32(&p, freeze_no);
	return seal_pack(m, audit_key, &p, mac);
}

QcStatus
qc_anchor_mac(QcMac *m, const uint8_t audit_key[QC_KEY_LEN], int64_t owner,
			  int64_t attempt_no, const uint8_t seal[SEAL_LEN],
			  uint8_t mac[SEAL_LEN])
{
	Pack		p;

	p.len = 0;
	put_bytes(&p, (const uint8_t *) "anchor", 6);
	put64(&p, owner);
	put64(&p, attempt_no);
	put_bytes(&p, seal, SEAL_LEN);
	return seal_pack(m, audit_key, &p, mac);
}
