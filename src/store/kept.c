/*
 * kept.c
 *	  Copies of issuer, gateway and bucket rows.
 */
#include "postgres.h"

#include "store/kept.h"

#include "common/hashfn.h"
#include "store/relations.h"

/* A row's place follows from its key; another one with that place takes it. */
#define ISSUERS		16
#define GATEWAYS	128

typedef struct KeptIssuer
{
	uint64		state;			/* 0: none */
	QrIssuer	row;
} KeptIssuer;

typedef struct KeptGateway
{
	uint64		state;
	char		name[QR_REFERENCE_MAX + 1];
	QrGateway	row;
} KeptGateway;

static KeptIssuer issuers[ISSUERS];
static KeptGateway gateways[GATEWAYS];
static uint64 buckets_state;
static bool buckets[QR_BUCKETS];

/* Looks for news first: a copy is used only when there are none. */
static bool
is_good(uint64 state)
{
	return state != 0 && state == qr_store_state();
}

bool
qr_kept_issuer(int32 issuer_id, QrIssuer *issuer)
{
	KeptIssuer *kept = &issuers[(uint32) issuer_id % ISSUERS];

	if (kept->row.issuer_id != issuer_id || !is_good(kept->state))
		return false;
	*issuer = kept->row;
	return true;
}

void
qr_keep_issuer(const QrIssuer *issuer, uint64 state)
{
	KeptIssuer *kept = &issuers[(uint32) issuer->issuer_id % ISSUERS];

	if (!is_good(state))
		return;
	kept->state = state;
	kept->row = *issuer;
}

static KeptGateway *
place_of_gateway(const char *name, size_t len)
{
	return &gateways[hash_bytes((const unsigned char *) name, len) % GATEWAYS];
}

bool
qr_kept_gateway(const char *name, QrGateway *gateway)
{
	KeptGateway *kept = place_of_gateway(name, strlen(name));

	if (strcmp(kept->name, name) != 0 || !is_good(kept->state))
		return false;
	*gateway = kept->row;
	return true;
}

void
qr_keep_gateway(const char *name, const QrGateway *gateway, uint64 state)
{
	size_t		len = strlen(name);
	KeptGateway *kept = place_of_gateway(name, len);

	if (len >= sizeof(kept->name) || !is_good(state))
		return;
	kept->state = state;
	memcpy(kept->name, name, len + 1);
	kept->row = *gateway;
}

const bool *
qr_kept_buckets(void)
{
	return is_good(buckets_state) ? buckets : NULL;
}

void
qr_keep_buckets(const bool owned[QR_BUCKETS], uint64 state)
{
	if (!is_good(state))
		return;
	buckets_state = state;
	memcpy(buckets, owned, sizeof(buckets));
}
