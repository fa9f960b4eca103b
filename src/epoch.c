/*
 * epoch.c
 *	  Anchors and epoch rows.
 */
#include "qrcred.h"

#include "catalog/pg_type.h"
#include "epoch.h"
#include "executor/spi.h"
#include "master.h"
#include "utils/uuid.h"

typedef struct Epoch
{
	int64		last_no;
	int64		moment;
	bool		is_row_right;
} Epoch;

static void
derive_epoch(void *arg, const QcStrike *seen, QcEvent *e)
{
	const Epoch *epoch = arg;

	e->kind = QC_EV_EPOCH;
	e->attempt_no = epoch->last_no;
	e->moment = epoch->moment;
	e->right = epoch->is_row_right;
}

/* The chain goes on from here: number and seal before the epoch row. */
static void
set_anchor(int64 owner, int64 attempt_no, const uint8 seal[16])
{
	Oid			types[] = {INT8OID, INT8OID, UUIDOID};
	pg_uuid_t	uuid;
	Datum		values[] = {Int64GetDatum(owner), Int64GetDatum(attempt_no), UUIDPGetDatum(&uuid)};

	memcpy(uuid.data, seal, sizeof(uuid.data));
	SPI_execute_with_args("INSERT INTO qrcred_store.anchor AS a (owner, attempt_no, seal, mac, kid)"
						  " SELECT $1, $2, $3, m.mac, m.kid FROM qrcred.anchor_mac($1, $2, $3) m"
						  " ON CONFLICT (owner) DO UPDATE SET attempt_no = excluded.attempt_no,"
						  " seal = excluded.seal, mac = excluded.mac, kid = excluded.kid",
						  3, types, values, NULL, false, 0);
}

void
qr_epoch(const QrStrikeRef *seen, int64 last_no, int64 moment, bool is_anchored,
		 bool is_row_right)
{
	Epoch		epoch = {last_no, moment, is_row_right};
	QrPublication p = {0};
	QcPolicy	none = {0};

	if (is_anchored && last_no > 0)
		set_anchor(seen->row.id, last_no, seen->row.seal);
	p.seen = *seen;
	p.policy = &none;
	p.audit_key = qr_audit_key;
	p.derive = derive_epoch;
	p.arg = &epoch;
	qr_publish(&p, qr_mac());
}
